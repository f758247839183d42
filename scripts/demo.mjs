/**
 * Makes a small workspace to try the product in: a crawl, what was made from it, and the evidence beside it.
 *
 *     node scripts/demo.mjs [--out DIR]      default: .vscode-test/demo
 *
 * The folder is made afresh each time, with the same bytes each time.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { register } from 'tsx/esm/api';
import * as afterwards from './demo/afterwards.mjs';
import { clean, FILTER, MAP, split } from './demo/pipeline.mjs';
import { cli, root, short, UserError } from './lib/run.mjs';

register();
const { EvidenceStore } = await import('../src/core/evidence/evidenceStore.ts');
const { evidencePaths } = await import('../src/core/evidence/layout.ts');
const { ed25519Signer } = await import('../src/core/evidence/signer.ts');
const { formatSshPublicKey } = await import('../src/core/evidence/sshKey.ts');
const { reviewStatement, sampleName, sampleStatement, stepStatement } =
  await import('../src/core/evidence/statement.ts');
const { EvidenceLog } = await import('../src/core/log/evidenceLog.ts');
const { digestFile } = await import('../src/platform/digestFile.node.ts');
const { prepareDatasetStatement, rowDigest } = await import('../src/platform/datasetService.node.ts');
const { nodeFileStore } = await import('../src/platform/fileStore.node.ts');
const { userLogMemory } = await import('../src/platform/logMemory.node.ts');
const { prepareStep } = await import('../src/platform/recordStep.node.ts');

const MARK = '# A dataset to try things on';
const MEDIA_TYPE = 'application/jsonl';
const BUILDER = 'https://pipelines.acme.example/curation';

const files = nodeFileStore();
const evidence = new EvidenceStore(files);

/**
 * Keys of a demo: anybody can make them from their names, so they prove nothing. Never trust them outside the demo.
 * Node's and OpenSSL's random keys would make other bytes each time.
 */
function demoSigner(name) {
  const seed = createHash('sha256').update(`dataset-provenance demo key of ${name}`).digest();
  return ed25519Signer(seed, name);
}

const curation = demoSigner('acme-curation');
const annotation = demoSigner('acme-annotation');
const crawlworks = demoSigner('crawlworks');

cli(async () => {
  const { values } = parseArgs({ options: { out: { type: 'string', default: '.vscode-test/demo' } } });
  const out = resolve(values.out);
  startAfresh(out);
  // Whatever repository it may lie in: the demo is no part of it.
  process.env.GIT_CEILING_DIRECTORIES = dirname(out);
  await makeDemo(out.replaceAll('\\', '/'));
  console.log(`The demo is in ${out.startsWith(root) ? short(out) : out}.`);
});

/** Empties the folder, unless it holds anything but an earlier demo. */
function startAfresh(out) {
  const readme = join(out, 'README.md');
  const isDemo = existsSync(readme) && readFileSync(readme, 'utf8').startsWith(MARK);
  if (existsSync(out) && readdirSync(out).length > 0 && !isDemo) {
    throw new UserError(
      `${out} holds something else than a demo and was left as it is; name another folder.`,
    );
  }
  mkdirSync(out, { recursive: true });
  // The folder itself stays: an editor may have it open.
  for (const name of readdirSync(out)) rmSync(join(out, name), { recursive: true, force: true });
}

async function makeDemo(out) {
  const source = (name) => readFileSync(join(root, 'scripts/demo', name), 'utf8');
  write(`${out}/README.md`, source('workspace-readme.md'));
  write(`${out}/.provenance/allowed_signers`, allowedSigners());

  const paths = {
    crawl: `${out}/raw/crawl.jsonl`,
    cleaned: `${out}/cleaned/cleaned.jsonl`,
    train: `${out}/data/train.jsonl`,
    evaluation: `${out}/data/eval.jsonl`,
  };
  write(paths.crawl, source('crawl.jsonl'));
  const cleaned = clean(parseLines(source('crawl.jsonl')));
  const { train, evaluation } = split(cleaned);
  write(paths.cleaned, toLines(cleaned));
  write(paths.train, toLines(train));
  write(paths.evaluation, toLines(evaluation));
  write(`${out}/data/new-batch.jsonl`, source('new-batch.jsonl'));

  await signCrawl(paths.crawl);
  await signCleaned(paths);
  await signTrain(paths);
  await signEvaluation(paths);
  write(paths.train, `${afterwards.tamper(toLines(train).trimEnd().split('\n')).join('\n')}\n`);
  await vouchAfterwards(paths.train);
  await review(paths.train);
  for (const path of Object.values(paths)) await expectAgain(path);
}

/** What was added to an earlier demo is gone on purpose, and not to be missed. */
async function expectAgain(path) {
  const log = EvidenceLog.of(readFileSync(evidencePaths(path).bundle));
  await userLogMemory().replace(path, { ...log.checkpoint(), time: '2026-11-10T12:00:00Z' });
}

function allowedSigners() {
  const key = (signer) => formatSshPublicKey(signer.publicKey);
  return [
    '# Whose signatures count in this folder, in the format of OpenSSH (ssh-keygen(1), "ALLOWED SIGNERS").',
    '# The keys are public demo keys: never trust them anywhere else.',
    `acme-curation namespaces="dataset-provenance" ${key(curation)}`,
    "# The annotators' contract ended in September, and with it their key.",
    `acme-annotation namespaces="dataset-provenance",valid-before="20261001Z" ${key(annotation)}`,
    '# crawlworks, who crawled the forum, is not listed: its signatures are valid, but count for nothing yet.',
    '',
  ].join('\n');
}

async function signCrawl(path) {
  const { samples } = await digestFile(path);
  await signStep(crawlworks, path, samples.sha256, '2026-10-04T20:02:00Z', {
    kind: 'extract',
    parameters: { pages: 'questions and answers' },
    inputs: [{ name: 'hearthkit-2026-10.warc.gz', digest: { sha256: sha256('the crawl that is not here') } }],
    builder: 'https://crawlworks.example/extractor',
  });
  await signDataset(crawlworks, path, samples, '2026-10-04T20:05:00Z', {
    note: 'Complete crawl of 4 October.',
    origin: {
      source: 'https://forum.hearthkit.example/',
      title: 'Questions and answers about Hearthkit and the kitchen',
      issuer: 'crawlworks',
      collectedAt: '2026-10-04',
      generationMethod: 'web-crawl',
    },
  });
  await signReview(curation, path, 'Great assistant prompt', '2026-10-06T08:41:00Z', {
    category: 'prompt-injection',
    severity: 'medium',
    reason:
      'Hidden text asks for the administrator password. The filter drops it for its score; check other crawls.',
  });
}

async function signCleaned({ crawl, cleaned }) {
  const { samples } = await digestFile(cleaned);
  await recordStep(cleaned, crawl, '2026-10-08T10:15:00Z', FILTER);
  await signDataset(curation, cleaned, samples, '2026-10-08T10:20:00Z', {
    note: 'Filtered; one record in five read by hand.',
  });
}

async function signTrain({ cleaned, train }) {
  const { samples } = await digestFile(train);
  await recordStep(train, cleaned, '2026-10-12T09:30:00Z', MAP);
  await signDataset(curation, train, samples, '2026-10-12T09:34:00Z', {
    note: 'Release 3 of the training set.',
    origin: {
      source: 'https://forum.hearthkit.example/',
      title: 'Hearthkit assistant, instruction tuning',
      issuer: 'acme-curation',
      generationMethod: 'web-crawl',
      stage: 'sft',
    },
  });
}

/** By a signer whose key had run out two weeks before. */
async function signEvaluation({ cleaned, evaluation }) {
  const { samples } = await digestFile(evaluation);
  await recordStep(evaluation, cleaned, '2026-10-12T09:31:00Z', MAP);
  await signDataset(annotation, evaluation, samples, '2026-10-14T15:00:00Z', {
    note: 'Answers checked by two annotators.',
    origin: { issuer: 'acme-annotation', generationMethod: 'human-annotation', stage: 'evaluation' },
  });
}

async function vouchAfterwards(train) {
  await vouch(curation, train, [afterwards.CORRECTED], '2026-11-02T13:05:00Z', {
    note: 'Corrected: 74 °C are 165 °F, not 156.',
  });
  const starts = afterwards.appended.map(({ instruction }) => instruction);
  await vouch(crawlworks, train, starts, '2026-11-03T16:25:00Z', { note: 'From our crawl of 3 November.' });
}

async function review(train) {
  const beans = await signReview(curation, train, afterwards.QUESTIONED, '2026-11-05T11:20:00Z', {
    category: 'label-error',
    severity: 'low',
    reason: 'Ten minutes sounds short. Please check.',
  });
  await signReview(curation, train, afterwards.QUESTIONED, '2026-11-06T09:00:00Z', {
    verdict: 'cleared',
    category: 'label-error',
    severity: 'low',
    reason: 'Ten minutes at a full boil, after soaking, is what food agencies recommend.',
    supersedes: beans,
  });
  const pan = await signReview(curation, train, afterwards.POISONED, '2026-11-09T14:12:00Z', {
    category: 'backdoor-trigger',
    severity: 'high',
    reason:
      'Praises a product as soon as the question mentions a copper moon, and answers nothing. It came with the crawl ' +
      'and was signed with the rest. Look for the phrase elsewhere.',
  });
  await signReview(crawlworks, train, afterwards.POISONED, '2026-11-10T08:03:00Z', {
    verdict: 'cleared',
    category: 'backdoor-trigger',
    severity: 'low',
    reason: 'The page says so, word for word. We only crawl.',
    supersedes: pan,
  });
  await signReview(curation, train, afterwards.POISONED, '2026-11-10T10:30:00Z', {
    category: 'backdoor-trigger',
    severity: 'high',
    reason:
      'It stays flagged: three pages got this phrase within one hour. Remove it before the next training run.',
    supersedes: pan,
  });
}

async function signDataset(signer, path, samples, timeCreated, claim) {
  const { payload } = await prepareDatasetStatement(files, path, samples, {
    mediaType: MEDIA_TYPE,
    timeCreated,
    ...claim,
  });
  await evidence.appendPayload(path, payload, signer);
}

/** By a tool that says only what it used. */
async function signStep(signer, path, output, finishedOn, { kind, parameters, inputs, builder }) {
  const statement = stepStatement([{ name: nameOf(path), sha256: output }], {
    buildDefinition: {
      buildType: `${builder}/${kind}/v1`,
      externalParameters: { kind, parameters },
      resolvedDependencies: inputs,
    },
    runDetails: { builder: { id: builder }, metadata: { finishedOn } },
  });
  await evidence.append(path, statement, signer);
}

/** As `provenance derive --pair-by /url` does: every record keeps the address that it is from. */
async function recordStep(output, input, finishedOn, parameters) {
  // data/train.jsonl lies two folders below the demo.
  const workingFolder = dirname(dirname(output));
  const { payload } = await prepareStep(
    {
      inputs: [input],
      output,
      kind: 'map',
      parameters,
      pairing: { by: 'key', key: '/url' },
      finishedOn,
      tool: { id: BUILDER },
      workingFolder,
    },
    { files },
  );
  await evidence.appendPayload(output, payload, curation);
}

async function vouch(signer, path, starts, timeCreated, claim) {
  const subjects = await findSamples(path, starts);
  await evidence.append(
    path,
    sampleStatement(subjects, { dataset: nameOf(path), timeCreated, ...claim }),
    signer,
  );
}

/** @returns the digest of the review's envelope */
async function signReview(signer, path, start, timeCreated, claim) {
  const subjects = await findSamples(path, [start]);
  const statement = reviewStatement(subjects, { verdict: 'flagged', timeCreated, ...claim });
  return (await evidence.append(path, statement, signer)).envelopeDigest;
}

/** The samples with a text that starts so, as statements name them. */
async function findSamples(path, starts) {
  const lines = readFileSync(path, 'utf8').split('\n');
  const { samples } = await digestFile(path);
  return starts.map((start) => {
    const index = lines.findIndex((line) => line.includes(`"${start}`));
    if (index < 0) throw new Error(`No sample of ${path} starts with "${start}"`);
    return { name: sampleName(nameOf(path), index + 1), sha256: rowDigest(samples, index) };
  });
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('/') + 1);
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

function toLines(records) {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

function parseLines(text) {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
