import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { toHex } from '../../src/core/bytes/hex.ts';
import { sha256 as digest } from '../../src/core/bytes/sha256.ts';
import { inputsOf } from '../../src/core/lineage/inputs.ts';
import { parseAllowedSigners } from '../../src/core/trust/allowedSigners.ts';
import { assess, type Assessment } from '../../src/core/trust/assess.ts';
import { ScopeLoader, type Scope } from '../../src/core/trust/scope.ts';
import { STATUSES, statusOf } from '../../src/core/trust/status.ts';
import { digestFile } from '../../src/platform/digestFile.node.ts';
import { findEvidence } from '../../src/platform/evidenceFinder.node.ts';
import { nodeFileStore } from '../../src/platform/fileStore.node.ts';

const root = join(import.meta.dirname, '../..');
const DATASETS = [
  'raw/crawl.jsonl',
  'cleaned/cleaned.jsonl',
  'data/train.jsonl',
  'data/eval.jsonl',
  'data/new-batch.jsonl',
];

describe('The demo workspace', () => {
  const folder = mkdtempSync(join(tmpdir(), 'provenance-demo-')).replaceAll('\\', '/');
  const demo = `${folder}/demo`;
  before(() => {
    makeDemo(demo);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows what a user may meet', async () => {
    const pictures: string[] = [];
    for (const dataset of DATASETS) pictures.push(await picture(demo, dataset));
    assert.equal(
      `\n${pictures.join('\n')}`,
      `
raw/crawl.jsonl: intact; 78 untrusted; 1 flagged
  1-78 untrusted, SHA256:nJuN+v/jVC… signed the dataset
  32 flagged: prompt-injection, medium; acme-curation flagged
  extract of hearthkit-2026-10.warc.gz, which is not here: SHA256:nJuN+v/jVC…

cleaned/cleaned.jsonl: intact; 66 verified
  1-66 verified, acme-curation signed the dataset
  map of raw/crawl.jsonl: acme-curation
    extract of hearthkit-2026-10.warc.gz, which is not here: SHA256:nJuN+v/jVC…

data/train.jsonl: changed; 58 verified, 1 modified, 3 added, 1 malformed; 1 flagged
  1-16 verified, acme-curation signed the dataset
  17 modified, acme-curation signed the dataset
  18-20 verified, acme-curation signed the dataset
  21 added, acme-curation signed the dataset
  22-23 verified, acme-curation signed the dataset
  24 verified, acme-curation signed the sample
  25-27 verified, acme-curation signed the dataset
  28 malformed
  29-61 verified, acme-curation signed the dataset
  62-63 added, acme-curation signed the dataset
  12 flagged: backdoor-trigger, high; acme-curation flagged, SHA256:nJuN+v/jVC… cleared, acme-curation flagged
  33 cleared: label-error, low; acme-curation flagged, acme-curation cleared
  map of cleaned/cleaned.jsonl: acme-curation
    map of raw/crawl.jsonl: acme-curation
      extract of hearthkit-2026-10.warc.gz, which is not here: SHA256:nJuN+v/jVC…

data/eval.jsonl: unsigned; 6 revoked
  1-6 revoked, acme-annotation signed the dataset
  map of cleaned/cleaned.jsonl: acme-curation
    map of raw/crawl.jsonl: acme-curation
      extract of hearthkit-2026-10.warc.gz, which is not here: SHA256:nJuN+v/jVC…

data/new-batch.jsonl: unsigned; 2 verified, 1 untrusted, 6 unsigned; 1 flagged
  1 unsigned
  2 verified, acme-curation signed the dataset
  3-4 unsigned
  5 verified, acme-curation signed the dataset
  6 unsigned
  7 untrusted, SHA256:nJuN+v/jVC… signed the sample
  8-9 unsigned
  5 flagged: backdoor-trigger, high; acme-curation flagged, SHA256:nJuN+v/jVC… cleared, acme-curation flagged
`,
    );
  });

  it('has the same bytes each time', () => {
    const first = contents(demo);
    writeFileSync(`${demo}/data/train.jsonl`, 'edited meanwhile\n');
    writeFileSync(`${demo}/data/notes.txt`, 'left behind\n');
    makeDemo(demo);
    assert.deepEqual(contents(demo), first);
  });

  it('replaces nothing but an earlier demo', () => {
    const other = `${folder}/other`;
    mkdirSync(other);
    writeFileSync(join(other, 'thesis.txt'), 'years of work');
    const { status, stderr } = runDemo(other);
    assert.equal(status, 1);
    assert.match(stderr, /holds something else than a demo/);
    assert.deepEqual(readdirSync(other), ['thesis.txt']);
  });

  it('says nothing in its README that is not so', () => {
    const readme = readFileSync(`${demo}/README.md`, 'utf8');
    for (const [, name = ''] of readme.matchAll(/^ {4}(\S+)/gm))
      assert.ok(statSync(`${demo}/${name}`).isFile());
  });
});

function runDemo(out: string) {
  return spawnSync(process.execPath, [join(root, 'scripts/demo.mjs'), '--out', out], {
    encoding: 'utf8',
    timeout: 60_000,
  });
}

function makeDemo(out: string): void {
  const { status, stderr } = runDemo(out);
  assert.equal(status, 0, stderr);
}

/** Every file, by path, as hex. */
function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, toHex(readFileSync(join(folder, name)))]));
}

/** A dataset as its user sees it, in text. */
async function picture(folder: string, dataset: string): Promise<string> {
  const path = `${folder}/${dataset}`;
  const trust = `${folder}/.provenance/allowed_signers`;
  const { entries: signers, problems } = parseAllowedSigners(readFileSync(trust, 'utf8'), trust);
  assert.deepEqual(problems, []);
  const scope = await new ScopeLoader(nodeFileStore()).load({
    dataset: path,
    ...(await findEvidence([folder])),
    signers,
  });
  assert.deepEqual(scope.problems, []);
  const { samples } = await digestFile(path);
  const assessment = assess({ rows: samples, sha256: samples.sha256, ...scope });

  const { verdict, counts, flagged } = assessment;
  const occurring = STATUSES.filter((status) => counts[status] > 0).map(
    (status) => `${counts[status]} ${status}`,
  );
  const head = [verdict, occurring.join(', '), ...(flagged > 0 ? [`${flagged} flagged`] : [])].join('; ');
  const lines = [...runs(assessment, scope), ...reviews(assessment, scope), ...lineage(scope, folder)];
  return `${dataset}: ${head}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** The status of each line and whose statement decides it; equal neighbours in one. */
function runs(assessment: Assessment, scope: Scope): string[] {
  const texts = Array.from(assessment.statuses, (code, row) => {
    const statement = scope.statements[assessment.coveredBy[row] ?? -1];
    const cover = statement
      ? `, ${signerOf(scope, statement.index)} signed the ${statement.statement.kind}`
      : '';
    return statusOf(code) + cover;
  });
  const found: string[] = [];
  for (let from = 0, to = 0; from < texts.length; from = to) {
    while (texts[to] === texts[from]) to++;
    found.push(`${from + 1}${to > from + 1 ? `-${to}` : ''} ${texts[from] ?? ''}`);
  }
  return found;
}

function reviews(assessment: Assessment, scope: Scope): string[] {
  return [...assessment.reviews].map(([row, { state, category, severity, threads }]) => {
    const thread = threads.flatMap((one) => one.reviews);
    const who = thread.map(({ statement, verdict }) => `${signerOf(scope, statement)} ${verdict}`);
    return `${row + 1} ${state}: ${category}, ${severity}; ${who.join(', ')}`;
  });
}

/** What the dataset was made from, and that in turn, by the recorded steps. */
function lineage(scope: Scope, folder: string): string[] {
  const steps = scope.statements.flatMap(({ statement, index, own }) => {
    if (statement.kind !== 'step') return [];
    const inputs = statement.predicate.buildDefinition.resolvedDependencies.map(({ name = '', digest }) => ({
      name,
      sha256: digest['sha256'] ?? '',
    }));
    const { kind } = statement.predicate.buildDefinition.externalParameters;
    return [{ output: statement.subjects[0]?.sha256 ?? '', kind, inputs, index, own }];
  });
  type Node = ReturnType<typeof inputsOf<(typeof steps)[number]>>[number];
  const show = (nodes: readonly Node[], indent: string): string[] =>
    nodes.flatMap(({ name, sha256, step, inputs }) => {
      const present = existsSync(`${folder}/${name}`);
      if (present) assert.equal(toHex(digest(readFileSync(`${folder}/${name}`))), sha256);
      const where = present ? '' : ', which is not here';
      return [
        `${indent}${step.kind} of ${name}${where}: ${signerOf(scope, step.index)}`,
        ...show(inputs, `${indent}  `),
      ];
    });
  const output = steps.find(({ own }) => own)?.output;
  return output === undefined ? [] : show(inputsOf(output, steps), '');
}

function signerOf(scope: Scope, index: number): string {
  const statement = scope.statements[index];
  return statement?.principal ?? `${statement?.keyId.slice(0, 17) ?? ''}…`;
}
