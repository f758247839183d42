import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { preAuthEncoding, serializeEnvelope, type Envelope } from '../../../../src/core/evidence/dsse.ts';
import { ed25519Signer, type Signer } from '../../../../src/core/evidence/signer.ts';
import {
  fingerprint,
  formatSshPublicKey,
  parseSshPublicKey,
  readSshKeyBlob,
  unsupportedInEnvelopes,
  type SshPublicKey,
} from '../../../../src/core/evidence/sshKey.ts';
import { ed25519SshSignature } from '../../../../src/core/evidence/sshSignature.ts';
import { joinBytes, wireString, wireUint32 } from '../../../../src/core/evidence/sshWire.ts';
import { PAYLOAD_TYPE } from '../../../../src/core/evidence/predicates.ts';
import { reviewStatement, statementBytes } from '../../../../src/core/evidence/statement.ts';
import {
  findSigner,
  formatAllowedSigner,
  NAMESPACE,
  parseAllowedSigners,
} from '../../../../src/core/trust/allowedSigners.ts';
import { ScopeLoader } from '../../../../src/core/trust/scope.ts';
import { certificateRefusal, readSshCertificate } from '../../../../src/core/trust/sshCertificate.ts';
import { whyNamedIsNotTrusted } from '../../../../src/core/trust/whyNotTrusted.ts';
import { MemoryFiles } from '../../../support/memoryFiles.ts';
import { bytesOf, failure } from '../evidence/support.ts';
import { sshKeyOf } from './opensslKeys.ts';

const ANNA = ed25519Signer(new Uint8Array(32).fill(1));
const CA = ed25519Signer(new Uint8Array(32).fill(2));
const TYPE = 'ssh-ed25519-cert-v01@openssh.com';
const TIME = Date.UTC(2026, 0, 31);

interface Parts {
  readonly principals?: readonly string[];
  readonly role?: number;
  readonly validAfter?: number;
  readonly validBefore?: number;
  readonly criticalOptions?: Uint8Array;
  readonly authority?: Signer;
  readonly signer?: Signer;
}

function uint64(seconds: number): Uint8Array {
  return joinBytes(wireUint32(Math.floor(seconds / 2 ** 32)), wireUint32(seconds));
}

/** A certificate of Anna's key (PROTOCOL.certkeys). */
async function certificate(parts: Parts = {}): Promise<Uint8Array> {
  const { principals = ['anna'], role = 1, authority = CA } = parts;
  const signed = joinBytes(
    wireString(TYPE),
    wireString('nonce'),
    wireString(ANNA.publicKey.ed25519!),
    uint64(1),
    wireUint32(role),
    wireString('key id'),
    wireString(joinBytes(...principals.map(wireString))),
    uint64(parts.validAfter ?? 0),
    uint64(parts.validBefore ?? 2 ** 52),
    wireString(parts.criticalOptions ?? ''),
    wireString(''),
    wireString(''),
    wireString(authority.publicKey.blob),
  );
  const signature = await (parts.signer ?? authority).sign(signed);
  return joinBytes(signed, wireString(ed25519SshSignature(signature)));
}

async function certified(parts: Parts = {}): Promise<SshPublicKey> {
  const key = readSshKeyBlob(await certificate(parts));
  assert.ok(key, 'no key');
  return key;
}

test('a certificate has the fingerprint of its key, and says what it says', async () => {
  const key = await certified({ principals: ['anna', 'anna@example.org'], validAfter: 5, validBefore: 7 });
  assert.equal(fingerprint(key), ANNA.keyId);
  assert.deepEqual(parseSshPublicKey(formatSshPublicKey(key)), key);
  assert.deepEqual(readSshCertificate(key), {
    key: ANNA.publicKey,
    authority: CA.publicKey,
    serial: 1n,
    role: 'user',
    principals: ['anna', 'anna@example.org'],
    validAfter: 5n,
    validBefore: 7n,
    criticalOptions: [],
  });
});

test('what does not allow to sign data is named', async () => {
  const option = joinBytes(wireString('force-command'), wireString('x'));
  const cases: readonly [Parts, RegExp][] = [
    [{ role: 2 }, /for a host/],
    [{ principals: [] }, /no principals/],
    [{ criticalOptions: option }, /critical option "force-command"/],
  ];
  for (const [parts, words] of cases) {
    const refusal = certificateRefusal(readSshCertificate(await certified(parts)));
    failure('invalid-certificate', words)(refusal);
  }
  assert.equal(certificateRefusal(readSshCertificate(await certified())), undefined);
});

test('only the authority can have signed it', async () => {
  const forged = await certified({ signer: ANNA });
  assert.throws(
    () => readSshCertificate(forged),
    failure('invalid-certificate', /signature of its authority/),
  );
  const { entries } = parseAllowedSigners(`anna cert-authority ${formatSshPublicKey(CA.publicKey)}`, 'f');
  assert.equal(findSigner(entries, forged, TIME).standing, 'untrusted');
  assert.equal(findSigner(entries, await certified(), TIME).standing, 'trusted');
});

test('bad ones are refused: another role, a certificate as authority, a key that is none', async () => {
  const role = await certified({ role: 3 });
  assert.throws(() => readSshCertificate(role), failure('invalid-certificate', /cut short/));
  const authority = { ...CA, publicKey: await certified() };
  const nested = await certified({ authority });
  assert.throws(() => readSshCertificate(nested), failure('invalid-certificate'));
  assert.throws(() => readSshCertificate(ANNA.publicKey), failure('invalid-certificate'));
});

test('changed bytes never make another certificate that is valid', async () => {
  const blob = await certificate();
  const { entries } = parseAllowedSigners(`* cert-authority ${formatSshPublicKey(CA.publicKey)}`, 'f');
  const change = fc.record({
    at: fc.nat(blob.length - 1),
    byte: fc.nat(255),
    kind: fc.constantFrom('set', 'remove', 'insert', 'cut', 'length'),
  });
  let read = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      let bytes = [...blob];
      for (const { at, byte, kind } of changes) {
        if (kind === 'set') bytes[at] = byte;
        else if (kind === 'remove') bytes.splice(at, 1);
        else if (kind === 'insert') bytes.splice(at, 0, byte);
        else if (kind === 'cut') bytes = bytes.slice(0, at);
        else bytes.splice(at, 4, 0xff, 0xff, 0xff, byte);
      }
      if (Buffer.from(bytes).equals(blob)) return;
      const key = readSshKeyBlob(Uint8Array.from(bytes));
      if (!key) return;
      read++;
      assert.notEqual(findSigner(entries, key, TIME).standing, 'trusted');
    }),
    { numRuns: 500 },
  );
  assert.notEqual(read, 0);
});

describe('findSigner with certificates', () => {
  const authority = (options = '') =>
    `*@example.org cert-authority${options} ${formatSshPublicKey(CA.publicKey)}\n`;
  const find = async (file: string, parts: Parts, time = TIME) =>
    findSigner(parseAllowedSigners(file, 'f').entries, await certified(parts), time);
  const anna = { principals: ['anna@example.com', 'anna@example.org', 'a@example.org'] };

  test('the names that the line trusts its authority for are shown', async () => {
    const found = await find(authority(), anna);
    assert.equal(found.standing, 'trusted');
    assert.equal('principal' in found && found.principal, 'anna@example.org,a@example.org');
  });

  test('a name with a comma does not pass for two', async () => {
    const found = await find(authority(), { principals: ['root,anna@example.org'] });
    assert.equal(found.standing, 'untrusted');
  });

  test('out of its time it is expired', async () => {
    const second = TIME / 1000;
    for (const [parts, standing] of [
      [{ validAfter: second, validBefore: second + 1 }, 'trusted'],
      [{ validAfter: second - 1, validBefore: second }, 'expired'],
      [{ validAfter: second + 1 }, 'expired'],
    ] as const) {
      assert.equal((await find(authority(), { ...anna, ...parts })).standing, standing);
    }
    assert.equal((await find(authority(',valid-before="20200101Z"'), anna)).standing, 'expired');
  });

  test('at a time that is none it does not count', async () => {
    assert.equal((await find(authority(), anna, Number.NaN)).standing, 'expired');
  });

  test('when it was valid is said', async () => {
    const why = async (parts: Parts, options = '') =>
      whyNamedIsNotTrusted(
        {
          keyId: ANNA.keyId,
          publicKey: formatSshPublicKey(await certified({ ...anna, ...parts })),
          time: '2026-01-31T00:00:00Z',
        },
        parseAllowedSigners(authority(options), 'f').entries,
      );
    const early = { validAfter: TIME / 1000 + 1, validBefore: 2 ** 60 };
    failure(
      'invalid-certificate',
      /not valid before 2026-01-31T00:00:01Z, and it signed at 2026-01-31T00:00:00Z/,
    )(await why(early));
    failure(
      'invalid-certificate',
      /was valid until 2026-01-30T23:59:59Z.*Get another one/,
    )(await why({ validBefore: TIME / 1000 - 1 }));
    failure(
      'invalid-signature',
      /^f, line 1: the key .* of anna@example\.org,a@example\.org was not valid/,
    )(await why({}, ',valid-before="20200101Z"'));
    failure(
      'invalid-signature',
      /^f, line 1: .* not trusted in the namespace/,
    )(await why({}, ',namespaces="git"'));
    assert.equal(await why({}), undefined);
  });

  test('why a key does not count that lines name', () => {
    const why = (file: string) =>
      whyNamedIsNotTrusted({ keyId: ANNA.keyId }, parseAllowedSigners(file, 'f').entries);
    const line = formatSshPublicKey(ANNA.publicKey);
    assert.equal(why(''), undefined);
    assert.equal(why(`anna ${line}`), undefined);
    failure(
      'invalid-signature',
      /^f, line 2: .*to sign certificates, not data/,
    )(why(`\nanna cert-authority ${line}`));
    failure('invalid-signature', /^f, line 1: .*add it there/)(why(`anna namespaces="git" ${line}`));
    failure(
      'invalid-signature',
      /^f, line 1: .*sign again with a valid one/,
    )(why(`anna valid-before="20200101Z" ${line}`));
  });

  test('who trusts the signer, trusts the key and not this one certificate', async () => {
    const line = formatAllowedSigner({ principal: 'anna', key: await certified(), namespaces: NAMESPACE });
    assert.equal(line, `anna namespaces="${NAMESPACE}" ${formatSshPublicKey(ANNA.publicKey)}`);
  });

  test('why it does not count is one sentence', async () => {
    const found = await find(authority(), { principals: ['boris'] });
    assert.equal(found.standing === 'untrusted' && found.why, 'certificate');
    failure('invalid-certificate', /f, line 1/)('refusal' in found && found.refusal);
    const other = await find(authority(',namespaces="git"'), anna);
    assert.equal(other.standing === 'untrusted' && other.why, 'namespace');
  });
});

describe('envelopes of other keys', () => {
  const review = statementBytes(
    reviewStatement([{ name: 'train.jsonl#1', sha256: '0'.repeat(64) }], {
      verdict: 'flagged',
      category: 'poisoning',
      severity: 'high',
      reason: 'test',
      timeCreated: new Date(TIME).toISOString().replace('.000', ''),
    }),
  );
  const message = preAuthEncoding(PAYLOAD_TYPE, review);

  async function graded(key: SshPublicKey, sig: Uint8Array, trust: string) {
    const envelope: Envelope = {
      payload: review,
      payloadType: PAYLOAD_TYPE,
      signatures: [{ keyid: fingerprint(key), sig, publicKey: formatSshPublicKey(key) }],
    };
    const files = new MemoryFiles();
    await files.write(
      '/w/.provenance/train.jsonl.intoto.jsonl',
      joinBytes(serializeEnvelope(envelope), bytesOf('\n')),
    );
    const { statements, problems } = await new ScopeLoader(files).loadStatements({
      dataset: '/w/train.jsonl',
      bundles: [],
      advisories: [],
      signers: parseAllowedSigners(trust, 'f').entries,
    });
    assert.equal(statements.length, 1);
    const { standing, principal } = statements[0]!;
    const shown = principal === undefined ? standing : `${standing}: ${principal}`;
    return [shown, ...problems.map(({ error }) => error.code)].join(', ');
  }

  test('a certificate is trusted through its authority', async () => {
    const key = await certified();
    const sig = await ANNA.sign(message);
    const authority = `a* cert-authority ${formatSshPublicKey(CA.publicKey)}`;
    assert.equal(await graded(key, sig, authority), 'trusted: anna');
    assert.equal(await graded(key, sig, ''), 'untrusted');
    assert.equal(await graded(ANNA.publicKey, sig, authority), 'untrusted');
    assert.equal(await graded(key, await CA.sign(message), authority), 'invalid, invalid-envelope');
    assert.equal(await graded(await certified({ validBefore: 1 }), sig, authority), 'expired: anna');
    assert.equal(await graded(await certified({ signer: ANNA }), sig, authority), 'untrusted');
    const ofHost = await certified({ role: 2 });
    assert.equal(await graded(ofHost, sig, authority), 'untrusted, invalid-certificate');
    assert.equal(await graded(ofHost, sig, ''), 'untrusted');
  });

  test('a certificate makes no less of a key that is trusted', async () => {
    const key = await certified({ validBefore: 1 });
    const sig = await ANNA.sign(message);
    assert.equal(await graded(key, sig, `Anna ${formatSshPublicKey(ANNA.publicKey)}`), 'trusted: Anna');
  });

  const KEYS: readonly [name: string, pair: { publicKey: KeyObject; privateKey: KeyObject }][] = [
    ['ECDSA', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 3072 })],
  ];
  for (const [name, { publicKey, privateKey }] of KEYS) {
    test(`${name} signatures as openssl makes them`, async () => {
      const key = sshKeyOf(publicKey);
      const trust = `otto ${formatSshPublicKey(key)}`;
      const sig = sign('sha256', message, privateKey);
      assert.equal(await graded(key, sig, trust), 'trusted: otto');
      assert.equal(await graded(key, sig, ''), 'untrusted');
      assert.equal(
        await graded(key, sign('sha256', bytesOf('another'), privateKey), trust),
        'invalid, invalid-envelope',
      );
      if (name !== 'RSA') return;
      const pss = sign('sha512', message, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING });
      assert.equal(await graded(key, pss, trust), 'trusted: otto');
    });
  }

  test('keys in FIDO devices cannot be verified, and are named', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const key = sshKeyOf(publicKey, 'ssh:');
    const sig = sign(null, message, privateKey);
    assert.equal(await graded(key, sig, `otto ${formatSshPublicKey(key)}`), 'unverifiable, unsupported-key');
    failure(
      'unsupported-key',
      /in a FIDO device \(sk-ssh-ed25519@openssh\.com\).*sign with an Ed25519 key/,
    )(unsupportedInEnvelopes(key));
  });

  test('weak RSA keys cannot be verified, whoever trusts them', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = sshKeyOf(publicKey);
    const sig = sign('sha256', message, privateKey);
    assert.equal(await graded(key, sig, `otto ${formatSshPublicKey(key)}`), 'unverifiable, unsupported-key');
  });
});
