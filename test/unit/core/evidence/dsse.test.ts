import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import * as crypto from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import {
  MAX_ENVELOPE_BYTES,
  parseEnvelope,
  preAuthEncoding,
  serializeEnvelope,
  signEnvelope,
  type Envelope,
} from '../../../../src/core/evidence/dsse.ts';
import { PAYLOAD_TYPE } from '../../../../src/core/evidence/predicates.ts';
import { ed25519Signer } from '../../../../src/core/evidence/signer.ts';
import {
  ed25519PublicKey,
  fingerprint,
  parseSshPublicKey,
  verifySignature,
} from '../../../../src/core/evidence/sshKey.ts';
import { skipWithout, vectorsFolder } from '../../../support/vectors.ts';
import { bytesOf, failure, missing, textOf } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsse-'));
after(() => rmSync(folder, { recursive: true }));

const signer = ed25519Signer(new Uint8Array(32).fill(1));
const payload = bytesOf('{"hello":"wörld"}');

/** Whether any signature is valid, by the key that the envelope carries. */
function verifies({ payloadType, payload, signatures }: Envelope): boolean {
  return signatures.some(
    ({ sig, publicKey }) =>
      publicKey !== undefined &&
      verifySignature(parseSshPublicKey(publicKey), sig, preAuthEncoding(payloadType, payload)) === 'valid',
  );
}

interface DsseVectors {
  readonly cases: readonly {
    readonly payloadType: string;
    readonly payloadUtf8: string;
    readonly pae: string;
    readonly key: { readonly x_dec: string; readonly y_dec: string };
    readonly envelope: unknown;
  }[];
}

const dsse = vectorsFolder('dsse', 'vectors.json');
test('the vector of the DSSE specification', skipWithout(dsse), () => {
  const { cases } = JSON.parse(readFileSync(dsse, 'utf8')) as DsseVectors;
  assert.ok(cases.length > 0);
  for (const { payloadType, payloadUtf8, pae, key, envelope } of cases) {
    assert.equal(textOf(preAuthEncoding(payloadType, bytesOf(payloadUtf8))), pae);
    const parsed = parseEnvelope(bytesOf(JSON.stringify(envelope)));
    assert.equal(textOf(parsed.payload), payloadUtf8);
    const coordinate = (decimal: string) =>
      Buffer.from(BigInt(decimal).toString(16).padStart(64, '0'), 'hex').toString('base64url');
    const publicKey = crypto.createPublicKey({
      format: 'jwk',
      key: { kty: 'EC', crv: 'P-256', x: coordinate(key.x_dec), y: coordinate(key.y_dec) },
    });
    const message = preAuthEncoding(parsed.payloadType, parsed.payload);
    const { sig } = parsed.signatures[0]!;
    assert.ok(crypto.verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, sig));
  }
});

test('the encoding counts bytes, not characters', () => {
  assert.equal(textOf(preAuthEncoding('té', bytesOf('pâté'))), 'DSSEv1 3 té 6 pâté');
  assert.equal(textOf(preAuthEncoding('', new Uint8Array())), 'DSSEv1 0  0 ');
});

const skipOpenssl = missing('openssl');
test('openssl verifies our signature over the PAE', { skip: skipOpenssl }, async () => {
  const { signatures } = await signEnvelope(payload, PAYLOAD_TYPE, signer);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), signer.publicKey.ed25519!]);
  writeFileSync(join(folder, 'public.der'), spki);
  writeFileSync(join(folder, 'pae'), preAuthEncoding(PAYLOAD_TYPE, payload));
  const verify = (sig: Uint8Array) => {
    writeFileSync(join(folder, 'sig'), sig);
    const args = 'pkeyutl -verify -rawin -pubin -keyform DER -inkey public.der -in pae -sigfile sig'.split(
      ' ',
    );
    return spawnSync('openssl', args, { cwd: folder }).status;
  };
  const sig = signatures[0]!.sig;
  assert.equal(verify(sig), 0);
  assert.notEqual(verify(sig.map((byte, index) => (index === 0 ? byte ^ 1 : byte))), 0);
});

test('we verify what openssl signs', { skip: skipOpenssl }, () => {
  const openssl = (args: string) => execFileSync('openssl', args.split(' '), { cwd: folder });
  openssl('genpkey -algorithm ed25519 -out key.pem');
  const der = openssl('pkey -in key.pem -pubout -outform DER');
  writeFileSync(join(folder, 'message'), preAuthEncoding(PAYLOAD_TYPE, payload));
  openssl('pkeyutl -sign -rawin -inkey key.pem -in message -out message.sig');
  const sig = readFileSync(join(folder, 'message.sig'));
  const key = ed25519PublicKey(new Uint8Array(der.subarray(-32)));
  assert.equal(verifySignature(key, sig, preAuthEncoding(PAYLOAD_TYPE, payload)), 'valid');
  assert.equal(verifySignature(key, sig, preAuthEncoding('text/plain', payload)), 'invalid');
});

test('an envelope survives being written and read', async () => {
  const envelope = await signEnvelope(payload, PAYLOAD_TYPE, signer);
  const line = serializeEnvelope(envelope);
  assert.ok(!line.includes(0x0a));
  const read = parseEnvelope(line);
  assert.deepEqual(read, envelope);
  assert.equal(read.signatures[0]!.keyid, signer.keyId);
  assert.ok(verifies(read));
});

test('a public key that is not the one of keyid is ignored', async () => {
  const other = ed25519Signer(new Uint8Array(32).fill(2));
  const { signatures } = await signEnvelope(payload, PAYLOAD_TYPE, other);
  const forged = {
    payload,
    payloadType: PAYLOAD_TYPE,
    signatures: [{ ...signatures[0]!, keyid: signer.keyId }],
  };
  const read = parseEnvelope(serializeEnvelope(forged));
  assert.equal(read.signatures[0]!.publicKey, undefined);
  for (const publicKey of ['', 'ssh-ed25519', 'x'.repeat(100_000), 5, null]) {
    const text = JSON.stringify({
      payload: '',
      payloadType: 'x',
      signatures: [{ sig: 'AAAA', keyid: signer.keyId, publicKey }],
    });
    assert.equal(parseEnvelope(bytesOf(text)).signatures[0]!.publicKey, undefined);
  }
});

test('unknown members are ignored, and a missing keyid is empty', () => {
  const text = '{"payload":"_-8=","payloadType":"x","signatures":[{"sig":"AAAA","cert":{}}],"more":[1]}';
  assert.deepEqual(parseEnvelope(bytesOf(text)), {
    payload: new Uint8Array([0xff, 0xef]),
    payloadType: 'x',
    signatures: [{ keyid: '', sig: new Uint8Array(3) }],
  });
});

const SIGNATURE = '{"keyid":"k","sig":"AAAA"}';
const INVALID: readonly [json: string, words: RegExp][] = [
  ['', /strict JSON/],
  ['{', /it is cut off at byte 1\./],
  ['[]', /not a JSON object/],
  ['null', /not a JSON object/],
  [`{"payload":"","payload":"","payloadType":"x","signatures":[${SIGNATURE}]}`, /duplicate-key/],
  [`{"payload":"","signatures":[${SIGNATURE}]}`, /"payloadType"/],
  [`{"payload":"","payloadType":"","signatures":[${SIGNATURE}]}`, /"payloadType"/],
  [`{"payload":"","payloadType":"${'x'.repeat(1025)}","signatures":[${SIGNATURE}]}`, /"payloadType"/],
  [`{"payloadType":"x","signatures":[${SIGNATURE}]}`, /"payload"/],
  [`{"payload":"QQ","payloadType":"x","signatures":[${SIGNATURE}]}`, /"payload"/],
  [`{"payload":1,"payloadType":"x","signatures":[${SIGNATURE}]}`, /"payload"/],
  ['{"payload":"","payloadType":"x"}', /must be an array/],
  ['{"payload":"","payloadType":"x","signatures":{"0":1,"length":1}}', /must be an array/],
  ['{"payload":"","payloadType":"x","signatures":[]}', /1 to 64 entries, not 0/],
  [`{"payload":"","payloadType":"x","signatures":[${Array(65).fill(SIGNATURE).join()}]}`, /not 65/],
  ['{"payload":"","payloadType":"x","signatures":[null]}', /signature 0 is not a JSON object/],
  ['{"payload":"","payloadType":"x","signatures":[{"keyid":"k"}]}', /"sig"/],
  ['{"payload":"","payloadType":"x","signatures":[{"keyid":"k","sig":""}]}', /"sig"/],
  ['{"payload":"","payloadType":"x","signatures":[{"keyid":7,"sig":"AAAA"}]}', /"keyid"/],
  ['{"__proto__":{"payload":"","payloadType":"x","signatures":[]}}', /"payloadType"/],
];
for (const [json, words] of INVALID) {
  test(`no envelope: ${json.slice(0, 80)}`, () => {
    assert.throws(() => parseEnvelope(bytesOf(json)), failure('invalid-envelope', words));
  });
}

test('envelopes that are too long are neither read nor written', () => {
  assert.throws(
    () => parseEnvelope(new Uint8Array(MAX_ENVELOPE_BYTES + 1)),
    failure('too-large', /67108865/),
  );
  const long = { payload: new Uint8Array(MAX_ENVELOPE_BYTES), payloadType: 'x', signatures: [] };
  assert.throws(() => serializeEnvelope(long), failure('too-large'));
});

test('a signer whose signature does not verify is found out', async () => {
  const faulty = { ...signer, sign: () => Promise.resolve(new Uint8Array(64)) };
  await assert.rejects(signEnvelope(payload, PAYLOAD_TYPE, faulty), failure('invalid-key', /SHA256:/));
  const misnamed = { ...signer, keyId: fingerprint(ed25519PublicKey(new Uint8Array(32))) };
  await assert.rejects(signEnvelope(payload, PAYLOAD_TYPE, misnamed), failure('invalid-key'));
});

test('changed envelopes never crash the parser, and a changed payload, type or signature never verifies', async () => {
  const envelope = await signEnvelope(payload, PAYLOAD_TYPE, signer);
  const line = serializeEnvelope(envelope);
  const change = fc.record({
    at: fc.nat(line.length - 1),
    remove: fc.nat(3),
    insert: fc.uint8Array({ maxLength: 3 }),
  });
  let parsed = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
      let bytes: Uint8Array = line;
      for (const { at, remove, insert } of changes) {
        bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
      }
      let read: Envelope;
      try {
        read = parseEnvelope(bytes);
      } catch (error) {
        failure('invalid-envelope')(error);
        return;
      }
      parsed++;
      const same =
        Buffer.compare(read.payload, payload) === 0 &&
        read.payloadType === PAYLOAD_TYPE &&
        Buffer.compare(read.signatures[0]!.sig, envelope.signatures[0]!.sig) === 0;
      if (verifies(read)) assert.ok(same);
    }),
    { numRuns: 2000 },
  );
  assert.ok(parsed > 20, `${parsed} of the changed envelopes parse`);
});

test('each byte of payload and signature counts', async () => {
  const envelope = await signEnvelope(payload, PAYLOAD_TYPE, signer);
  for (let index = 0; index < payload.length; index++) {
    const changed = payload.map((byte, at) => (at === index ? byte ^ 0x20 : byte));
    assert.equal(verifies({ ...envelope, payload: changed }), false, `byte ${index}`);
  }
  assert.equal(verifies({ ...envelope, payloadType: `${PAYLOAD_TYPE} ` }), false);
});
