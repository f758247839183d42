import { ProvenanceError, throwIfCancelled } from '../core/errors.ts';
import { EvidenceStore } from '../core/evidence/evidenceStore.ts';
import { CATEGORIES, SEVERITIES, type ReviewPredicate } from '../core/evidence/predicates.ts';
import { MAX_REASON_LENGTH, reviewStatement, type Subject } from '../core/evidence/statement.ts';
import { sampleOnLine } from '../core/sample/digest.ts';
import type { Review, ReviewThread } from '../core/trust/reviews.ts';
import { nodeFileStore } from '../platform/fileStore.node.ts';
import { fastSha256 } from '../platform/sha256.node.ts';
import { usageError } from './arguments.ts';
import { defineCommand, oneFile, oneOf } from './command.ts';
import { readDataset, subjectsOfLines, type DatasetFile } from './dataset.ts';
import { Judge, type Judged } from './judge.ts';
import { countOf, parseLines } from './lines.ts';
import { lineList, reviewText } from './report.ts';
import { KEY_HELP, KEY_OPTION, signingKey, timeNow } from './signingKey.ts';
import { say, warn, type Io } from './terminal.ts';

const OPTIONS = {
  lines: { type: 'string' },
  category: { type: 'string' },
  severity: { type: 'string' },
  reason: { type: 'string' },
  clear: { type: 'boolean' },
  ...KEY_OPTION,
} as const;

type LineSubject = Subject & { readonly line: number };

export const flag = defineCommand({
  summary: 'Flag suspicious samples, or clear flags',
  help: `Usage: provenance flag FILE --lines LINES --category CATEGORY --severity SEVERITY --reason TEXT
       provenance flag FILE --lines LINES --clear --reason TEXT

Adds a signed review of these samples to .provenance/FILE.intoto.jsonl. It names them by digest, so
that it reaches every copy of them, in whatever file of a workspace with this evidence.
With --clear, answers the open flags of these samples. A flag stays open unless the answer comes
from a trusted signer, or from the one who raised it.

Options:
  --lines LINES         Such as 4,9 or 7-9
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
`,
  options: OPTIONS,
  async run({ options, operands }, io) {
    const file = oneFile(operands, 'flag');
    if (options.lines === undefined) throw usageError('Give --lines, such as --lines 4,9.');
    const ranges = parseLines(options.lines);
    const reason = reasonOf(options.reason);
    if (options.clear) {
      if (options.category !== undefined || options.severity !== undefined) {
        throw usageError('--clear takes neither --category nor --severity: the flag has them.');
      }
      const clearing = new Clearing(await signingKey(options.key, io), reason, io);
      const dataset = await readDataset(file, io);
      await clearing.clear(dataset, subjectsOfLines(dataset, ranges));
      return 0;
    }
    const category = oneOf('--category', options.category, CATEGORIES);
    const severity = oneOf('--severity', options.severity, SEVERITIES);
    const signer = await signingKey(options.key, io);
    const dataset = await readDataset(file, io);
    const subjects = subjectsOfLines(dataset, ranges);
    const predicate: ReviewPredicate = {
      verdict: 'flagged',
      category,
      severity,
      reason,
      timeCreated: timeNow(),
    };
    await evidenceStore().append(dataset.path, reviewStatement(subjects, predicate), signer);
    say(
      io,
      `Flagged ${countOf(subjects.length, 'sample')} of ${file}, on ${lineList(subjects.map(({ line }) => line))}.`,
    );
    return 0;
  },
});

function reasonOf(text: string | undefined): string {
  const reason = text?.trim() ?? '';
  if (reason === '') throw usageError('Give --reason: why? It is signed and kept with the dataset.');
  if (reason.length <= MAX_REASON_LENGTH) return reason;
  throw usageError('--reason has {count} characters, more than the {limit} that are kept.', {
    count: reason.length,
    limit: MAX_REASON_LENGTH,
  });
}

function evidenceStore(): EvidenceStore {
  return new EvidenceStore(nodeFileStore(), fastSha256);
}

/** Answers open flags. */
class Clearing {
  constructor(
    private readonly signer: Awaited<ReturnType<typeof signingKey>>,
    private readonly reason: string,
    private readonly io: Io,
  ) {}

  /** @throws ProvenanceError `review-not-found` when none of the samples has an open flag */
  async clear(dataset: DatasetFile, subjects: readonly LineSubject[]): Promise<void> {
    const { io } = this;
    const before = await (await Judge.create(io)).judgeDataset(dataset);
    const flags = openFlags(before, subjects);
    if (flags.length === 0) {
      throw new ProvenanceError('review-not-found', 'There is no open flag on {lines} of {file}.', {
        lines: lineList(subjects.map(({ line }) => line)),
        file: dataset.given,
      });
    }
    for (const {
      flag: { category, severity, envelopeDigest },
      subjects: flagged,
    } of flags) {
      throwIfCancelled(io.signal);
      const predicate: ReviewPredicate = {
        verdict: 'cleared',
        category,
        severity,
        reason: this.reason,
        timeCreated: timeNow(),
        supersedes: envelopeDigest,
      };
      await evidenceStore().append(dataset.path, reviewStatement(flagged, predicate), this.signer);
    }
    // Another judge: this one has read what was there before.
    const after = await (await Judge.create(io)).judgeDataset(dataset);
    const open = openFlags(after, subjects);
    for (const { flag: answered, subjects: flagged } of flags) {
      const what = `the flag on ${lineList(flagged.map(({ line }) => line))}`;
      const stays = open.some(({ flag: { envelopeDigest } }) => envelopeDigest === answered.envelopeDigest);
      if (!stays) say(io, `Cleared ${what}: ${reviewText(answered, before.statements[answered.statement])}.`);
      else {
        say(io, `Answered ${what}: ${reviewText(answered, before.statements[answered.statement])}.`);
        warn(io, `${what} stays open: only a trusted signer, or the one who raised it, can clear it.`);
      }
    }
  }
}

/** The open flags of these samples; a flag with all the samples among them that it names. */
function openFlags(
  { assessment, dataset }: Judged,
  subjects: readonly LineSubject[],
): { flag: Review; subjects: LineSubject[] }[] {
  const flags = new Map<string, { flag: Review; subjects: LineSubject[] }>();
  for (const subject of subjects) {
    const threads = assessment.reviews.get(sampleOnLine(dataset.samples, subject.line))?.threads ?? [];
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
