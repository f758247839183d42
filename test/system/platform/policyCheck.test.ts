import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import type { CheckJson } from '../../../src/cli/check/json.ts';
import { run } from '../../../src/cli/program.ts';
import type { ReviewPredicate, Stage } from '../../../src/core/evidence/predicates.ts';
import { reviewStatement, sampleName } from '../../../src/core/evidence/statement.ts';
import { ProvenanceError } from '../../../src/core/errors.ts';
import { checklist, checklistChildren } from '../../../src/features/policy/model.ts';
import { sentenceText } from '../../../src/language/policy.ts';
import { prepareDatasetStatement } from '../../../src/platform/datasetService.node.ts';
import { digestFile } from '../../../src/platform/digestFile.node.ts';
import { findEvidence } from '../../../src/platform/evidenceFinder.node.ts';
import { nodeEvidenceStore } from '../../../src/platform/evidenceStore.node.ts';
import { nodeFileStore } from '../../../src/platform/fileStore.node.ts';
import { signerFromPem } from '../../../src/platform/keyFiles.node.ts';
import { startLineageWorker } from '../../../src/platform/lineageSessions.node.ts';
import { toSlashes } from '../../../src/platform/paths.node.ts';
import { userSigstoreFiles } from '../../../src/platform/sigstoreTrust.node.ts';
import { nodeTimers, workerPort } from '../../../src/platform/workerPort.node.ts';
import type { LineageWorkerMethods } from '../../../src/protocol/lineageWorker.ts';
import type { PolicyCheckParams, PolicyProgress } from '../../../src/protocol/policy.ts';
import { Rpc, type CallOptions } from '../../../src/protocol/rpc.ts';
import { randomNumbers } from '../../support/randomNumbers.ts';
import { temporaryFolder } from '../../support/processes.ts';

const CASES = 100;
const STAGES = ['sft', 'pretraining'] as const;
const SEVERITIES = ['low', 'high'] as const;

/** Parts of random policies, easier and harder to pass. */
const RULES: Readonly<Record<string, readonly object[]>> = {
  verified: [{ minShare: 1 }, { minShare: 0.5 }, { minCount: 2 }],
  unchanged: [{ allow: ['intact', 'reformatted', 'reordered'] }],
  signers: [{ distinct: 1 }, { distinct: 2 }, { required: ['anna@example.org'] }],
  origins: [{ stages: ['sft'] }, { licences: ['CC-BY-*'] }],
  lineage: [{}],
  flags: [{}, { severity: 'high' }, { by: 'trusted' }],
  advisories: [{}],
  age: [{ maxDays: 30 }, { maxDays: 0 }],
  log: [{ require: 'complete' }, { require: 'kept' }],
  unheardOf: [{}],
};

describe('Checking against a policy', () => {
  const folder = temporaryFolder('provenance-policy');
  const work = join(folder, 'work');
  const config = join(folder, 'config');
  const state = join(folder, 'state');
  const keys = { anna: join(folder, 'anna.pem'), bob: join(folder, 'bob.pem'), eve: join(folder, 'eve.pem') };
  const signers = join(config, 'dataset-provenance', 'allowed_signers');
  /** As it is without them, but that git is not started to ask for more. */
  const trust = ['--allowed-signers', signers];
  const previous = process.cwd();
  const names = ['XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'PATH'] as const;
  const environment = names.map((name) => [name, process.env[name]] as const);
  let worker: PolicyWorkerHere;

  before(async () => {
    // The worker reads what the user has seen of logs from the environment, as it does in the editor.
    process.env['XDG_CONFIG_HOME'] = config;
    process.env['XDG_STATE_HOME'] = state;
    // Without git, which would be started for each call.
    process.env['PATH'] = '';
    mkdirSync(join(work, '.provenance'), { recursive: true });
    process.chdir(work);
    for (const name of ['anna', 'bob'] as const) {
      await ok('keygen', '--out', keys[name], '--trust', '--name', `${name}@example.org`);
    }
    await ok('keygen', '--out', keys.eve);
    worker = new PolicyWorkerHere(work, join(config, 'dataset-provenance'));
  });
  after(() => {
    worker.dispose();
    process.chdir(previous);
    for (const [name, value] of environment) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });

  it(`shows in the editor what the program says, on ${CASES} random datasets`, async () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= CASES; seed++) {
      const random = randomNumbers(seed);
      const names = await randomDatasets(random, seed);
      writeFileSync('.provenance/policy.jsonc', randomPolicy(random));
      const [{ stdout }, verdict] = await Promise.all([
        program('check', ...names, '--json', ...trust),
        worker.check(names),
      ]);
      const json = JSON.parse(stdout) as CheckJson;
      // Without rules the editor shows nothing, and the program lets nothing pass.
      if (!verdict) {
        assert.equal(json.passed, false);
        continue;
      }
      assert.equal(verdict.passed, json.passed);
      const shown = checklist(verdict).map((node) => {
        assert.ok(node.kind === 'rule');
        const children = checklistChildren(node);
        const { rule, passed, summary } = node.result;
        return {
          rule,
          passed,
          summary: sentenceText(summary, below),
          remedy: children.flatMap((child) =>
            child.kind === 'remedy' ? [sentenceText(child.sentence, below)] : [],
          ),
          findings: children.flatMap((child) =>
            child.kind === 'finding'
              ? [
                  `${below(child.finding.dataset)}:${child.finding.line ?? ''} ${sentenceText(child.finding.sentence, below)}`,
                ]
              : [],
          ),
          more: children.reduce((sum, child) => sum + (child.kind === 'more' ? child.count : 0), 0),
        };
      });
      const said = json.rules.map(({ rule, passed, summary, remedy, findings, more }) => ({
        rule,
        passed,
        summary,
        remedy: remedy === undefined || passed ? [] : [remedy],
        findings: findings.map(({ dataset, line, message }) => `${dataset}:${line ?? ''} ${message}`),
        more,
      }));
      assert.deepEqual(
        [...shown].sort((a, b) => a.rule.localeCompare(b.rule)),
        [...said].sort((a, b) => a.rule.localeCompare(b.rule)),
        `case ${seed}`,
      );
      for (const { rule, passed } of json.rules) outcomes.add(`${rule} ${String(passed)}`);
      for (const name of names) rmSync(name, { force: true });
      rmSync('.provenance', { recursive: true, force: true });
      mkdirSync('.provenance');
      // Else the evidence of the last case would be missed in the next.
      rmSync(state, { recursive: true, force: true });
    }
    // The cases are worth something only where rules pass and fail.
    for (const rule of ['verified', 'flags', 'advisories', 'log', 'signers', 'origins', 'unchanged', 'age']) {
      assert.ok(
        outcomes.has(`${rule} true`) && outcomes.has(`${rule} false`),
        `${rule}: ${[...outcomes].join(', ')}`,
      );
    }
  });

  it('reports how far it is, and stops when it is told to', async () => {
    writeFileSync('.provenance/policy.jsonc', JSON.stringify({ rules: { verified: { minShare: 1 } } }));
    writeFileSync('a.jsonl', '{"a":1}\n');
    writeFileSync('b.jsonl', '{"b":1}\n');
    const seen = new Set<string>();
    await worker.check(['a.jsonl', 'b.jsonl'], {
      onProgress: (value) => {
        const { nth, of, dataset } = value as PolicyProgress;
        seen.add(`${nth}/${of} ${below(dataset)}`);
      },
    });
    assert.deepEqual([...seen], ['1/2 a.jsonl', '2/2 b.jsonl']);
    const controller = new AbortController();
    controller.abort();
    await assert.rejects(worker.check(['a.jsonl'], { signal: controller.signal }), { code: 'cancelled' });
  });

  it('denies a dataset that is not there', async () => {
    writeFileSync('.provenance/policy.jsonc', JSON.stringify({ rules: { verified: { minShare: 0 } } }));
    const verdict = await worker.check(['nowhere.jsonl']);
    assert.equal(verdict?.passed, false);
    assert.deepEqual(
      verdict.rules.filter(({ passed }) => !passed).map(({ rule }) => rule),
      ['datasets', 'log', 'verified'].filter((rule) =>
        verdict.rules.some((r) => r.rule === rule && !r.passed),
      ),
    );
  });

  it('throws what is wrong with the policy file', async () => {
    rmSync('.provenance/policy.jsonc', { force: true });
    await assert.rejects(
      worker.check(['a.jsonl']),
      (error) => error instanceof ProvenanceError && error.code === 'not-found',
    );
  });

  /** One to three datasets, signed by this one or that one, changed since, flagged, cleared. @returns their names */
  async function randomDatasets(random: (below: number) => number, seed: number): Promise<string[]> {
    const names: string[] = [];
    const count = random(3) === 0 ? 1 + random(3) : 1;
    for (let nth = 0; nth < count; nth++) {
      const name = `t${seed}-${nth}.jsonl`;
      const rows = Array.from({ length: 1 + random(5) }, (_, row) => ({
        id: `${seed}.${nth}.${row}`,
        ...(random(2) === 0 && { license: 'CC-BY-4.0' }),
      }));
      const write = () => {
        writeFileSync(name, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      };
      write();
      names.push(name);
      for (const signer of ['anna', 'bob', 'eve'] as const) {
        if ((random(signer === 'anna' ? 6 : 3) === 0) === (signer === 'anna')) continue;
        const stage = random(2) === 0 ? STAGES[random(2)] : undefined;
        await signDataset(name, keys[signer], stage);
      }
      if (random(3) === 0) {
        const by = random(2) === 0 ? keys.bob : keys.eve;
        const row = random(rows.length);
        const severity = SEVERITIES[random(2)]!;
        const flag = await review(name, row, by, { verdict: 'flagged', severity });
        if (random(2) === 0)
          await review(name, row, keys.anna, { verdict: 'cleared', severity, supersedes: flag });
      }
      if (random(4) === 0) {
        rows[random(rows.length)]!.id = 'changed';
        write();
      }
      if (random(8) === 0) cutEvidence(name);
    }
    return names;
  }

  /** Takes the last line of the evidence away, if there is any. */
  function cutEvidence(name: string): void {
    const bundle = `.provenance/${name}.intoto.jsonl`;
    try {
      const lines = readFileSync(bundle, 'utf8').trimEnd().split('\n');
      writeFileSync(
        bundle,
        lines
          .slice(0, -1)
          .map((line) => `${line}\n`)
          .join(''),
      );
    } catch {
      // Nobody signed it.
    }
  }
});

function randomPolicy(random: (below: number) => number): string {
  const rules: Record<string, object> = {};
  for (const [name, choices] of Object.entries(RULES)) {
    const isRare = name === 'unheardOf' || name === 'lineage';
    if (random(isRare ? 12 : 2) === 0) rules[name] = choices[random(choices.length)]!;
  }
  return `// A comment.\n${JSON.stringify({ rules }, undefined, 1)}\n`;
}

/** As `provenance sign`, without its look for default keys, which starts git. */
async function signDataset(name: string, key: string, stage: Stage | undefined): Promise<void> {
  const path = `${toSlashes(process.cwd())}/${name}`;
  const files = nodeFileStore();
  const { samples } = await digestFile(path);
  const claim = {
    mediaType: 'application/jsonl',
    timeCreated: new Date().toISOString(),
    ...(stage && { origin: { stage } }),
  };
  const { payload } = await prepareDatasetStatement(files, path, samples, claim);
  const signer = signerFromPem(readFileSync(key, 'utf8'), key);
  await nodeEvidenceStore(files).appendPayload(path, payload, signer);
}

/** As `provenance flag`. @returns the digest of the envelope */
async function review(
  name: string,
  row: number,
  key: string,
  what: Pick<ReviewPredicate, 'verdict' | 'severity' | 'supersedes'>,
): Promise<string> {
  const path = `${toSlashes(process.cwd())}/${name}`;
  const { samples } = await digestFile(path);
  const sha256 = Buffer.from(samples.digests.subarray(row * 32, (row + 1) * 32)).toString('hex');
  const statement = reviewStatement([{ name: sampleName(name, row + 1), sha256 }], {
    ...what,
    category: 'poisoning',
    reason: 'odd',
    timeCreated: new Date().toISOString(),
  });
  const signer = signerFromPem(readFileSync(key, 'utf8'), key);
  return (await nodeEvidenceStore(nodeFileStore()).append(path, statement, signer)).envelopeDigest;
}

/** Runs the program in this process. */
async function program(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const code = await run(args, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    env: process.env,
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr };
}

async function ok(...args: string[]): Promise<void> {
  const { code, stderr } = await program(...args);
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
}

function below(path: string): string {
  const start = `${toSlashes(process.cwd())}/`;
  return path.startsWith(start) ? path.slice(start.length) : path;
}

/** The lineage worker's end of a channel in this thread, asked as the editor asks it. */
class PolicyWorkerHere {
  private readonly channel = new MessageChannel();
  private readonly stop = startLineageWorker(workerPort(this.channel.port1));
  private readonly rpc = new Rpc<LineageWorkerMethods, Record<never, never>>(
    workerPort(this.channel.port2),
    {},
    nodeTimers,
  );

  constructor(
    private readonly work: string,
    private readonly config: string,
  ) {}

  async check(names: readonly string[], options?: CallOptions) {
    const work = toSlashes(process.cwd());
    const params: PolicyCheckParams = {
      ...(await findEvidence([this.work])),
      folders: [work],
      allowedSigners: [`${this.config}/allowed_signers`],
      sigstore: userSigstoreFiles(this.config),
      datasets: names.map((name) => `${work}/${name}`),
      policy: `${work}/.provenance/policy.jsonc`,
    };
    return await this.rpc.call('checkPolicy', params, options);
  }

  dispose(): void {
    this.rpc.dispose();
    this.stop();
    this.channel.port1.close();
  }
}
