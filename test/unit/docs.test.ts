import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { toHex } from '../../src/core/bytes/hex.ts';
import { MAX_BUNDLE_BYTES, MAX_BUNDLE_LINES, parseBundle } from '../../src/core/evidence/bundle.ts';
import {
  MAX_ENVELOPE_BYTES,
  MAX_SIGNATURES,
  parseEnvelope,
  preAuthEncoding,
  serializeEnvelope,
  signEnvelope,
} from '../../src/core/evidence/dsse.ts';
import {
  CANONICALIZATION,
  CATEGORIES,
  GENERATION_METHODS,
  PAYLOAD_TYPE,
  PREDICATE_TYPES,
  SEVERITIES,
  STAGES,
  STEP_KINDS,
} from '../../src/core/evidence/predicates.ts';
import { ed25519Signer } from '../../src/core/evidence/signer.ts';
import { parseSshPublicKey, verifySignature } from '../../src/core/evidence/sshKey.ts';
import {
  MAX_NOTE_LENGTH,
  MAX_REASON_LENGTH,
  MAX_SUBJECTS,
  parseStatement,
  statementBytes,
  type Statement,
} from '../../src/core/evidence/statement.ts';
import { DerivationMap } from '../../src/core/lineage/derivationMap.ts';
import { stepsOf } from '../../src/core/lineage/step.ts';
import { checkpointKey, parseCheckpoint } from '../../src/core/log/checkpoint.ts';
import { EvidenceLog } from '../../src/core/log/evidenceLog.ts';
import { checkNote, formatVerifierKey, MAX_NOTE_BYTES } from '../../src/core/log/signedNote.ts';
import { MAX_PROOF_BYTES } from '../../src/core/log/tlogProof.ts';
import { merkleRoot } from '../../src/core/merkle/tree.ts';
import { canonicalize, MAX_DEPTH, MAX_SAMPLE_BYTES } from '../../src/core/sample/canonicalJson.ts';
import { SampleDigester } from '../../src/core/sample/sampleDigester.ts';
import {
  findSigner,
  matchPatternList,
  NAMESPACE,
  parseAllowedSigners,
} from '../../src/core/trust/allowedSigners.ts';
import { DATASET_VERDICTS, STATUSES } from '../../src/core/trust/status.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const bytesOf = (text: string) => new TextEncoder().encode(text);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const formats = read('docs/formats.md');
const examples = blocks('json').map((text) => JSON.parse(text) as Record<string, unknown>);
const statements = examples.filter((example) => '_type' in example) as unknown as Statement[];
const envelope = JSON.stringify(examples.find((example) => 'payloadType' in example));
const file = bytesOf(`${blocks('jsonl')[0] ?? ''}\n`);

describe('docs/formats.md', () => {
  const digester = new SampleDigester();
  digester.push(file);
  const samples = digester.finish();
  const sampleDigests = [0, 1].map((i) => toHex(samples.digests.subarray(i * 32, (i + 1) * 32)));
  const merkle = toHex(merkleRoot(samples.digests));

  it('has the canonical form and the digests of its samples', () => {
    const [first = ''] = new TextDecoder().decode(file).split('\n');
    assert.equal(new TextDecoder().decode(canonicalize(bytesOf(first))), blocks('text')[0]);
    for (const digest of [...sampleDigests, merkle, samples.sha256])
      assert.ok(formats.includes(`    ${digest}\n`));
  });

  it('shows who is trusted, and until when', () => {
    const shown = blocks('text').find((text) => text.includes('cert-authority'))!;
    const { entries, problems } = parseAllowedSigners(shown, 'allowed_signers');
    assert.deepEqual(problems, []);
    const [key] = entries;
    const standing = (time: number) => {
      const found = findSigner(entries, key!.keyId, time);
      return 'principal' in found ? `${found.standing}: ${found.principal}` : found.standing;
    };
    assert.equal(standing(Date.UTC(2026, 10, 1)), 'trusted: anna@example.org');
    assert.equal(standing(Date.UTC(2026, 10, 1, 0, 0, 1)), 'expired: anna@example.org');
    assert.deepEqual(
      entries.map(({ line, certAuthority, namespaces }) => [line, certAuthority, namespaces]),
      [
        [2, false, NAMESPACE],
        [4, true, NAMESPACE],
      ],
    );
    assert.ok(matchPatternList('boris@example.org', entries[1]!.principals));
    assert.ok(!matchPatternList('intern-7@example.org', entries[1]!.principals));
  });

  it('shows a valid statement of each type, about these samples', () => {
    const kinds = statements.map((statement) => parseStatement(bytesOf(JSON.stringify(statement))).kind);
    assert.deepEqual([...new Set(kinds)].sort(), Object.keys(PREDICATE_TYPES).sort());
    assert.ok(!kinds.includes('other'));
    const logRoot = EvidenceLog.of(bytesOf(envelope)).root();
    const known = new Set([...sampleDigests, samples.sha256, sha256(bytesOf(envelope)), logRoot]);
    for (const { subject } of statements)
      for (const { digest } of subject) assert.ok(known.has(digest.sha256));
    const dataset = find('dataset');
    assert.deepEqual(dataset.predicate.samples, {
      count: 2,
      root: merkle,
      canonicalization: CANONICALIZATION,
    });
  });

  it('shows the envelope of its dataset statement, whose signature is good', () => {
    const { payload, payloadType, signatures } = parseEnvelope(bytesOf(envelope));
    assert.equal(toHex(payload), toHex(statementBytes(find('dataset'))));
    assert.deepEqual(parseBundle(bytesOf(envelope)).problems, []);
    const [signature] = signatures;
    const key = parseSshPublicKey(signature?.publicKey ?? '');
    assert.equal(
      verifySignature(key, signature?.sig ?? new Uint8Array(), preAuthEncoding(payloadType, payload)),
      'valid',
    );
    assert.ok(formats.includes(`    ${sha256(bytesOf(envelope))}\n`), 'the envelope digest');
  });

  it('shows the checkpoint over its envelope, and the key that verifies it', () => {
    const log = EvidenceLog.of(bytesOf(envelope));
    const text = blocks('text').find((block) => block.startsWith('dataset-provenance/log/')) ?? '';
    const { note, ...checkpoint } = parseCheckpoint(bytesOf(`${text}\n`));
    assert.deepEqual(checkpoint, log.checkpoint());
    const signer = parseSshPublicKey(parseEnvelope(bytesOf(envelope)).signatures[0]?.publicKey ?? '');
    const key = checkpointKey(checkpoint.origin, signer.ed25519 ?? new Uint8Array());
    assert.equal(checkNote(note, key, verifySignature), 'valid');
    assert.ok(formats.includes(`      ${formatVerifierKey(key)}\n`));
  });

  it(
    'shows an envelope that OpenSSL verifies',
    { skip: spawnSync('openssl', ['version']).error ? 'openssl is not installed' : false },
    () => {
      const { payload, payloadType, signatures } = parseEnvelope(bytesOf(envelope));
      const raw = parseSshPublicKey(signatures[0]?.publicKey ?? '').ed25519 ?? new Uint8Array();
      const folder = mkdtempSync(join(tmpdir(), 'provenance-docs-'));
      try {
        const write = (name: string, bytes: Uint8Array | string) => {
          writeFileSync(join(folder, name), bytes);
          return join(folder, name);
        };
        const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') };
        const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
        const { status, stdout, stderr } = spawnSync(
          'openssl',
          [
            ...['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', write('key.pem', pem)],
            ...['-in', write('pae', preAuthEncoding(payloadType, payload))],
            ...['-sigfile', write('sig', signatures[0]?.sig ?? '')],
          ],
          { encoding: 'utf8' },
        );
        assert.equal(status, 0, stdout + stderr);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );

  it('shows a recorded step with the derivation map that it names', () => {
    const [step] = statements.flatMap((statement) => {
      const parsed = parseStatement(bytesOf(JSON.stringify(statement)));
      return parsed.kind === 'step' ? stepsOf(parsed).filter(({ map }) => map) : [];
    });
    const { counts, inputs, map, output } = step ?? {};
    const text = blocks('text').find((block) => /^[0-9a-f]{64} [0-9a-f]{64}$/.test(block)) ?? '';
    assert.equal(map?.sha256, sha256(bytesOf(`${text}\n`)));
    const pairs = DerivationMap.parse(bytesOf(`${text}\n`));
    assert.equal(pairs.pairs, map.pairs);
    assert.deepEqual(output?.samples, { count: 2, root: merkle });
    assert.equal(pairs.inputs(sampleDigests[1] ?? '').length, 1);
    assert.deepEqual(counts, {
      in: inputs?.[0]?.samples?.count,
      out: 2,
      unchanged: 1,
      changed: 1,
      added: 0,
      dropped: 1,
    });
    for (const kind of STEP_KINDS) assert.ok(formats.includes(`\`${kind}\``), kind);
  });

  it('shows an answer that names the envelope of the flag before it', async () => {
    const seed = createHash('sha256').update('dataset-provenance example key of docs/formats.md').digest();
    const reviews = statements.filter(isReview);
    const [flag, answer] = reviews;
    assert.ok(flag && answer);
    const signed = await signEnvelope(statementBytes(flag), PAYLOAD_TYPE, ed25519Signer(seed));
    assert.equal(answer.predicate.supersedes, sha256(serializeEnvelope(signed)));
  });

  it('names every word of the vocabularies', () => {
    const words = [
      ...CATEGORIES,
      ...SEVERITIES,
      ...GENERATION_METHODS,
      ...STAGES,
      ...STATUSES,
      ...DATASET_VERDICTS,
    ];
    for (const word of words) assert.ok(formats.includes(`\`${word}\``), word);
    const codes = /export type MalformedCode =([^;]+);/.exec(read('src/core/errors.ts'))?.[1] ?? '';
    const malformed = Array.from(codes.matchAll(/'([a-z0-9-]+)'/g), ([, code = '']) => code);
    assert.ok(malformed.length > 5);
    // A line without a value is blank, and no sample.
    for (const code of malformed) if (code !== 'empty') assert.ok(formats.includes(`\`${code}\``), code);
  });

  it('states the limits of the code', () => {
    const limits: Readonly<Record<string, string>> = {
      'a sample': mebibytes(MAX_SAMPLE_BYTES),
      'an envelope': mebibytes(MAX_ENVELOPE_BYTES),
      'a bundle': mebibytes(MAX_BUNDLE_BYTES),
      'a checkpoint': `${String(MAX_NOTE_BYTES / 1024)} KiB`,
      'a proof': mebibytes(MAX_PROOF_BYTES),
      'lines of a bundle': MAX_BUNDLE_LINES.toLocaleString('en'),
      'signatures of an envelope': MAX_SIGNATURES.toLocaleString('en'),
      'subjects of a statement': MAX_SUBJECTS.toLocaleString('en'),
      'characters of a reason, and of a note': MAX_REASON_LENGTH.toLocaleString('en'),
    };
    assert.equal(MAX_NOTE_LENGTH, MAX_REASON_LENGTH);
    for (const [what, limit] of Object.entries(limits)) {
      assert.match(formats, new RegExp(`\\| ${what} +\\| ${limit} +\\|`));
    }
    assert.ok(formats.includes(`nested deeper than ${String(MAX_DEPTH)}`));
  });
});

describe('docs/dependencies.md', () => {
  it('gives a reason for each package, and for no other', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    };
    const [, product = '', development = ''] = read('docs/dependencies.md').split(/^## .*$/m);
    assert.deepEqual(listed(product), Object.keys(dependencies).sort());
    assert.deepEqual(listed(development), Object.keys(devDependencies).sort());
  });
});

describe('The documentation', () => {
  const pages = [
    'README.md',
    'CHANGELOG.md',
    ...readdirSync(join(root, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];

  it('links to files and headings that are there', () => {
    for (const page of pages) {
      for (const [, link = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(link)) continue;
        const [path = '', heading] = link.split('#');
        const target = path === '' ? page : join(dirname(page), path);
        assert.ok(existsSync(join(root, target)), `${page}: ${link}`);
        if (heading === undefined) continue;
        const headings = Array.from(read(target).matchAll(/^#+ (.+)$/gm), ([, title = '']) => anchor(title));
        assert.ok(headings.includes(heading), `${page}: ${link}`);
      }
    }
  });

  it('has the headings that the code refers to', () => {
    const headings = Array.from(formats.matchAll(/^#+ (.+)$/gm), ([, title]) => title);
    for (const source of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
      if (!source.endsWith('.ts')) continue;
      for (const [, title] of read(`src/${source}`).matchAll(/docs\/formats\.md, "([^"]+)"/g)) {
        assert.ok(headings.includes(title), `${source}: ${title ?? ''}`);
      }
    }
  });

  it('names files that exist', () => {
    const paths = /`((?:src|scripts|webview|test|core|host|language|platform|protocol)\/[\w./]+)`/g;
    for (const [, path = ''] of read('docs/architecture.md').matchAll(paths)) {
      // PANEL stands for a name that the reader chooses.
      if (path.includes('PANEL')) continue;
      assert.ok(existsSync(join(root, path)) || existsSync(join(root, 'src', path)), path);
    }
  });
});

/** The code blocks of docs/formats.md in a language. */
function blocks(language: string): string[] {
  return Array.from(
    formats.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)\n\`\`\`$`, 'gm')),
    ([, text = '']) => text,
  );
}

function find(kind: 'dataset'): Statement<'dataset'> {
  const found = statements.find(({ predicateType }) => predicateType === PREDICATE_TYPES[kind]);
  assert.ok(found);
  return found as Statement<'dataset'>;
}

function isReview(statement: Statement): statement is Statement<'review'> {
  return statement.predicateType === PREDICATE_TYPES.review;
}

/** The packages in the first column of a table. */
function listed(markdown: string): string[] {
  return Array.from(markdown.matchAll(/^\| `([^`]+)`/gm), ([, name = '']) => name).sort();
}

function mebibytes(bytes: number): string {
  return `${String(bytes / 1024 ** 2)} MiB`;
}

/** How Markdown viewers name a heading. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
