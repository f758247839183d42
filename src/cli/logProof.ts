import { toHex } from '../core/bytes/hex.ts';
import { asProvenanceError, formatMessage, ProvenanceError } from '../core/errors.ts';
import { MAX_BUNDLE_BYTES, bundleLines } from '../core/evidence/bundle.ts';
import { evidencePaths } from '../core/evidence/layout.ts';
import { parseSshPublicKey, signatureVerifier } from '../core/evidence/sshKey.ts';
import { checkpointKey, parseCheckpoint, type SignedCheckpoint } from '../core/log/checkpoint.ts';
import { EvidenceLog } from '../core/log/evidenceLog.ts';
import { removedLines } from '../core/log/logState.ts';
import { checkNote, MAX_NOTE_BYTES } from '../core/log/signedNote.ts';
import {
  checkStatementProof,
  formatStatementProof,
  type ProvenStatement,
  type SampleProof,
} from '../core/log/statementProof.ts';
import { MAX_PROOF_BYTES } from '../core/log/tlogProof.ts';
import { inclusionProof } from '../core/merkle/tree.ts';
import { digestAt, sampleDigest, sampleOnLine } from '../core/sample/digest.ts';
import { findSigner } from '../core/trust/allowedSigners.ts';
import { isDataset } from '../core/trust/baseline.ts';
import { ScopeLoader, type StatementInScope } from '../core/trust/scope.ts';
import { standingWord } from '../language/words.ts';
import { nativeVerifyEd25519 } from '../platform/ed25519.node.ts';
import { nodeFileStore } from '../platform/fileStore.node.ts';
import { NewFile } from '../platform/newFile.node.ts';
import { fastSha256 } from '../platform/sha256.node.ts';
import { usageError } from './arguments.ts';
import { oneFile } from './command.ts';
import { datasetPath, readDataset } from './dataset.ts';
import type { Judge, Judged } from './judge.ts';
import { judgeFor, type LogOptions } from './log.ts';
import { statementText } from './report.ts';
import { parseTarget } from './sample.ts';
import { say, sayJson, sayRows, type Io, type Row } from './terminal.ts';
import { toStatementData } from '../platform/datasetSessions.node.ts';

const EXIT = { fine: 0, findings: 1 } as const;

const verify = signatureVerifier(nativeVerifyEd25519);

/** `provenance log prove`. */
export async function prove(operands: readonly string[], options: LogOptions, io: Io): Promise<number> {
  const { output } = options;
  const target = await parseTarget(oneFile(operands, 'prove'));
  const line = options.line === undefined ? target.line : lineNumber('--line', options.line);
  if (target.line !== undefined && options.line !== undefined) throw usageError('Give the line once.');
  if ((line === undefined) === (options.statement === undefined)) {
    throw usageError('Give --line N, the row to prove, or --statement N, a line of the evidence.');
  }
  if (output === undefined) throw usageError('Give --output FILE: where to write the proof.');
  const { path } = await datasetPath(target.file);
  const { log, bundle, checkpoint, note } = await readLog(path);
  const sample = line === undefined ? undefined : await proveSample(target.file, line, options, io);
  const number = sample?.statement.line ?? lineNumber('--statement', options.statement ?? '');
  const index = log.indexOf(number);
  if (index === undefined || index >= checkpoint.size) {
    throw new ProvenanceError(
      'invalid-proof',
      '{bundle}:{number} is not under the checkpoint over {size} lines, so it cannot be proven; sign something, which signs the log.',
      { bundle: evidencePaths(path).bundle, number, size: checkpoint.size },
    );
  }
  const proof = formatStatementProof({
    line: lineOf(bundle, number),
    index,
    hashes: log.inclusionProof(index, checkpoint.size),
    checkpoint: note,
    ...(sample && { sample: sample.proof }),
  });
  const file = await NewFile.create(output, { replace: false });
  try {
    await file.write(proof);
    await file.commit();
  } finally {
    await file.discard();
  }
  const what = sample ? `row on line ${line ?? 0}` : `statement on line ${number} of the evidence`;
  say(io, `Wrote the proof of the ${what} of ${target.file} to ${output}.`);
  return EXIT.fine;
}

interface ReadLog {
  readonly bundle: Uint8Array;
  readonly log: EvidenceLog;
  readonly checkpoint: SignedCheckpoint;
  readonly note: Uint8Array;
}

/** @throws ProvenanceError `invalid-checkpoint` where there is none, `evidence-removed` where it is of something else */
async function readLog(path: string): Promise<ReadLog> {
  const files = nodeFileStore();
  const paths = evidencePaths(path);
  const bundle = await files.read(paths.bundle, MAX_BUNDLE_BYTES);
  const note = await files.read(paths.checkpoint, MAX_NOTE_BYTES);
  if (!bundle || !note) {
    throw new ProvenanceError(
      'invalid-checkpoint',
      '{path} has no log with a checkpoint, so nothing can be proven; sign it, which starts one.',
      { path },
    );
  }
  const log = EvidenceLog.of(bundle, fastSha256);
  const checkpoint = parseCheckpoint(note);
  const [problem] = removedLines(log, checkpoint, undefined);
  if (problem) {
    throw new ProvenanceError('evidence-removed', '{path}: nothing can be proven. {reason}', {
      path,
      reason: formatMessage(problem.template, problem.args),
    });
  }
  return { bundle, log, checkpoint, note };
}

function lineOf(bundle: Uint8Array, number: number): Uint8Array {
  for (const { line, start, end } of bundleLines(bundle))
    if (line === number) return bundle.slice(start, end);
  throw new ProvenanceError('internal', 'Line {number} of the evidence is gone.', { number });
}

/** The sample on a line, in the newest of the dataset's own statements that has it; a trusted one goes first. */
async function proveSample(
  file: string,
  line: number,
  options: LogOptions,
  io: Io,
): Promise<{ statement: StatementInScope; proof: SampleProof }> {
  const judge = await judgeFor(options, io);
  const judged = await judge.judgeDataset(await readDataset(file, io));
  const { samples } = judged.dataset;
  const row = sampleOnLine(samples, line);
  if (row < 0 || samples.malformed.has(row)) {
    throw new ProvenanceError('sample-not-found', '{file} has no sample on line {line}.', { file, line });
  }
  for (const standing of ['trusted', 'expired', 'untrusted'] as const) {
    for (const statement of ownDatasets(judged).filter((own) => own.standing === standing)) {
      const leaves = judged.scope.leaves.get(statement.index);
      const index = leaves?.table.first(samples.digests, row) ?? -1;
      if (!leaves || index < 0) continue;
      const digest = toHex(digestAt(samples.digests, row));
      const hashes = inclusionProof(leaves.digests, index, fastSha256);
      return { statement, proof: { digest, index, hashes } };
    }
  }
  throw new ProvenanceError(
    'invalid-proof',
    '{file}:{line} is in no dataset statement of its own evidence, so there is nothing to prove; see "provenance show {file}:{line}".',
    { file, line },
  );
}

/** The newest first. */
function ownDatasets({ scope }: Judged): StatementInScope[] {
  return scope.statements.filter((scoped) => scoped.own && isDataset(scoped)).reverse();
}

/** What `provenance log check-proof --json` prints. */
interface ProofJson {
  readonly version: 1;
  /** Whether the proof holds, and both the statement and the checkpoint are by trusted signers. */
  readonly fine: boolean;
  readonly statement: { readonly kind: string; readonly standing: string; readonly keyId: string };
  readonly checkpoint: { readonly origin: string; readonly size: number; readonly signedBy?: string };
  readonly witnesses: number;
  readonly sample?: { readonly digest: string; readonly position: number };
}

/** `provenance log check-proof`. */
export async function checkProof(operands: readonly string[], options: LogOptions, io: Io): Promise<number> {
  const path = oneFile(operands, 'check-proof');
  const bytes = await nodeFileStore().read(path, MAX_PROOF_BYTES);
  if (!bytes) throw new ProvenanceError('not-found', '{path} does not exist.', { path });
  const judge = await judgeFor(options, io);
  let proven: ProvenStatement;
  try {
    proven = checkStatementProof(bytes, fastSha256);
    if (options.row !== undefined) expectRow(proven, options.row);
  } catch (cause) {
    const error = asProvenanceError(cause);
    if (error.code === 'invalid-argument') throw error;
    say(io, { text: path, tone: 'strong' }, ': ', { text: 'does not hold', tone: 'bad' });
    say(io, `  ${error.message}`);
    return EXIT.findings;
  }
  const statement = await gradeStatement(proven, judge, io);
  const signedBy = checkpointSigner(proven, statement, judge);
  const witnesses = judge.trust.witnesses.filter(
    (key) => checkNote(proven.checkpoint.note, key, verify) === 'valid',
  ).length;
  const fine = statement.standing === 'trusted' && signedBy !== undefined;
  if (options.json) {
    const { standing, keyId } = statement;
    const { origin, size } = proven.checkpoint;
    sayJson(io, {
      version: 1,
      fine,
      statement: { kind: proven.statement.kind, standing, keyId },
      checkpoint: { origin, size, ...(signedBy !== undefined && { signedBy }) },
      witnesses,
      ...(proven.sample && { sample: { digest: proven.sample.digest, position: proven.sample.index + 1 } }),
    } satisfies ProofJson);
    return fine ? EXIT.fine : EXIT.findings;
  }
  const verdict = fine ? 'holds' : 'holds, by a signer whom you do not trust';
  say(io, { text: path, tone: 'strong' }, ': ', { text: verdict, tone: fine ? 'good' : 'warning' });
  say(io);
  sayRows(io, [
    ...sampleRows(proven, options.row !== undefined),
    { label: 'dataset', text: statement.statement.subjects[0]?.name ?? '' },
    { label: 'statement', text: statementText({ ...toStatementData(statement), own: true }) },
    {
      label: 'log',
      text:
        `line ${proven.index + 1} of ${proven.checkpoint.size}, ` +
        (signedBy === undefined ? 'by nobody whom you trust' : `signed by ${signedBy}`),
    },
    { label: 'witnesses', text: String(witnesses) },
    ...(statement.standing === 'trusted'
      ? []
      : [
          {
            label: 'next',
            text: `Its signer is ${standingWord(statement.standing)}: ask who they are before you rely on it.`,
          },
        ]),
  ]);
  return fine ? EXIT.fine : EXIT.findings;
}

function sampleRows({ sample, statement }: ProvenStatement, compared: boolean): Row[] {
  if (!sample || statement.kind !== 'dataset') return [];
  const { count } = statement.predicate.samples;
  return [
    { label: 'sample', text: `${sample.index + 1} of the ${count} that were signed` },
    { label: 'digest', text: compared ? `${sample.digest}, of the row that you gave` : sample.digest },
  ];
}

/** @throws ProvenanceError `invalid-proof`; `invalid-argument` where the text is no sample */
function expectRow({ sample }: ProvenStatement, text: string): void {
  if (!sample) throw usageError('The proof is of a statement, not of a row; leave out --row.');
  let digest: string;
  try {
    digest = toHex(sampleDigest(new TextEncoder().encode(text), fastSha256));
  } catch (cause) {
    throw usageError('--row is not a row: {reason}', { reason: asProvenanceError(cause).message });
  }
  if (digest === sample.digest) return;
  throw new ProvenanceError(
    'invalid-proof',
    'The proof is of another row: {expected}, and the one that you gave has the digest {digest}.',
    { expected: sample.digest, digest },
  );
}

/** Grades the statement as one that stands in the workspace, so that what is revoked there does not count. */
async function gradeStatement(proven: ProvenStatement, judge: Judge, io: Io): Promise<StatementInScope> {
  const path = `${judge.workspace}/proof`;
  const files = nodeFileStore();
  const loader = new ScopeLoader(
    {
      ...files,
      read: (file, limit) => (file === path ? Promise.resolve(proven.line) : files.read(file, limit)),
      stat: (file) =>
        file === path ? Promise.resolve({ size: proven.line.length, mtime: 0 }) : files.stat(file),
    },
    fastSha256,
    undefined,
    verify,
  );
  const { bundles } = await judge.lineageScope();
  const request = {
    dataset: undefined,
    bundles: [...bundles, path],
    advisories: [],
    signers: judge.trust.entries,
  };
  const { statements } = await loader.loadStatements(request, io.signal);
  return statements.find(({ bundle }) => bundle === path)!;
}

/** The name of a trusted signer of the checkpoint: of the statement, or anyone who is trusted now. */
function checkpointSigner(
  { checkpoint }: ProvenStatement,
  statement: StatementInScope,
  judge: Judge,
): string | undefined {
  const isBy = (ed25519: Uint8Array | undefined): boolean =>
    ed25519 !== undefined &&
    checkNote(checkpoint.note, checkpointKey(checkpoint.origin, ed25519), verify) === 'valid';
  if (statement.standing === 'trusted' && statement.publicKey !== undefined) {
    const key = parseSshPublicKey(statement.publicKey);
    if (isBy((key.certified ?? key).ed25519)) return statement.principal ?? statement.keyId;
  }
  for (const { key } of judge.trust.entries) {
    const found = findSigner(judge.trust.entries, key, Date.now());
    if (found.standing === 'trusted' && isBy(key.ed25519)) return found.principal;
  }
  return undefined;
}

function lineNumber(option: string, text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw usageError('{option} is a line number, counted from 1, not "{text}".', { option, text });
}
