import { relative, sep } from 'node:path';
import { toSlashes } from '../platform/paths.node.ts';
import { malformedLines } from './dataset.ts';
import { decidedBy, isFine, linesWith, malformedJson, movedLines, ownLog } from './json.ts';
import type { Judged } from './judge.ts';
import { formatRanges, listLines, toRanges, type LineRange } from './lines.ts';
import { say, sayRows, type Io, type Row, type Tone } from './terminal.ts';
import type { ErrorCode } from '../core/errors.ts';
import { formatSshPublicKey, parseSshPublicKey } from '../core/evidence/sshKey.ts';
import type { Upstream } from '../core/lineage/taint.ts';
import { lineOf } from '../core/sample/digest.ts';
import { NAMESPACE, type AllowedSigner } from '../core/trust/allowedSigners.ts';
import { identityOfKeyId } from '../core/trust/sigstoreIdentities.ts';
import type { DatasetVerdict, Status } from '../core/trust/status.ts';
import type { Review, ReviewState } from '../core/trust/reviews.ts';
import { whyNamedIsNotTrusted } from '../core/trust/whyNotTrusted.ts';
import {
  explainClaim,
  explainRevocation,
  explainVerdict,
  fullSignerName,
  statusCounts,
} from '../language/explain.ts';
import { explainHint } from '../language/formHints.ts';
import { explainLog } from '../language/log.ts';
import { explainWay, upstreamDoubts } from '../language/upstream.ts';
import { categoryWord, standingWord } from '../language/words.ts';
import type { StatementData } from '../protocol/datasetWorker.ts';
import { untrustedText } from '../protocol/untrustedText.ts';

/** How many entries a list for people has. */
const LISTED = 10;
/** How much of what others wrote is shown at one place, in UTF-16 code units. */
const SHOWN_TEXT = 300;

const VERDICT_TONES: Readonly<Record<DatasetVerdict, Tone>> = {
  intact: 'good',
  reformatted: 'good',
  reordered: 'good',
  subset: 'good',
  changed: 'bad',
  unsigned: 'warning',
  unknown: 'warning',
};

/** Problems of signers, not of what could be read. */
const ABOUT_KEYS: ReadonlySet<ErrorCode> = new Set(['invalid-certificate', 'unsupported-key']);

/** Where the user lists whom they trust. */
export interface TrustLists {
  /** In the format of allowed_signers. */
  readonly signers: string;
  /** Of Sigstore. */
  readonly identities: string;
  /** All lines of the former that are in force here. */
  readonly entries: readonly AllowedSigner[];
}

/** Prints what was found about one dataset. */
export function sayReport(io: Io, judged: Judged, lists: TrustLists): void {
  const { dataset, assessment, statements } = judged;
  const { verdict } = assessment;
  const tone = VERDICT_TONES[verdict] === 'good' && !isFine(judged) ? 'warning' : VERDICT_TONES[verdict];
  say(io, { text: dataset.given, tone: 'strong' }, ': ', { text: verdict, tone });
  say(io, `  ${explainVerdict({ ...assessment, statements }, fullSignerName)}`);
  say(io);
  sayRows(io, [
    { label: 'samples', text: `${dataset.samples.count}: ${statusCounts(assessment)}` },
    ...differenceRows(judged),
    ...statusRows(judged),
    ...reviewRows(judged),
    ...upstreamRows(judged),
    ...signerRows(judged),
    ...logRows(judged),
    ...problemRows(judged),
    ...hintRows(judged),
    ...nextRows(judged, lists),
  ]);
}

function differenceRows(judged: Judged): Row[] {
  const { counts, match, moved, removed } = judged.assessment;
  const rows: Row[] = [];
  for (const status of ['modified', 'added'] as const) {
    if (counts[status] > 0)
      rows.push({ label: status, tone: 'bad', text: lineList(linesWith(judged, status)) });
  }
  if (match && removed > 0) {
    const samples = removed === 1 ? 'signed sample' : 'signed samples';
    const positions = listLines(positionsOf(match.removed));
    rows.push({ label: 'removed', tone: 'warning', text: `${samples} ${positions}` });
  }
  if (moved > 0) {
    const shown = firstOf(movedLines(judged)).map(({ line, from }) => `line ${line} was sample ${from}`);
    rows.push({ label: 'moved', tone: 'quiet', text: shown.join(', ') + andMore(moved) });
  }
  return rows;
}

function* positionsOf(leaves: Iterable<number>): Generator<number> {
  for (const leaf of leaves) yield leaf + 1;
}

function statusRows(judged: Judged): Row[] {
  const { counts } = judged.assessment;
  return [
    ...malformedRows(judged),
    ...(['untrusted', 'unsigned', 'revoked', 'unknown'] as const).flatMap((status): Row[] => {
      if (counts[status] === 0) return [];
      const all = counts[status] === judged.dataset.samples.count;
      return [
        {
          label: status,
          tone: status === 'revoked' ? 'bad' : 'warning',
          text: all ? 'all samples' : lineList(linesWith(judged, status)),
        },
      ];
    }),
  ];
}

function malformedRows(judged: Judged): Row[] {
  const { size } = judged.dataset.samples.malformed;
  const rows = firstOf(malformedJson(judged)).map(({ line, message }): Row => ({
    label: 'malformed',
    tone: 'bad',
    text: `line ${line}: ${message}`,
  }));
  if (size > LISTED) {
    const others = lineList(skipped(malformedLines(judged.dataset), LISTED));
    rows.push({ label: 'malformed', text: `${size - LISTED} more: ${others}` });
  }
  return rows;
}

/** As many as a list for people has. */
function firstOf<T>(items: Iterable<T>): T[] {
  const first: T[] = [];
  for (const item of items) {
    if (first.length === LISTED) break;
    first.push(item);
  }
  return first;
}

function* skipped<T>(items: Iterable<T>, count: number): Generator<T> {
  for (const item of items) if (count-- <= 0) yield item;
}

/** A flag is listed once with all the lines that it names here. */
function reviewRows({ assessment, dataset, statements }: Judged): Row[] {
  const flags = new Map<string, Review>();
  const states = new Set<ReviewState>();
  let cleared = false;
  for (const [, state] of assessment.reviews) {
    if (states.has(state)) continue;
    states.add(state);
    if (state.state === 'cleared') cleared = true;
    for (const { effective } of state.threads) {
      if (effective.verdict === 'flagged') flags.set(effective.envelopeDigest, effective);
    }
  }
  function* linesOf(isWanted: (state: ReviewState) => boolean): Generator<number> {
    for (const [row, state] of assessment.reviews) if (isWanted(state)) yield lineOf(dataset.samples, row);
  }
  const rows = firstOf(flags.values()).map((review): Row => {
    const lines = linesOf(({ threads }) =>
      threads.some(({ effective }) => effective.envelopeDigest === review.envelopeDigest),
    );
    return {
      label: 'flagged',
      tone: 'bad',
      text: `${lineList(lines)}: ${reviewText(review, statements[review.statement])}`,
    };
  });
  if (flags.size > LISTED)
    rows.push({ label: 'flagged', text: `${flags.size - LISTED} more flags; --json has them all` });
  if (cleared)
    rows.push({
      label: 'cleared',
      tone: 'quiet',
      text: lineList(linesOf(({ state }) => state === 'cleared')),
    });
  return rows;
}

/** A review in one line: `Poisoning, high: "…" (anna@example.org, trusted, 2026-01-31T09:00:00Z)`. */
export function reviewText(
  { category, severity, reason, time }: Pick<Review, 'category' | 'severity' | 'reason' | 'time'>,
  statement: StatementData | undefined,
): string {
  const advisory = statement?.advisory === true ? ', advisory' : '';
  const who = statement ? `${fullSignerName(statement)}, ${standingWord(statement.standing)}, ` : '';
  return `${categoryWord(category)}, ${severity}: ${quoted(reason)} (${who}${time}${advisory})`;
}

/** Samples that came the same way from the same flag are listed together. */
function upstreamRows({ assessment, dataset, statements }: Judged): Row[] {
  const ways = new Map<string, { lines: number[]; upstreams: Set<Upstream> }>();
  for (const [row, upstream] of assessment.upstream) {
    const { flagged, review, steps } = upstream.way;
    const key = JSON.stringify([flagged, review, steps, upstream.trusted]);
    const known = ways.get(key) ?? { lines: [], upstreams: new Set() };
    ways.set(key, known);
    known.lines.push(lineOf(dataset.samples, row));
    known.upstreams.add(upstream);
  }
  const rows = firstOf(ways.values()).map(({ lines, upstreams }): Row => ({
    label: 'upstream',
    tone: 'bad',
    text: `${lineList(lines)}: ${upstreamText([...upstreams], statements)}`,
  }));
  if (ways.size > LISTED)
    rows.push({ label: 'upstream', text: `${ways.size - LISTED} more ways; --json has them all` });
  return rows;
}

/** How many flagged samples are named in one row. */
const NAMED_SOURCES = 3;

/**
 * How samples came from what is flagged, in one line: `Made by the step “map” (anna@example.org) from train.jsonl#12.
 * Poisoning, high: "…" (bob@example.org, trusted, 2026-01-31T09:00:00Z)`.
 * @param upstreams with the same flag and the same steps
 */
export function upstreamText(upstreams: readonly Upstream[], statements: readonly StatementData[]): string {
  const [first] = upstreams;
  if (!first) return '';
  const names = [...new Set(upstreams.map(({ way }) => untrustedText(way.name, SHOWN_TEXT)))];
  const more = names.length - NAMED_SOURCES;
  const name = names.slice(0, NAMED_SOURCES).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const way = explainWay({ ...first, way: { ...first.way, name } }, statements, fullSignerName);
  const flag = statements[first.way.review];
  const review = { ...first, reason: flag?.reason ?? '', time: flag?.time ?? '' };
  return [way, reviewText(review, flag), ...upstreamDoubts(first)].join(' ');
}

/** Who signed: the file's own statements, the newest first, and what else decides the status of a sample. */
function signerRows(judged: Judged): Row[] {
  const decides = decidedBy(judged);
  const vouching = judged.statements.filter(
    ({ kind, sha256 }) =>
      kind === 'dataset' || kind === 'sample' || (kind === 'other' && sha256 !== undefined),
  );
  const own = vouching.filter((statement) => statement.own).reverse();
  const others = judged.statements.filter((statement, index) => !statement.own && decides[index]! > 0);
  const listed = [...own, ...others];
  const rows = listed
    .slice(0, LISTED)
    .map((statement): Row => ({ label: 'signed by', text: statementText(statement) }));
  if (listed.length > LISTED)
    rows.push({ label: 'signed by', text: `and ${listed.length - LISTED} more statements` });
  return rows;
}

/** A statement in one line: `anna@example.org (trusted), 2026-01-31T09:00:00Z: vouches for all 3 samples`. */
export function statementText(statement: StatementData): string {
  const { time, note, own, dataset, revocation } = statement;
  const claim = explainClaim(statement);
  const parts = [
    `${fullSignerName(statement)} (${standingWord(statement.standing)})`,
    time === undefined ? '' : `, ${time}`,
    `: ${claim.charAt(0).toLowerCase()}${claim.slice(1)}`,
    own ? '' : ` of ${shownPath(dataset)}`,
    note === undefined ? '' : `, saying ${quoted(note)}`,
    revocation ? `. ${explainRevocation(statement, revocation, fullSignerName)}` : '',
  ];
  return untrustedText(parts.join(''), 4 * SHOWN_TEXT);
}

/** What the evidence log shows, and who accepted that lines of it are gone. */
export function logRows(judged: Pick<Judged, 'dataset' | 'scope' | 'statements'>): Row[] {
  const log = ownLog(judged);
  const text = log && explainLog(log);
  const accepted = judged.statements
    .filter(({ own, kind }) => own && kind === 'acceptance')
    .slice(0, LISTED)
    .map((statement): Row => {
      const claim = explainClaim(statement);
      const who = `${fullSignerName(statement)} (${standingWord(statement.standing)}), ${statement.time ?? ''}`;
      return { label: 'log', tone: 'warning', text: `${who}: ${claim}: ${quoted(statement.reason ?? '')}` };
    });
  const tone = log?.standing === 'complete' ? 'good' : log?.standing === 'removed' ? 'bad' : 'warning';
  return [...(text === undefined ? [] : [{ label: 'log', tone, text } as const]), ...accepted];
}

/** What is wrong with the evidence: each file with what is wrong there. */
export function problemRows({ scope }: { readonly scope: Pick<Judged['scope'], 'problems'> }): Row[] {
  const rows = scope.problems.slice(0, LISTED).map(({ path, error }): Row => {
    // Most messages name the file themselves.
    const where = error.message.includes(path) ? '' : `${shownPath(path)}: `;
    return {
      label: 'problem',
      tone: 'warning',
      text: where + error.message.replaceAll(path, shownPath(path)),
    };
  });
  const more = scope.problems.length - LISTED;
  if (more > 0) rows.push({ label: 'problem', text: `and ${more} more; --json has them all` });
  return rows;
}

/** Which columns another tool wrote otherwise than they were signed. */
function hintRows({ derivedFrom = [] }: Judged): Row[] {
  return derivedFrom.flatMap(({ dataset, rows, explained, hints }): Row[] => [
    {
      label: 'hint',
      text:
        `${explained} of ${rows} rows looked at seem to be rows of ${shownPath(dataset)} that another tool wrote ` +
        'otherwise, so that they have other digests:',
    },
    ...hints.slice(0, LISTED).map((hint) => ({ label: 'hint', text: explainHint(hint) })),
    ...(hints.length > LISTED
      ? [{ label: 'hint', text: `and ${hints.length - LISTED} more columns; --json has them all` }]
      : []),
  ]);
}

/** What to do about each finding. */
function nextRows(judged: Judged, lists: TrustLists): Row[] {
  const { dataset, assessment } = judged;
  const file = shellWord(dataset.given);
  const { counts } = assessment;
  const signThese = (status: Status) =>
    `provenance sign ${file} --lines ${optionLines(linesWith(judged, status))}`;
  const steps = [
    dataset.samples.count === 0 && 'There are no samples: check that it is the right file.',
    counts.modified > 0 &&
      `Undo the changes, or check the modified samples and sign them: ${signThese('modified')}`,
    counts.added > 0 && `Remove the added samples, or check them and sign them: ${signThese('added')}`,
    assessment.verdict === 'changed' &&
      assessment.removed > 0 &&
      `Put the removed samples back, or sign the dataset without them: provenance sign ${file}`,
    counts.malformed > 0 &&
      'Correct or remove the malformed lines: they have no digest and cannot be signed.',
    counts.unsigned > 0 &&
      (counts.unsigned === dataset.samples.count - counts.malformed
        ? `Ask where it comes from for its .provenance folder; or check the samples and sign them: provenance sign ${file}`
        : `Check the unsigned samples and sign them: ${signThese('unsigned')}`),
    ...(counts.untrusted > 0 ? trustSteps(judged, lists) : []),
    ...(counts.revoked > 0 ? revokedSteps(judged, lists) : []),
    (counts.unknown > 0 || assessment.verdict === 'unknown') &&
      'Repair what the problems name, for example by copying .provenance again, and verify once more.',
    ...(judged.derivedFrom ?? []).map(
      (from) =>
        `Write these rows so that they stay verified: provenance export ${shellWord(shownPath(from.dataset))} --output FILE`,
    ),
    ownLog(judged)?.standing === 'removed' && `See what is missing: provenance log check ${file}`,
    counts.unknown === 0 &&
      assessment.verdict !== 'unknown' &&
      judged.scope.problems.some(({ error }) => !ABOUT_KEYS.has(error.code)) &&
      'Copy .provenance again from where it came from: flags may stand in what could not be read.',
    assessment.flagged > 0 &&
      `Look into the flags; to clear one: provenance flag ${file} --clear --lines LINES --reason TEXT`,
    assessment.flaggedUpstream > 0 &&
      'Look into what these samples were made of before you use them; when a flag is cleared where it was raised, what follows from it is gone.',
  ].filter((step) => step !== false);
  return steps.map((text) => ({ label: 'next', text }));
}

/** How to trust the signers of what is untrusted. */
function trustSteps(judged: Judged, lists: TrustLists): string[] {
  const steps = new Map<string, string>();
  for (const statement of decidingStatements(judged)) {
    const { standing, keyId, publicKey, refusal } = statement;
    if (standing !== 'untrusted') continue;
    if (refusal !== undefined) {
      steps.set(
        keyId,
        'Have somebody sign whose role in the policy is for this, or change the roles in the policy.',
      );
      continue;
    }
    const identity = identityOfKeyId(keyId);
    if (identity) {
      steps.set(
        keyId,
        `If you trust ${fullSignerName(statement)}, add a line to ${shownPath(lists.identities)}: ` +
          `NAME ${identity.issuer} ${identity.subject}`,
      );
    } else if (publicKey !== undefined) {
      const why = whyNamedIsNotTrusted(statement, lists.entries);
      // Of a certificate that does not count, a problem says so already.
      if (why && judged.scope.problems.some(({ error }) => error.message === why.message)) continue;
      const { certified, ...key } = parseSshPublicKey(publicKey);
      steps.set(
        keyId,
        why?.message ??
          `If you trust the holder of ${keyId}, and know that the key is theirs, add a line to ${shownPath(lists.signers)}: ` +
            `NAME namespaces="${NAMESPACE}" ${formatSshPublicKey(certified ?? key)}`,
      );
    }
  }
  return [...steps.values()].slice(0, LISTED);
}

/** The statements that decide the status of some sample. */
function decidingStatements(judged: Judged): StatementData[] {
  const decides = decidedBy(judged);
  return judged.statements.filter((_, index) => decides[index]! > 0);
}

/** What to do about signatures that were taken back, or whose keys were not valid. */
function revokedSteps(judged: Judged, lists: TrustLists): string[] {
  const expired = decidingStatements(judged).filter(({ standing }) => standing === 'expired');
  if (expired.length === 0) return ['Ask why the signature was taken back before you use these samples.'];
  const reasons = expired.map((statement) => whyNamedIsNotTrusted(statement, lists.entries)?.message);
  return [...new Set(reasons.filter((reason) => reason !== undefined))].slice(0, LISTED);
}

/** `line 3` or `lines 3, 7-9`. */
export function lineList(lines: Iterable<number>): string {
  const list = listLines(lines);
  return `${/^\d+$/.test(list) ? 'line' : 'lines'} ${list}`;
}

/** For a command to copy; too many would not fit. */
function optionLines(lines: Iterable<number>): string {
  const ranges: LineRange[] = [];
  for (const range of toRanges(lines)) {
    if (ranges.length === LISTED) return 'LINES';
    ranges.push(range);
  }
  return formatRanges(ranges);
}

function andMore(count: number): string {
  return count > LISTED ? ` and ${count - LISTED} more` : '';
}

function quoted(text: string): string {
  return `"${untrustedText(text, SHOWN_TEXT)}"`;
}

/** A path from the current directory, where it lies below it. */
export function shownPath(path: string): string {
  const below = relative('', path);
  return below === '' || below.startsWith('..') || below.includes(`:${sep}`) ? path : toSlashes(below);
}

/** A file name as a shell takes it. */
function shellWord(text: string): string {
  const word = text.startsWith('-') ? `./${text}` : text;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
