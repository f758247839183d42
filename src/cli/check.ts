import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { asProvenanceError, ProvenanceError } from '../core/errors.ts';
import { EVIDENCE_FOLDER, POLICY } from '../core/evidence/layout.ts';
import { STARTER_POLICY } from '../core/policy/starterPolicy.ts';
import { configFolder } from '../platform/configFolder.node.ts';
import { fileError } from '../platform/fileErrors.node.ts';
import { NewFile } from '../platform/newFile.node.ts';
import { toSlashes } from '../platform/paths.node.ts';
import { findPolicy, readPolicy, type ReadPolicy } from '../platform/policyFile.node.ts';
import { usageError, type Arguments } from './arguments.ts';
import { checkAll } from './check/checkAll.ts';
import { expandDatasets } from './check/datasets.ts';
import { checkJson } from './check/json.ts';
import { junitXml } from './check/junit.ts';
import { sayVerdict } from './check/policyReport.ts';
import { sarifLog } from './check/sarif.ts';
import { shownVerdict, type ShownVerdict } from './check/shownVerdict.ts';
import { signedVerdict } from './check/svr.ts';
import { defineCommand } from './command.ts';
import { startThreadsFor } from './threads.ts';
import { Judge } from './judge.ts';
import { problemJson } from './json.ts';
import { shownPath } from './report.ts';
import { KEY_HELP, KEY_OPTION, signingKey, timeNow } from './signingKey.ts';
import { say, sayJson, warn, type Io } from './terminal.ts';
import { judgeOptions, SCOPE_HELP, SCOPE_OPTIONS } from './verify.ts';

const EXIT = { passed: 0, denied: 1 } as const;

/** The reports that are written to files, or to stdout where the name is `-`. */
const REPORTS = ['sarif', 'junit', 'svr'] as const;
const STDOUT = '-';

const OPTIONS = {
  policy: { type: 'string' },
  sarif: { type: 'string' },
  junit: { type: 'string' },
  svr: { type: 'string' },
  init: { type: 'boolean' },
  ...SCOPE_OPTIONS,
  ...KEY_OPTION,
} as const;

type Options = Arguments<typeof OPTIONS>['options'];

export const check = defineCommand({
  summary: 'Check datasets against a policy, for pipelines',
  help: `Usage: provenance check DATASET… [--policy POLICY] [OPTIONS]
       provenance check --init

Says whether datasets show all that a policy asks of them, rule by rule. All datasets together are
checked as one: files, all datasets in a folder, or those that match a quoted pattern. What cannot
be read, and what is not known, is denied.

Without --policy, it is .provenance/policy.jsonc of the current directory or the nearest above it,
else policy.jsonc in your configuration folder. Never one that came with the data. --init writes one
to start with.

Options:
  --policy POLICY          The policy: JSON with comments
  --sarif FILE             Write the findings as SARIF 2.1.0, for code scanning
  --junit FILE             Write the rules as JUnit XML, for CI systems
  --svr FILE               Write a signed verdict: in-toto Simple Verification Result, in DSSE
${KEY_HELP}
${SCOPE_HELP}

A FILE that is there is replaced; - stands for stdout, where the report for people is left out then.

Exit code: 0 passed, 1 denied, 2 when it could not be checked at all: no policy, no dataset, wrong
use.

Examples:
  provenance check --init
  provenance check train.jsonl
  provenance check shards/ --policy release.jsonc --sarif provenance.sarif
  provenance check 'shards/*.parquet' --junit report.xml --svr verdict.intoto.jsonl
`,
  options: OPTIONS,
  async run({ options, operands }, io) {
    if (options.init) return await init(options, operands, io);
    if (operands.length === 0) throw usageError('Say which datasets to check.');
    const toStdout = REPORTS.filter((report) => options[report] === STDOUT);
    if (toStdout.length + (options.json ? 1 : 0) > 1) throw usageError('Only one report can go to stdout.');
    const policy = await policyInForce(options.policy, io);
    const datasets = await expandDatasets(operands, io.signal);
    refuseOverwriting(options, [policy.path, ...datasets]);
    // Before the datasets, which may take long to read.
    const signer = options.svr === undefined ? undefined : await signingKey(options.key, io);
    void startThreadsFor(datasets, io.pool);
    const judge = await Judge.create(io, judgeOptions(options));
    // The gate goes by the roles of its own policy, and what is wrong with that one is part of the verdict.
    const problems = judge.trust.problems.filter(({ code }) => code !== 'invalid-policy');
    if (!options.json) for (const problem of problems) warn(io, problem.message);

    const verdict = shownVerdict(await checkAll(datasets, policy, judge, io));
    if (options.json) sayJson(io, checkJson(verdict, judge.trust.files, problems.map(trustProblem)));
    else if (toStdout.length === 0) sayVerdict(io, verdict);
    if (options.sarif !== undefined) await write(io, options.sarif, sarifText(verdict));
    if (options.junit !== undefined) await write(io, options.junit, junitXml(verdict));
    if (options.svr !== undefined && signer) {
      if (verdict.datasets.every(({ sha256 }) => sha256 !== undefined)) {
        await write(io, options.svr, await signedVerdict(verdict, timeNow(), signer));
      } else warn(io, 'no verdict was signed, as a dataset that could not be read has no digest to sign.');
    }
    return verdict.passed ? EXIT.passed : EXIT.denied;
  },
});

/** @throws ProvenanceError `not-found` with how to make one, `permission-denied`, as `readPolicy` */
async function policyInForce(named: string | undefined, io: Io): Promise<ReadPolicy> {
  if (named !== undefined) return await readPolicy(toSlashes(resolve(named)));
  const path = await findPolicy(process.cwd(), configFolder(io.env));
  if (path !== undefined) return await readPolicy(path);
  throw new ProvenanceError(
    'not-found',
    'There is no policy: no {name} in the current directory or above it, and none in {config}. Make one with "provenance check --init", or name one with --policy.',
    { name: `${EVIDENCE_FOLDER}/${POLICY}`, config: configFolder(io.env) },
  );
}

/** Writes a policy to start with, with comments. */
async function init(options: Options, operands: readonly string[], io: Io): Promise<number> {
  if (operands.length > 0) {
    throw usageError(
      '--init takes no dataset: "{operand}" is too much. It writes a policy; check with it then.',
      {
        operand: operands[0]!,
      },
    );
  }
  const path = options.policy ?? `${EVIDENCE_FOLDER}/${POLICY}`;
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw fileError(error, path, 'write');
  }
  try {
    await writeFile(path, new TextEncoder().encode(STARTER_POLICY), false);
  } catch (cause) {
    const error = asProvenanceError(cause);
    if (error.code !== 'file-exists') throw error;
    const template = '{path} exists already; edit it, or name another file to write with --policy.';
    throw new ProvenanceError('file-exists', template, { path }, { cause });
  }
  say(
    io,
    `Wrote ${path}. Read it, change it to what you ask of your data, and check: provenance check DATASET`,
  );
  return 0;
}

/** Reports are written over what is there; data is not. @throws ProvenanceError `invalid-argument` */
function refuseOverwriting(options: Options, inputs: readonly string[]): void {
  const read = new Set(inputs);
  for (const report of REPORTS) {
    const file = options[report];
    if (file === undefined || file === STDOUT || !read.has(toSlashes(resolve(file)))) continue;
    throw usageError('--{report} {file} would replace what is checked; name another file.', { report, file });
  }
}

function sarifText(verdict: ShownVerdict): string {
  return `${JSON.stringify(sarifLog(verdict, process.cwd()), undefined, 2)}\n`;
}

async function write(io: Io, file: string, content: string | Uint8Array): Promise<void> {
  if (file === STDOUT) {
    io.stdout.write(typeof content === 'string' ? content : new TextDecoder().decode(content));
    return;
  }
  await writeFile(file, typeof content === 'string' ? new TextEncoder().encode(content) : content, true);
}

async function writeFile(path: string, bytes: Uint8Array, replace: boolean): Promise<void> {
  const file = await NewFile.create(path, { replace });
  try {
    await file.write(bytes);
    await file.commit();
  } finally {
    await file.discard();
  }
}

function trustProblem(error: ProvenanceError) {
  return problemJson({ path: shownPath(String(error.args['path'] ?? '')), error });
}
