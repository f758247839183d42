import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { asProvenanceError } from '../core/errors.ts';
import { evidencePaths } from '../core/evidence/layout.ts';
import { parseSshPublicKey } from '../core/evidence/sshKey.ts';
import { MAX_REASON_LENGTH } from '../core/evidence/statement.ts';
import { MAX_SSHSIG_BYTES } from '../core/evidence/sshSig.ts';
import { acceptanceOf } from '../core/log/acceptance.ts';
import { checkpointKey } from '../core/log/checkpoint.ts';
import { checkCheckpointSignature, type CheckpointSignature } from '../core/log/checkpointSignature.ts';
import type { LogState } from '../core/log/logState.ts';
import { storedCheckpoint } from '../core/log/storedCheckpoint.ts';
import { formatVerifierKey } from '../core/log/signedNote.ts';
import type { StatementScope } from '../core/trust/scope.ts';
import { fullSignerName } from '../language/explain.ts';
import { explainLog } from '../language/log.ts';
import { nodeEvidenceStore } from '../platform/evidenceStore.node.ts';
import { nodeFileStore } from '../platform/fileStore.node.ts';
import { userLogMemory } from '../platform/logMemory.node.ts';
import { toSlashes } from '../platform/paths.node.ts';
import { usageError, type Arguments } from './arguments.ts';
import { defineCommand, oneFile } from './command.ts';
import { datasetPath, type DatasetPath } from './dataset.ts';
import { Judge } from './judge.ts';
import { logJson, type LogJson } from './json.ts';
import { checkProof, prove } from './logProof.ts';
import { problemRows } from './report.ts';
import { KEY_HELP, KEY_OPTION, signingKey, timeNow } from './signingKey.ts';
import { say, sayJson, sayRows, warn, type Io, type Row, type Tone } from './terminal.ts';
import { judgeOptions, SCOPE_HELP, SCOPE_OPTIONS } from './verify.ts';

const OPTIONS = {
  witness: { type: 'string', multiple: true },
  reason: { type: 'string' },
  line: { type: 'string' },
  statement: { type: 'string' },
  row: { type: 'string' },
  output: { type: 'string', short: 'o' },
  ...KEY_OPTION,
  ...SCOPE_OPTIONS,
} as const;

export type LogOptions = Arguments<typeof OPTIONS>['options'];
type OptionName = keyof typeof OPTIONS;

interface Action {
  /** The options that it takes. */
  readonly options: readonly OptionName[];
  run(operands: readonly string[], options: LogOptions, io: Io): Promise<number>;
}

const SCOPE = [...(Object.keys(SCOPE_OPTIONS) as OptionName[]), 'witness'] as const;

const ACTIONS: Readonly<Record<string, Action>> = {
  check: { options: SCOPE, run: check },
  prove: { options: [...SCOPE, 'line', 'statement', 'output'], run: prove },
  'check-proof': { options: [...SCOPE, 'row'], run: checkProof },
  accept: { options: [...SCOPE, 'reason', ...(Object.keys(KEY_OPTION) as OptionName[])], run: accept },
  forget: { options: [], run: forget },
};

const EXIT = { fine: 0, findings: 1 } as const;

export const log = defineCommand({
  summary: 'Say whether evidence is missing, and prove that a row was signed',
  help: `Usage: provenance log check FILE…
       provenance log prove FILE --line N -o PROOF.tlog-proof
       provenance log check-proof PROOF.tlog-proof [--row TEXT]
       provenance log accept FILE --reason TEXT
       provenance log forget FILE…

The evidence of a dataset is a log: each statement is signed together with a checkpoint over all
that stand there. So lines that were removed or changed are noticed, by the checkpoint, and by what
you have seen of the log before, which is kept in your own state folder. Only a log that is complete
says that a flag which is not there was never raised there.

check        what the logs of datasets show, and whether the signature for ssh-keygen beside each
             checkpoint is over it, by whoever signed it
prove        writes a proof that the row on a line is in what was signed, for those who have nothing
             but that row. No other row stands in it. With --statement N instead of --line: that the
             statement on line N of the evidence is in the log
check-proof  checks such a proof, and who signed. With --row TEXT also that it is of this row
accept       where evidence is missing: signs, in the log, that you know and why, so that it can be
             added to again. Everyone can read it
forget       takes what stands there now for all that you have seen. It helps where a dataset was
             replaced by an older one on purpose, as git does when it changes branches

Options:
  --line N                 Of prove: line of the dataset; FILE:N means the same
  --statement N            Of prove: line of the evidence
  -o, --output FILE        Of prove: the proof, a new file
  --row TEXT               Of check-proof: the row, a JSON text
  --reason TEXT            Of accept: why evidence is missing; it is signed and kept with the dataset
  --witness FILE           Count cosignatures of these witnesses too: a verifier key a line (C2SP);
                           may be repeated. Yours are in the file "witnesses" of your
                           configuration folder
${KEY_HELP}
${SCOPE_HELP}

Exit code: 0; 1 when a log is not complete, the signature for ssh-keygen is not valid, or a proof
does not hold or is not by a trusted signer; 2 for wrong use, and when a file could not be read.

Examples:
  provenance log check shards/*.jsonl
  provenance log prove train.jsonl --line 12 -o row12.tlog-proof
  provenance log check-proof row12.tlog-proof --row '{"text": "Good evening"}'
`,
  options: OPTIONS,
  async run({ options, operands }, io) {
    const [name, ...rest] = operands;
    const action = name !== undefined && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (!action) {
      const list = Object.keys(ACTIONS).join(', ');
      throw name === undefined
        ? usageError('Say what to do: one of {list}.', { list })
        : usageError('There is no "log {name}"; it is one of {list}.', { name, list });
    }
    const foreign = (Object.keys(options) as OptionName[]).find((option) => !action.options.includes(option));
    if (foreign !== undefined) {
      throw usageError('"log {name}" takes no --{option}.', { name: name ?? '', option: foreign });
    }
    return await action.run(rest, options, io);
  },
});

/** A judge with the user's options. */
export async function judgeFor(options: LogOptions, io: Io): Promise<Judge> {
  const judge = await Judge.create(io, { ...judgeOptions(options), witnesses: options.witness ?? [] });
  if (!options.json) for (const problem of judge.trust.problems) warn(io, problem.message);
  return judge;
}

interface LogOfDataset {
  readonly dataset: DatasetPath;
  readonly state: LogState;
  readonly scope: StatementScope;
}

interface CheckedLog extends LogOfDataset {
  /** Undefined where evidence was removed, or there is no checkpoint that can be read. */
  readonly signature: CheckpointSignature | undefined;
}

/** What `provenance log check --json` prints of a dataset. */
type CheckedJson = LogJson & {
  readonly path: string;
  /** By which others verify the checkpoint, as C2SP writes it. */
  readonly verifierKey?: string;
  /** The SSHSIG over the checkpoint; absent where evidence was removed, or there is no checkpoint that can be read. */
  readonly sshSignature?: SshSignatureJson;
};

interface SshSignatureJson {
  readonly standing: CheckpointSignature['standing'];
  readonly keyId?: string;
  readonly problem?: string;
}

async function check(operands: readonly string[], options: LogOptions, io: Io): Promise<number> {
  if (operands.length === 0) throw usageError('Say which datasets.');
  const judge = await judgeFor(options, io);
  const checked: CheckedLog[] = [];
  for (const given of operands) {
    const found = await stateOf(judge, given);
    const result = { ...found, signature: await signatureOf(found) };
    if (!options.json) {
      if (checked.length > 0) say(io);
      sayLog(io, result);
    }
    checked.push(result);
  }
  if (options.json) sayJson(io, { version: 1, logs: checked.map(checkedJson) });
  const isFine = checked.every(
    ({ state, signature }) => state.standing === 'complete' && signature?.standing === 'valid',
  );
  return isFine ? EXIT.fine : EXIT.findings;
}

async function signatureOf({ dataset, state }: LogOfDataset): Promise<CheckpointSignature | undefined> {
  // Of a checkpoint that does not count, nobody looks who signed it.
  if (state.standing === 'removed') return undefined;
  try {
    const checkpoint = await storedCheckpoint(dataset.path, nodeFileStore());
    if (!checkpoint) return undefined;
    const path = evidencePaths(dataset.path).checkpointSignature;
    const signature = await nodeFileStore().read(path, MAX_SSHSIG_BYTES);
    return checkCheckpointSignature(checkpoint.note, signature, state.checkpoint?.keyId);
  } catch (error) {
    return { standing: 'invalid', error: asProvenanceError(error) };
  }
}

async function stateOf(judge: Judge, given: string): Promise<LogOfDataset> {
  const dataset = await datasetPath(given);
  const scope = await judge.statementsAbout(dataset.path);
  return { dataset, scope, state: scope.logs.get(evidencePaths(dataset.path).bundle)! };
}

function checkedJson(checked: CheckedLog): CheckedJson {
  const key = verifierKey(checked);
  const { dataset, state, signature } = checked;
  return {
    path: dataset.given,
    ...logJson(state),
    ...(key !== undefined && { verifierKey: key }),
    ...(signature && { sshSignature: signatureJson(signature) }),
  };
}

function signatureJson(signature: CheckpointSignature): SshSignatureJson {
  if (!('error' in signature)) return signature;
  const { error, ...rest } = signature;
  return { ...rest, problem: error.message };
}

/** Of who signed the checkpoint. */
function verifierKey({ state, scope }: CheckedLog): string | undefined {
  const { checkpoint, origin } = state;
  const signed = scope.statements.find(
    ({ own, keyId, publicKey }) => own && keyId === checkpoint?.keyId && publicKey !== undefined,
  );
  if (origin === undefined || signed?.publicKey === undefined) return undefined;
  const key = parseSshPublicKey(signed.publicKey);
  const { ed25519 } = key.certified ?? key;
  return ed25519 && formatVerifierKey(checkpointKey(origin, ed25519));
}

const TONES: Readonly<Record<LogState['standing'], Tone>> = {
  complete: 'good',
  unsigned: 'warning',
  removed: 'bad',
  empty: 'warning',
  unreadable: 'warning',
};

function sayLog(io: Io, checked: CheckedLog): void {
  const { dataset, state, scope } = checked;
  const { checkpoint, seen, size } = state;
  const { bundle } = evidencePaths(dataset.path);
  const problems = scope.problems.filter(({ path }) => path === bundle);
  const key = verifierKey(checked);
  say(io, { text: dataset.given, tone: 'strong' }, ': ', {
    text: state.standing,
    tone: TONES[state.standing],
  });
  say(
    io,
    `  ${explainLog(state) ?? 'There is no evidence of its own, and none is known to have been there.'}`,
  );
  const rows: Row[] = [
    ...(size > 0
      ? [
          { label: 'lines', text: String(size) },
          { label: 'root', text: state.root },
        ]
      : []),
    ...(checkpoint
      ? [
          { label: 'checkpoint', text: `${checkpoint.size} lines, by ${fullSignerName(checkpoint)}` },
          { label: 'witnesses', text: String(checkpoint.witnesses) },
        ]
      : []),
    ...(seen ? [{ label: 'seen', text: `${seen.size} lines on ${seen.time}` }] : []),
    ...(key === undefined ? [] : [{ label: 'key', text: key }]),
    ...signatureRows(checked),
    ...problemRows({ scope: { problems } }),
    ...nextSteps(checked).map((text) => ({ label: 'next', text })),
  ];
  if (rows.length > 0) say(io);
  sayRows(io, rows);
}

function signatureRows({ signature, state }: CheckedLog): Row[] {
  const row = (tone: Tone, text: string): Row[] => [{ label: 'ssh-keygen', tone, text }];
  switch (signature?.standing) {
    case undefined:
      return [];
    case 'valid':
      return row('good', 'the signature over the checkpoint is valid');
    case 'missing':
      return row('warning', 'there is no signature over the checkpoint');
    case 'other-signer':
      return row(
        'bad',
        state.checkpoint
          ? `the signature over the checkpoint is by ${signature.keyId}, not by ${fullSignerName(state.checkpoint)}`
          : `the signature over the checkpoint is by ${signature.keyId}, and nobody here is known to have signed the checkpoint`,
      );
    case 'invalid':
      return row('bad', `the signature is not of this checkpoint. ${signature.error?.message ?? ''}`.trim());
  }
}

function nextSteps({ state, dataset, signature }: CheckedLog): string[] {
  const { given } = dataset;
  switch (state.standing) {
    case 'removed':
      return [
        'Copy .provenance again from where it came from.',
        `If you know why lines are missing, say so for everyone: provenance log accept ${given} --reason TEXT`,
        `Or for yourself alone, where only what you saw before says so, as after git changed branches: provenance log forget ${given}`,
      ];
    case 'unsigned':
      return ['Ask a signer whom you trust to add to the evidence, which signs the log.'];
    case 'complete':
      return signature?.standing === 'valid'
        ? []
        : ['Copy .provenance again from where it came from, or add to the evidence, which signs anew.'];
    default:
      return [];
  }
}

async function accept(operands: readonly string[], options: LogOptions, io: Io): Promise<number> {
  const file = oneFile(operands, 'accept');
  const { reason = '' } = options;
  if (reason === '')
    throw usageError('Give --reason: why is it missing? It is signed and kept with the dataset.');
  if (reason.length > MAX_REASON_LENGTH) {
    throw usageError('--reason has {count} characters, more than the {limit} that are kept.', {
      count: reason.length,
      limit: MAX_REASON_LENGTH,
    });
  }
  const judge = await judgeFor(options, io);
  const { dataset, state } = await stateOf(judge, file);
  // Before a key is asked for.
  const statement = await acceptanceOf(
    dataset.path,
    state,
    { reason, timeCreated: timeNow() },
    nodeFileStore(),
  );
  const signer = await signingKey(options.key, io);
  const store = nodeEvidenceStore(nodeFileStore(), io.cache, io.env);
  await store.append(dataset.path, statement, signer, { acceptRemoved: true });
  say(io, `Signed that lines of the evidence of ${file} are missing: ${state.size} were left.`);
  return EXIT.fine;
}

async function forget(operands: readonly string[], _options: LogOptions, io: Io): Promise<number> {
  if (operands.length === 0) throw usageError('Say which datasets.');
  const judge = await Judge.create(io);
  const memory = userLogMemory(io.env);
  for (const given of operands) {
    if (!(await stat(dirname(resolve(given))).catch(() => undefined))) {
      await memory.replace(toSlashes(resolve(given)), undefined);
      say(io, `What you have seen of the evidence of ${given} is forgotten; its folder is gone.`);
      continue;
    }
    const { dataset, state } = await stateOf(judge, given);
    const { origin, size, root } = state;
    await memory.replace(
      dataset.path,
      origin === undefined ? undefined : { origin, size, root, time: timeNow() },
    );
    say(io, `What you have seen of the evidence of ${given} is what stands there now: ${size} lines.`);
    if ((await stateOf(judge, given)).state.standing === 'removed') {
      warn(
        io,
        `Evidence of ${given} is still missing: the checkpoint beside it knows more. See "provenance log check".`,
      );
    }
  }
  return EXIT.fine;
}
