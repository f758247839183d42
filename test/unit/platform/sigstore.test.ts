import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { toHex } from '../../../src/core/bytes/hex.ts';
import { CANONICALIZATION } from '../../../src/core/evidence/predicates.ts';
import { reviewStatement, sampleStatement, statementBytes } from '../../../src/core/evidence/statement.ts';
import {
  formatAllowedSigner,
  parseAllowedSigners,
  type AllowedSigner,
} from '../../../src/core/trust/allowedSigners.ts';
import { assess } from '../../../src/core/trust/assess.ts';
import { parseSigstoreIdentities } from '../../../src/core/trust/sigstoreIdentities.ts';
import { ScopeLoader, type Scope } from '../../../src/core/trust/scope.ts';
import { statusOf } from '../../../src/core/trust/status.ts';
import { sigstoreReader } from '../../../src/platform/sigstoreFiles.node.ts';
import { digest, signer, World } from '../../support/judged.ts';
import { ALICE, modelStatement, SigstoreInstance } from '../../support/sigstoreInstance.ts';

const DATASET = '/w/data/train.jsonl';
const ROOT = '/config/trusted_root.json';
const TEXT = '{"text":"one"}\n{"text":"two"}\n';
const OTHER = '{"text":"one"}\n{"text":"tvvo"}\n';
const TRUSTS_ALICE = 'alice https://accounts.example.com alice@example.org';

let sigstore: SigstoreInstance;
before(async () => {
  sigstore = await SigstoreInstance.create();
});

/** A dataset with files around it, and what the user trusts. */
class Beside {
  readonly world = new World(DATASET);
  private readonly loader = new ScopeLoader(
    this.world.files,
    undefined,
    undefined,
    undefined,
    sigstoreReader(this.world.files),
  );
  private identities = TRUSTS_ALICE;

  constructor(root: unknown = sigstore.trustedRoot()) {
    if (root !== undefined) this.put(ROOT, root);
  }

  put(path: string, content: unknown): this {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    // It is done before it returns.
    void this.world.files.write(path, new TextEncoder().encode(text));
    return this;
  }

  trusting(identities: string): this {
    this.identities = identities;
    return this;
  }

  async scope(signers: readonly AllowedSigner[] = []): Promise<Scope> {
    const trust = {
      trustedRoot: ROOT,
      identities: parseSigstoreIdentities(this.identities, 'identities').entries,
    };
    return await this.loader.load({
      dataset: DATASET,
      bundles: [],
      advisories: [],
      signers,
      sigstore: trust,
    });
  }

  /** "intact: verified verified", and what is wrong. */
  async picture(text: string): Promise<string> {
    const scope = await this.scope();
    const samples = digest(text);
    const { verdict, statuses } = assess({ ...scope, rows: samples, sha256: samples.sha256 });
    const problems = scope.problems.map(({ error }) => `\n${error.code}: ${error.message}`);
    return `${verdict}: ${[...statuses].map(statusOf).join(' ')}${problems.join('')}`;
  }
}

describe('a signature over the file', () => {
  for (const name of ['train.jsonl.sigstore.json', 'train.jsonl.sigstore', 'train.jsonl.sig']) {
    it(`vouches for each of its samples: ${name}`, async () => {
      const beside = new Beside().put(`/w/data/${name}`, await sigstore.signFile(TEXT));
      assert.equal(await beside.picture(TEXT), 'intact: verified verified');
      const [statement] = (await beside.scope()).statements;
      assert.equal(statement?.standing, 'trusted');
      assert.equal(statement.principal, 'alice');
      assert.equal(statement.keyId, 'sigstore:https://accounts.example.com#alice@example.org');
    });
  }

  it('is untrusted by an identity that is not listed', async () => {
    const beside = new Beside().put(`${DATASET}.sigstore.json`, await sigstore.signFile(TEXT));
    for (const others of [
      '',
      'alice https://accounts.example.com bob@example.org',
      'alice https://accounts.example.net alice@example.org',
      'alice https://accounts.example.com *,!alice@*',
    ]) {
      assert.equal(await beside.trusting(others).picture(TEXT), 'intact: untrusted untrusted', others);
    }
    for (const patterns of ['*@example.org', 'bob@example.org,al?ce@example.org']) {
      beside.trusting(`alice https://accounts.example.com ${patterns}`);
      assert.equal(await beside.picture(TEXT), 'intact: verified verified', patterns);
    }
  });

  it('says of a changed file that it was changed, and nothing of its samples', async () => {
    const beside = new Beside().put(`${DATASET}.sigstore.json`, await sigstore.signFile(TEXT));
    assert.equal(await beside.picture(OTHER), 'unknown: unknown unknown');
    beside.trusting('');
    assert.equal(await beside.picture(OTHER), 'unknown: unknown unknown');
  });

  it('says nothing of lines without a digest', async () => {
    const text = `${TEXT}{"a":1,"a":2}\n`;
    const beside = new Beside().put(`${DATASET}.sigstore.json`, await sigstore.signFile(text));
    assert.equal(await beside.picture(text), 'intact: verified verified malformed');
  });

  it('could not be checked without a trusted root', async () => {
    const beside = new Beside(null).put(`${DATASET}.sigstore.json`, await sigstore.signFile(TEXT));
    beside.world.files.files.delete(ROOT);
    assert.equal(await beside.picture(TEXT), 'unknown: unknown unknown');
    beside.put(ROOT, sigstore.trustedRoot());
    assert.equal(await beside.picture(TEXT), 'intact: verified verified');
  });

  it('counts beside a dataset statement of our own, which goes before where it is trusted', async () => {
    const beside = new Beside();
    beside.world.raw(TEXT, DATASET);
    await beside.world.signDataset('stranger', DATASET);
    beside.put(`${DATASET}.sigstore.json`, await sigstore.signFile(OTHER));
    // Untrusted says these bytes, trusted says others.
    assert.equal(await beside.picture(TEXT), 'unknown: unknown unknown');
    assert.equal(await beside.picture(OTHER), 'intact: verified verified');
  });

  it('of several, the one over these bytes counts', async () => {
    const beside = new Beside()
      .put(`${DATASET}.sigstore.json`, await sigstore.signFile(TEXT))
      .put(`${DATASET}.sig`, await sigstore.signFile(OTHER));
    for (const text of [TEXT, OTHER]) assert.equal(await beside.picture(text), 'intact: verified verified');
  });

  it('with a name that other tools use is left alone where it is none', async () => {
    const beside = new Beside();
    for (const text of ['-----BEGIN PGP SIGNATURE-----', '{"signature": 1}', '[]', 'null', '']) {
      beside.put(`${DATASET}.sig`, text).put('/w/data/model.sig', text);
      assert.equal(await beside.picture(TEXT), 'unsigned: unsigned unsigned');
    }
  });
});

describe('a statement in a bundle', () => {
  const time = '2026-01-01T00:00:00Z';
  const subjects = (lines: number[]) => {
    const { digests } = digest(TEXT);
    return lines.map((line) => ({
      name: `train.jsonl#${String(line)}`,
      sha256: toHex(digests.subarray(32 * (line - 1), 32 * line)),
    }));
  };
  const signed = async (text: string) => {
    const world = new World(DATASET).raw(text, DATASET);
    await world.signDataset('any', DATASET);
    return { ...(await world.judge()), files: world.files.files };
  };
  const payloadOf = (statement: Parameters<typeof statementBytes>[0]) =>
    new TextDecoder().decode(statementBytes(statement));

  it('vouches for the samples that it names', async () => {
    const statement = sampleStatement(subjects([2]), { dataset: 'train.jsonl', timeCreated: time });
    const beside = new Beside().put(
      `${DATASET}.sigstore.json`,
      await sigstore.signPayload(payloadOf(statement)),
    );
    assert.equal(await beside.picture(TEXT), 'unsigned: unsigned verified');
  });

  it('that flags samples is a problem: it would vanish unnoticed', async () => {
    const review = { verdict: 'flagged', category: 'poisoning', severity: 'high', reason: '' } as const;
    const statement = reviewStatement(subjects([1]), { ...review, timeCreated: time });
    const beside = new Beside().put(
      `${DATASET}.sigstore.json`,
      await sigstore.signPayload(payloadOf(statement)),
    );
    assert.match(
      await beside.picture(TEXT),
      /^unsigned: unsigned unsigned\ninvalid-sigstore: .*does not vouch .*\(review\)/,
    );
  });

  it('about the dataset is its baseline', async () => {
    const { scope, files } = await signed(TEXT);
    const [{ statement }] = scope.statements as [Scope['statements'][0]];
    assert.ok(statement.kind === 'dataset');
    const beside = new Beside();
    for (const [path, bytes] of files) {
      if (path.includes('/leaves/')) beside.world.files.files.set(path, bytes);
    }
    const payload = JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: statement.subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
      predicateType: 'urn:dataset-provenance:dataset:v1',
      predicate: {
        ...statement.predicate,
        samples: { ...statement.predicate.samples, canonicalization: CANONICALIZATION },
      },
    });
    beside.put(`${DATASET}.sigstore.json`, await sigstore.signPayload(payload));
    assert.equal(await beside.picture(TEXT), 'intact: verified verified');
    assert.equal(await beside.picture(OTHER), 'changed: verified modified');
  });

  it('is compared with only where nothing trusted stands in the bundle', async () => {
    const payloadAbout = async (text: string) => {
      const { scope } = await signed(text);
      const [{ statement }] = scope.statements as [Scope['statements'][0]];
      assert.ok(statement.kind === 'dataset');
      return payloadOf({
        _type: 'https://in-toto.io/Statement/v1',
        subject: statement.subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
        predicateType: 'urn:dataset-provenance:dataset:v1',
        predicate: statement.predicate,
      });
    };
    const beside = new Beside();
    beside.world.raw(TEXT, DATASET);
    await beside.world.signDataset('stranger', DATASET);
    // Another one that is over these bytes goes before, whatever the order of their names.
    for (const [first, second] of [
      [OTHER, TEXT],
      [TEXT, OTHER],
    ] as const) {
      beside.put(`${DATASET}.sigstore.json`, await sigstore.signPayload(await payloadAbout(first)));
      beside.put(`${DATASET}.sig`, await sigstore.signFile(second));
      assert.match(await beside.picture(TEXT), /^intact: verified verified/);
    }
    beside.put(`${DATASET}.sig`, await sigstore.signFile(OTHER));
    const own = await beside.scope(
      parseAllowedSigners(
        formatAllowedSigner({ principal: 'stranger', key: signer('stranger').publicKey }),
        'x',
      ).entries,
    );
    const samples = digest(TEXT);
    assert.equal(assess({ ...own, rows: samples, sha256: samples.sha256 }).verdict, 'intact');
  });

  it('of another tool is kept and means nothing', async () => {
    const payload = JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'train.jsonl', digest: { sha256: digest(TEXT).sha256 } }],
      predicateType: 'https://example.com/scan/v1',
    });
    const beside = new Beside().put(`${DATASET}.sigstore.json`, await sigstore.signPayload(payload));
    assert.equal(await beside.picture(TEXT), 'unsigned: unsigned unsigned');
  });
});

describe('a Model Signing signature', () => {
  const files = { 'README.md': 'hello', 'train.jsonl': TEXT };

  it('beside the dataset vouches for it', async () => {
    const beside = new Beside().put('/w/data/model.sig', await sigstore.signPayload(modelStatement(files)));
    assert.equal(await beside.picture(TEXT), 'intact: verified verified');
    assert.equal(await beside.picture(OTHER), 'unknown: unknown unknown');
  });

  it('in a folder above vouches for it by its path', async () => {
    const statement = modelStatement({ 'data/train.jsonl': TEXT, 'train.jsonl': OTHER });
    const beside = new Beside().put('/w/model.sig', await sigstore.signPayload(statement));
    assert.equal(await beside.picture(TEXT), 'intact: verified verified');
    assert.equal(await beside.picture(OTHER), 'unknown: unknown unknown');
  });

  it('of this one file vouches for it', async () => {
    for (const name of ['.', 'train.jsonl']) {
      const statement = modelStatement({ [name]: TEXT });
      const beside = new Beside().put(`${DATASET}.sig`, await sigstore.signPayload(statement));
      assert.equal(await beside.picture(TEXT), 'intact: verified verified', name);
    }
  });

  it('that does not list the dataset says nothing of it', async () => {
    const statement = modelStatement({ 'README.md': 'hello', 'copy.jsonl': TEXT });
    const beside = new Beside().put('/w/data/model.sig', await sigstore.signPayload(statement));
    assert.equal(await beside.picture(TEXT), 'unsigned: unsigned unsigned');
  });

  interface Statement {
    readonly subject: object[];
    readonly predicate: {
      readonly serialization: { method: string };
      resources: { name?: string; algorithm: string; digest: string }[];
    };
  }
  const wrong: readonly [string, (statement: Statement) => void, RegExp][] = [
    [
      'files that do not hash to its subject',
      ({ predicate }) => (predicate.resources[0]!.digest = 'ab'.repeat(32)),
      /do not hash/,
    ],
    ['two subjects', ({ subject }) => subject.push(...subject), /exactly one subject/],
    ['parts of files', ({ predicate }) => (predicate.serialization.method = 'shards'), /parts of files/],
    [
      'another hash',
      ({ predicate }) => {
        for (const resource of predicate.resources) resource.algorithm = 'blake2b';
      },
      /blake2b/,
    ],
    ['no resources', ({ predicate }) => (predicate.resources = []), /"resources"/],
    ['a resource without a name', ({ predicate }) => delete predicate.resources[1]!.name, /a resource/],
  ];
  for (const [what, change, words] of wrong) {
    it(`with ${what} is not used`, async () => {
      const statement = JSON.parse(modelStatement(files)) as Statement;
      change(statement);
      const bundle = await sigstore.signPayload(JSON.stringify(statement));
      const picture = await new Beside().put('/w/data/model.sig', bundle).picture(TEXT);
      assert.match(picture, /^unsigned: unsigned unsigned\ninvalid-sigstore: \/w\/data\/model\.sig: /);
      assert.match(picture, words);
    });
  }
});

describe('what is wrong does not pass', () => {
  const isWrong =
    /^unsigned: unsigned unsigned\ninvalid-sigstore: \/w\/data\/train\.jsonl\.sigstore\.json[: ]/;
  const pictureOf = (bundle: unknown, root: unknown = sigstore.trustedRoot()) =>
    new Beside(root).put(`${DATASET}.sigstore.json`, bundle).picture(TEXT);

  it('a file that is no bundle', async () => {
    for (const text of [
      '',
      '{',
      'null',
      '{}',
      '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}',
    ]) {
      if (text !== '') assert.match(await pictureOf(text), isWrong);
    }
  });

  it('a bundle of another instance', async () => {
    const other = await SigstoreInstance.create();
    assert.match(await pictureOf(await other.signFile(TEXT)), isWrong);
    const mixed = { ...sigstore.trustedRoot(), tlogs: other.trustedRoot().tlogs };
    assert.match(await pictureOf(await sigstore.signFile(TEXT), mixed), isWrong);
  });

  it('a root that is none', async () => {
    for (const root of [
      '{',
      {},
      { ...sigstore.trustedRoot(), certificateAuthorities: [] },
      { ...sigstore.trustedRoot(), tlogs: [] },
    ]) {
      assert.match(
        await pictureOf(await sigstore.signFile(TEXT), root),
        /^unsigned: .*\ninvalid-sigstore: \/config\/trusted_root\.json is not a trusted root/,
      );
    }
  });

  it('a certificate that had expired when the log saw the signature', async () => {
    const late = await SigstoreInstance.create(new Date(Date.now() + 3_600_000));
    assert.match(await pictureOf(await late.signFile(TEXT), late.trustedRoot()), /was not valid when/);
  });

  it('a certificate without any timestamp', async () => {
    const bundle = await sigstore.signFile(TEXT);
    const [entry] = bundle.verificationMaterial.tlogEntries;
    delete (entry as { inclusionPromise?: unknown }).inclusionPromise;
    assert.match(await pictureOf(bundle), /may have expired before/);
  });

  it('no log entry', async () => {
    const bundle = await sigstore.signFile(TEXT);
    bundle.verificationMaterial.tlogEntries.length = 0;
    assert.match(await pictureOf(bundle), isWrong);
  });

  it('the log entry, certificate or signature of another signature', async () => {
    const one = await sigstore.signFile(TEXT);
    const two = await sigstore.signFile(TEXT);
    const { verificationMaterial } = two;
    assert.match(await pictureOf({ ...one, verificationMaterial }), isWrong);
    const { certificate } = verificationMaterial;
    assert.match(
      await pictureOf({ ...one, verificationMaterial: { ...one.verificationMaterial, certificate } }),
      isWrong,
    );
    const signature = two.messageSignature.signature;
    assert.match(
      await pictureOf({ ...one, messageSignature: { ...one.messageSignature, signature } }),
      isWrong,
    );
  });

  it('names in a checkpoint that would be regular expressions', async () => {
    const bundle = await sigstore.signFile(TEXT);
    const { checkpoint } = bundle.verificationMaterial.tlogEntries[0]!.inclusionProof;
    checkpoint.envelope = checkpoint.envelope.replace(/\u2014 \S+/, '\u2014 ((.*)*)*x');
    assert.match(await pictureOf(bundle), /odd names/);
  });

  it('any one byte of what a bundle holds', async () => {
    const bundles = [
      await sigstore.signFile(TEXT),
      await sigstore.signPayload(modelStatement({ 'train.jsonl': TEXT })),
    ];
    const places = (value: unknown, path: string[] = []): string[][] =>
      typeof value === 'string'
        ? [path]
        : Object.entries(value as object).flatMap(([name, member]) => places(member, [...path, name]));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bundles),
        fc.nat(),
        fc.nat(),
        fc.nat(63),
        async (bundle, at, where, to) => {
          const changed: unknown = structuredClone(bundle);
          const all = places(bundle);
          const path = all[at % all.length]!;
          const holder = path
            .slice(0, -1)
            .reduce((value, name) => (value as Record<string, unknown>)[name], changed) as Record<
            string,
            string
          >;
          const text = holder[path.at(-1)!]!;
          if (text === '') return;
          const index = where % text.length;
          const letter = ALPHABET[to]!;
          holder[path.at(-1)!] = text.slice(0, index) + letter + text.slice(index + 1);
          const picture = await pictureOf(changed);
          // The last letter of base64 may have bits that say nothing.
          const decoded = (encoded: string) => Buffer.from(encoded, 'base64').toString('hex');
          const isSame = decoded(text) === decoded(holder[path.at(-1)!]!) || HINTS.has(path.at(-1)!);
          if (picture.startsWith('intact: verified'))
            assert.ok(isSame, `${path.join('.')}: ${text} to ${letter}`);
          else refused++;
        },
      ),
      { numRuns: 400, seed: 400 },
    );
    assert.ok(refused > 200, String(refused));
  });
});

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Members that no verifier reads, and the version of the format: what is signed is the same in another one. */
const HINTS = new Set(['rootHash', 'treeSize', 'mediaType']);

describe('sigstore_identities', () => {
  it('reads names, issuers and patterns, and reports what is wrong', () => {
    const { entries, problems } = parseSigstoreIdentities(
      [
        '# who of Sigstore is trusted',
        'alice\thttps://accounts.example.com  alice@example.org\r',
        '',
        'ci https://token.example.com https://github.com/acme/*@refs/heads/main',
        'bob alice@example.org',
        'bob http://accounts.example.com bob@example.org',
        'bob https://accounts.example.com/#x bob@example.org',
        'bob https://accounts.example.com bob@example.org extra',
        `bob https://accounts.example.com ${'x'.repeat(10_000)}`,
      ].join('\n'),
      'ids',
    );
    assert.deepEqual(
      entries.map(({ name, line }) => `${name} ${String(line)}`),
      ['alice 2', 'ci 4'],
    );
    assert.deepEqual(
      problems.map(({ args }) => args['line']),
      [5, 6, 7, 8, 9],
    );
  });

  it('names an identity by issuer and subject', async () => {
    const workflow = {
      issuer: 'https://token.example.com',
      subject: 'https://github.com/acme/data/.github/workflows/sign.yml@refs/heads/main',
    };
    const beside = new Beside().put(`${DATASET}.sigstore.json`, await sigstore.signFile(TEXT, workflow));
    beside.trusting('ci https://token.example.com https://github.com/acme/*@refs/heads/main');
    assert.equal(await beside.picture(TEXT), 'intact: verified verified');
    beside.trusting('ci https://token.example.com https://github.com/acme/*@refs/heads/release');
    assert.equal(await beside.picture(TEXT), 'intact: untrusted untrusted');
    assert.notDeepEqual(workflow, ALICE);
  });
});
