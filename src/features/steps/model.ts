import * as l10n from '@vscode/l10n';
import type { Pairing, StepKind } from '../../core/evidence/predicates.ts';
import type { Column } from '../../core/table/rowSource.ts';
import type { PreparedStep } from '../../protocol/lineageWorker.ts';

/** What the form for a step offers, and what it makes of what is entered. */

/** What a step of a kind does, as a sentence. */
export function kindSentence(kind: StepKind): string {
  switch (kind) {
    case 'crawl':
      return l10n.t('Collects samples from the web or another source that is no dataset.');
    case 'import':
      return l10n.t('Takes over a dataset from elsewhere.');
    case 'filter':
      return l10n.t('Leaves samples out; those that stay are unchanged.');
    case 'dedupe':
      return l10n.t('Leaves out samples that stand more than once, or nearly.');
    case 'map':
      return l10n.t('Changes samples: cleans, rewrites, translates.');
    case 'annotate':
      return l10n.t('Adds labels or other fields to samples.');
    case 'merge':
      return l10n.t('Puts several datasets together.');
    case 'split':
      return l10n.t('Divides a dataset: this is one of its parts.');
    case 'sample':
      return l10n.t('Draws some of the samples.');
    case 'shuffle':
      return l10n.t('Changes the order only.');
    case 'convert':
      return l10n.t('Writes the same samples in another format.');
    case 'generate':
      return l10n.t('Makes new samples, for example with a model, from these.');
  }
}

/** Whether steps of this kind usually leave samples as they are: no pairing is needed then. */
export function leavesUnchanged(kind: StepKind): boolean {
  return !['map', 'annotate', 'generate', 'crawl'].includes(kind);
}

/** How changed samples may be paired, as a label and a sentence; `none` first where nothing changes. */
export function pairingChoices(
  kind: StepKind,
): readonly { readonly by: Pairing | 'none'; readonly label: string; readonly detail: string }[] {
  const none = {
    by: 'none',
    label: l10n.t('Not at all'),
    detail: l10n.t('Only unchanged samples are followed. Everything else counts as new.'),
  } as const;
  const others = [
    {
      by: 'key',
      label: l10n.t('By a key'),
      detail: l10n.t('A field with the same value before and after, such as an id. The surest way.'),
    },
    {
      by: 'position',
      label: l10n.t('By position'),
      detail: l10n.t('The first row was made of the first row, and so on. The counts have to agree.'),
    },
    {
      by: 'similar',
      label: l10n.t('By similar text'),
      detail: l10n.t('Guessed from near-duplicate text, and marked as such.'),
    },
  ] as const;
  return leavesUnchanged(kind) ? [none, ...others] : [...others, none];
}

/** Names of fields that are often a key: offered first. */
const KEY_NAME = /^(id|_id|uuid|guid|key|.*_id|.*Id|.*_uuid|sha256|hash|url)$/;

/** Fields that may be a key, as JSON pointers, the likely ones first. Objects and arrays are none. */
export function keySuggestions(columns: readonly Column[]): string[] {
  const pointers: { pointer: string; likely: boolean }[] = [];
  const collect = (list: readonly Column[]) => {
    for (const { pointer, name, type, children } of list) {
      if (children.length > 0) collect(children);
      else if (!/^(array|object|boolean|null)$/.test(type))
        pointers.push({ pointer, likely: KEY_NAME.test(name) });
    }
  };
  collect(columns);
  return [...pointers.filter(({ likely }) => likely), ...pointers.filter(({ likely }) => !likely)].map(
    ({ pointer }) => pointer,
  );
}

/** What is wrong with a JSON pointer (RFC 6901) that is to be a key. */
export function pointerProblem(text: string): string | undefined {
  if (!text.startsWith('/')) return l10n.t('Enter a JSON pointer, such as /id or /meta/id.');
  return /~(?![01])/.test(text)
    ? l10n.t('In a JSON pointer, ~ is written ~0 and / is written ~1.')
    : undefined;
}

const MAX_PARAMETER = 4000;

/** A parameter as `name=value`; JSON values keep their type, everything else is text. Undefined for what is none. */
export function parseParameter(text: string): { readonly name: string; readonly value: unknown } | undefined {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(0, at)).trim();
  if (name === '' || text.length > MAX_PARAMETER) return undefined;
  return { name, value: parameterValue(text.slice(at + 1).trim()) };
}

function parameterValue(text: string): unknown {
  // Only what is one number, boolean or null for certain: a version such as 1.10 stays text.
  if (/^(true|false|null|-?(0|[1-9]\d{0,14}))$/.test(text)) return JSON.parse(text) as unknown;
  return text;
}

/** “60 read, 50 written: 30 unchanged, 18 changed, 2 new; 12 dropped.” */
export function countsSentence(counts: PreparedStep['counts']): string {
  return l10n.t(
    '{0} read, {1} written: {2} unchanged, {3} changed, {4} new; {5} dropped.',
    counts.in,
    counts.out,
    counts.unchanged,
    counts.changed,
    counts.added,
    counts.dropped,
  );
}

/** What a reader of the counts may have overlooked, or undefined. */
export function countsWarning({
  out,
  unchanged,
  changed,
  added,
}: PreparedStep['counts']): string | undefined {
  if (out === 0) return l10n.t('The output has no samples.');
  if (unchanged + changed === 0) {
    return l10n.t(
      'Not one sample of the output was found in the inputs: check that these are the inputs, or choose how changed samples are paired.',
    );
  }
  return added > changed + unchanged
    ? l10n.t('More than half of the output counts as new: nothing says what it was made of.')
    : undefined;
}
