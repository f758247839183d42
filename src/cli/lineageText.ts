import { formatMessage } from '../core/errors.ts';
import type { DatasetNode, GraphIssue, StepNode } from '../core/lineage/graph.ts';
import { datasetLabel } from '../core/lineage/graphIssues.ts';
import { day } from '../language/explain.ts';
import { standingWord } from '../language/words.ts';
import { untrustedText } from '../protocol/untrustedText.ts';
import { shownPath } from './report.ts';
import { say, type Io, type Span } from './terminal.ts';

/** How much of a name that others gave is shown, in UTF-16 code units. */
const SHOWN_NAME = 200;

/** A dataset, by its path where it is here, with what is to be known of its presence. */
export function datasetSpans(node: DatasetNode | undefined, at?: string): Span[] {
  if (!node) return [{ text: 'an unknown dataset' }];
  const { presence, path } = node;
  if (presence === 'present' && path !== undefined)
    return [{ text: shownPath(path) + (at ?? ''), tone: 'strong' }];
  const name = untrustedText(path === undefined ? datasetLabel(node) : shownPath(path), SHOWN_NAME);
  return [
    { text: name + (at ?? ''), tone: 'strong' },
    { text: ` (${PRESENCE[presence]})`, tone: presence === 'unknown' ? 'quiet' : 'warning' },
  ];
}

const PRESENCE: Readonly<Record<DatasetNode['presence'], string>> = {
  present: 'here',
  changed: 'as it was: the file is another now',
  absent: 'not here',
  unknown: 'not looked into',
};

/** What a step did, who says so, and when. */
export function stepSpans({ step, standing, signer }: StepNode, did?: string): Span[] {
  const kind = untrustedText(step.kind, 100);
  const who = untrustedText(signer === '' ? 'an unknown key' : signer, SHOWN_NAME);
  const when = step.finishedOn === undefined ? '' : `, ${day(step.finishedOn)}`;
  const said: Span =
    standing === 'claimed'
      ? { text: `claimed by ${shownPath(signer)}, not signed`, tone: 'warning' }
      : {
          text: `${who} (${standingWord(standing)})${when}`,
          tone: standing === 'trusted' ? 'quiet' : 'warning',
        };
  return [{ text: did === undefined ? kind : `${kind}: ${did}` }, { text: ' – ' }, said];
}

/** Sentences about what could not be followed, or is not as it should be; each once. */
export function sayIssues(io: Io, issues: readonly GraphIssue[]): void {
  const sentences = new Set(issues.map(({ template, args }) => formatMessage(template, args)));
  if (sentences.size === 0) return;
  say(io);
  say(io, { text: 'To be known', tone: 'strong' });
  for (const sentence of sentences) say(io, { text: '  ! ', tone: 'warning' }, sentence);
}

/** One line of a picture, behind the lines that lead past it. */
export type Line = readonly (Span | string)[];

/** What leads on from a place of a picture. */
export interface Lead<Key> {
  readonly line: Line;
  /** What stands below it. */
  readonly notes?: readonly Line[];
  /** Where it leads; nowhere, for a sample that a step dropped. */
  readonly to?: Key;
}

/**
 * A graph as a tree in lines. What leads to only one place goes on below without indentation, so that a chain of steps
 * of any length stays at the margin; a place that was shown before is only named.
 */
export function* pictureLines<Key>(
  start: Key,
  lineOf: (key: Key) => Line,
  leadsOf: (key: Key) => readonly Lead<Key>[],
  shown = new Set<Key>(),
): Generator<Line> {
  type Part =
    | { readonly place: Key; readonly indent: string }
    | { readonly lead: Lead<Key>; readonly indent: string; readonly mark: string; readonly bar: string };
  // The next part is the last one.
  const parts: Part[] = [{ place: start, indent: '' }];
  for (let part = parts.pop(); part; part = parts.pop()) {
    const { indent } = part;
    if ('lead' in part) {
      const { lead, mark, bar } = part;
      yield [indent + mark, ...lead.line];
      for (const note of lead.notes ?? []) yield [`${indent}${bar}  `, ...note];
      continue;
    }
    const { place } = part;
    const leads = leadsOf(place);
    if (shown.has(place)) {
      yield [
        indent,
        ...lineOf(place),
        ...(leads.length > 0 ? [{ text: ' – as above', tone: 'quiet' } as const] : []),
      ];
      continue;
    }
    shown.add(place);
    yield [indent, ...lineOf(place)];
    const below = leads.flatMap((lead, i): Part[] => {
      const isLast = i === leads.length - 1;
      if (leads.length === 1 && lead.to !== undefined) {
        return [
          { lead, indent, mark: '│ ', bar: '│ ' },
          { place: lead.to, indent },
        ];
      }
      const bar = isLast ? '   ' : '│  ';
      const line = { lead, indent, mark: isLast ? '└─ ' : '├─ ', bar };
      return lead.to === undefined ? [line] : [line, { place: lead.to, indent: indent + bar }];
    });
    parts.push(...below.reverse());
  }
}
