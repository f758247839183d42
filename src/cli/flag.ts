import { ProvenanceError, throwIfCancelled } from '../core/errors.ts';
import type { EvidenceStore } from '../core/evidence/evidenceStore.ts';
import { evidencePaths } from '../core/evidence/layout.ts';
import { CATEGORIES, SEVERITIES, type ReviewPredicate } from '../core/evidence/predicates.ts';
import {
  MAX_REASON_LENGTH,
  reviewStatement,
  sampleName,
  type KnownStatement,
  type Subject,
} from '../core/evidence/statement.ts';
import type { Review, ReviewThread } from '../core/trust/reviews.ts';
import type { StatementScope } from '../core/trust/scope.ts';
import { toStatementData } from '../platform/datasetSessions.node.ts';
import { nodeEvidenceStore } from '../platform/evidenceStore.node.ts';
import { nodeFileStore } from '../platform/fileStore.node.ts';
import { usageError } from './arguments.ts';
import { defineCommand, oneFile, oneOf } from './command.ts';
import { datasetPath, readDataset, subjectsOfLines } from './dataset.ts';
import { Judge } from './judge.ts';
import { countOf, parseLines } from './lines.ts';
import { lineList, reviewText } from './report.ts';
import { KEY_HELP, KEY_OPTION, signingKey, timeNow } from './signingKey.ts';
import { say, warn, type Io } from './terminal.ts';

/** Fewest hex digits by which a step is named. */
const MIN_PREFIX = 8;

const OPTIONS = {
  lines: { type: 'string' },
  dataset: { type: 'boolean' },
  step: { type: 'string' },
  category: { type: 'string' },
  severity: { type: 'string' },
  reason: { type: 'string' },
  clear: { type: 'boolean' },
  ...KEY_OPTION,
} as const;

/** What is flagged or cleared, and how a sentence calls it. */
interface Target {
  /** Path of the dataset in whose evidence the review goes. */
  readonly path: string;
  readonly subjects: readonly (Subject & { readonly line?: number })[];
  /** `2 samples of train.jsonl, on lines 4, 9`. */
  readonly what: string;
  /** `lines 4, 9 of train.jsonl`. */
  readonly place: string;
}

export const flag = defineCommand({
  summary: 'Flag suspicious samples, a dataset or a step, or clear flags',
  help: `Usage: provenance flag FILE --lines LINES --category CATEGORY --severity SEVERITY --reason TEXT
       provenance flag FILE --dataset --category CATEGORY --severity SEVERITY --reason TEXT
       provenance flag FILE --step DIGEST --category CATEGORY --severity SEVERITY --reason TEXT
       provenance flag FILE (--lines LINES | --dataset | --step DIGEST) --clear --reason TEXT

Adds a signed review to .provenance/FILE.intoto.jsonl. It names samples by digest, so that it
reaches every copy of them, in whatever file of a workspace with this evidence. What was made of
them by recorded steps shows as flagged upstream; "provenance impact" lists it.
With --clear, answers the open flags. A flag stays open unless the answer comes from a trusted
signer, or from the one who raised it.

Options:
  --lines LINES         These samples, such as 4,9 or 7-9
  --dataset             The file as it is now, by its bytes: all its samples show as flagged upstream
  --step DIGEST         A step in the file's evidence, by the digest of its envelope or the first
                        ${MIN_PREFIX} digits of it ("provenance show FILE --json" has it): all that it made
  --category CATEGORY   ${CATEGORIES.slice(0, 5).join(', ')},
                        ${CATEGORIES.slice(5).join(', ')}
  --severity SEVERITY   ${SEVERITIES.join(', ')}
  --reason TEXT         Why; it is signed and kept with the dataset
  --clear               Clear the open flags instead
${KEY_HELP.replaceAll('\n  ', '\n    ').replace('--key PEM  ', '--key PEM    ')}

Examples:
  provenance flag train.jsonl --lines 4,9 --category backdoor-trigger --severity high \\
      --reason "the same odd phrase before a wrong answer"
  provenance flag train.jsonl --lines 4 --clear --reason "the phrase is in the source too"
  provenance flag crawl.jsonl --dataset --category poisoning --severity medium \\
      --reason "the site was taken over in May"
`,
  options: OPTIONS,
  async run({ options, operands }, io) {
    const file = oneFile(operands, 'flag');
    const chosen = [options.lines, options.dataset, options.step].filter((option) => option !== undefined);
    if (chosen.length === 0) throw usageError('Give --lines, such as --lines 4,9; or --dataset, or --step.');
    if (chosen.length > 1) throw usageError('Give one of --lines, --dataset and --step.');
    const target = (): Promise<Target> => {
      if (options.step !== undefined) return stepTarget(file, options.step, io);
      return options.lines === undefined ? datasetTarget(file, io) : lineTarget(file, options.lines, io);
    };
    // Before a long read.
    if (options.lines !== undefined) parseLines(options.lines);
    const reason = reasonOf(options.reason);
    if (options.clear) {
      if (options.category !== undefined || options.severity !== undefined) {
        throw usageError('--clear takes neither --category nor --severity: the flag has them.');
      }
      const clearing = new Clearing(await signingKey(options.key, io), reason, io);
      await clearing.clear(await target());
      return 0;
    }
    const category = oneOf('--category', options.category, CATEGORIES);
    const severity = oneOf('--severity', options.severity, SEVERITIES);
    const signer = await signingKey(options.key, io);
    const { path, subjects, what } = await target();
    const predicate: ReviewPredicate = {
      verdict: 'flagged',
      category,
      severity,
      reason,
      timeCreated: timeNow(),
    };
    await evidenceStore(io).append(path, reviewStatement(subjects, predicate), signer);
    say(io, `Flagged ${what}.`);
    return 0;
  },
});

async function lineTarget(file: string, lines: string, io: Io): Promise<Target> {
  const dataset = await readDataset(file, io);
  const subjects = subjectsOfLines(dataset, parseLines(lines));
  const where = lineList(subjects.map(({ line }) => line));
  const what = `${countOf(subjects.length, 'sample')} of ${file}, on ${where}`;
  return { path: dataset.path, subjects, what, place: `${where} of ${file}` };
}

async function datasetTarget(file: string, io: Io): Promise<Target> {
  const { path, name, samples } = await readDataset(file, io);
  const what = `the dataset ${file} as it is now`;
  return { path, subjects: [{ name, sha256: samples.sha256 }], what, place: what };
}

/** @throws ProvenanceError `invalid-argument` for a digest of no step, or of several */
async function stepTarget(file: string, digest: string, io: Io): Promise<Target> {
  const { path } = await datasetPath(file);
  const prefix = digest.toLowerCase();
  if (!/^[0-9a-f]+$/.test(prefix) || prefix.length < MIN_PREFIX || prefix.length > 64) {
    throw usageError(
      '--step takes the digest of an envelope, or {count} or more digits of it, not "{digest}".',
      {
        count: MIN_PREFIX,
        digest,
      },
    );
  }
  const { entries } = await evidenceStore(io).loadBundle(path);
  const steps = entries.filter(
    ({ statement, envelopeDigest }) => statement.kind === 'step' && envelopeDigest.startsWith(prefix),
  );
  const found = new Map(steps.map((entry) => [entry.envelopeDigest, entry]));
  const [entry] = found.values();
  if (!entry) {
    throw usageError('The evidence of {file} has no step {digest}; "provenance show {file}" lists them.', {
      file,
      digest,
    });
  }
  if (found.size > 1) {
    throw usageError('{count} steps in the evidence of {file} start with {digest}; give more digits.', {
      count: found.size,
      file,
      digest,
    });
  }
  const { bundle } = evidencePaths(path);
  const name = sampleName(bundle.slice(bundle.lastIndexOf('/') + 1), entry.line);
  const kind = entry.statement.kind === 'step' ? stepKind(entry.statement) : '';
  const what = `the step “${kind}” of ${file} (${entry.envelopeDigest.slice(0, 12)})`;
  return { path, subjects: [{ name, sha256: entry.envelopeDigest }], what, place: what };
}

function stepKind({ predicate }: KnownStatement<'step'>): string {
  return predicate.buildDefinition.externalParameters.kind;
}

function reasonOf(text: string | undefined): string {
  const reason = text?.trim() ?? '';
  if (reason === '') throw usageError('Give --reason: why? It is signed and kept with the dataset.');
  if (reason.length <= MAX_REASON_LENGTH) return reason;
  throw usageError('--reason has {count} characters, more than the {limit} that are kept.', {
    count: reason.length,
    limit: MAX_REASON_LENGTH,
  });
}

function evidenceStore(io: Io): EvidenceStore {
  return nodeEvidenceStore(nodeFileStore(), io.cache, io.env);
}

/** Answers open flags. */
class Clearing {
  constructor(
    private readonly signer: Awaited<ReturnType<typeof signingKey>>,
    private readonly reason: string,
    private readonly io: Io,
  ) {}

  /** @throws ProvenanceError `review-not-found` when nothing of the target has an open flag */
  async clear(target: Target): Promise<void> {
    const { io } = this;
    const before = await (await Judge.create(io)).statementsAbout(target.path);
    const flags = openFlags(before, target);
    if (flags.length === 0) {
      throw new ProvenanceError('review-not-found', 'There is no open flag on {place}.', {
        place: target.place,
      });
    }
    for (const { flag: answered, subjects } of flags) {
      throwIfCancelled(io.signal);
      const { category, severity, envelopeDigest } = answered;
      const predicate: ReviewPredicate = {
        verdict: 'cleared',
        category,
        severity,
        reason: this.reason,
        timeCreated: timeNow(),
        supersedes: envelopeDigest,
      };
      await evidenceStore(io).append(target.path, reviewStatement(subjects, predicate), this.signer);
    }
    // Another judge: this one has read what was there before.
    const after = openFlags(await (await Judge.create(io)).statementsAbout(target.path), target);
    for (const { flag: answered, subjects } of flags) {
      const what = `the flag on ${nameOf(target, subjects)}`;
      const statement = before.statements[answered.statement];
      const text = reviewText(answered, statement && toStatementData(statement));
      const stays = after.some(({ flag: { envelopeDigest } }) => envelopeDigest === answered.envelopeDigest);
      if (!stays) say(io, `Cleared ${what}: ${text}.`);
      else {
        say(io, `Answered ${what}: ${text}.`);
        warn(io, `${what} stays open: only a trusted signer, or the one who raised it, can clear it.`);
      }
    }
  }
}

/** `lines 4, 9`, or what else the target is. */
function nameOf({ place }: Target, subjects: Target['subjects']): string {
  const lines = subjects.flatMap(({ line }) => line ?? []);
  return lines.length > 0 ? lineList(lines) : place;
}

/** The open flags on these subjects; a flag with all of them that it names. */
function openFlags(
  { reviews }: Pick<StatementScope, 'reviews'>,
  { subjects }: Target,
): { flag: Review; subjects: Target['subjects'][number][] }[] {
  const flags = new Map<string, { flag: Review; subjects: Target['subjects'][number][] }>();
  for (const subject of subjects) {
    const threads = reviews.stateOfHex(subject.sha256)?.threads ?? [];
    for (const thread of threads.filter(({ effective }) => effective.verdict === 'flagged')) {
      const raised = flagOf(thread);
      const known = flags.get(raised.envelopeDigest);
      if (known) known.subjects.push(subject);
      else flags.set(raised.envelopeDigest, { flag: raised, subjects: [subject] });
    }
  }
  return [...flags.values()];
}

/** What an answer answers: the flag itself. */
function flagOf({ reviews }: ReviewThread): Review {
  return reviews[0]!;
}
