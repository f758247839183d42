import * as l10n from '@vscode/l10n';
import type { LineUpstream, StatementData } from '../protocol/datasetWorker.ts';
import { signerName, type Naming, type Signed } from './explain.ts';
import { categoryWord, severityWord } from './words.ts';

/** Sentences about samples that were made of something flagged. Names in them are untrusted text. */

/** What these sentences ask of a judgement. */
export type Upstream = Pick<LineUpstream, 'category' | 'severity' | 'trusted' | 'way'>;

/** What these sentences ask of the statements that it names. */
export type UpstreamStatement = Signed & Pick<StatementData, 'kind' | 'step' | 'reason' | 'advised'>;

export function upstreamWord(): string {
  return l10n.t('flagged upstream');
}

/** Two sentences: how the sample came from what was flagged, and who flagged that as what. */
export function explainUpstream(
  upstream: Upstream,
  statements: readonly UpstreamStatement[],
  nameOf: Naming = signerName,
): string {
  return `${explainWay(upstream, statements, nameOf)} ${explainFlag(upstream, statements, nameOf)}`;
}

/** “Made by the step “map” (curation@acme) from train.jsonl#12.” */
export function explainWay(
  { way }: Upstream,
  statements: readonly UpstreamStatement[],
  nameOf: Naming = signerName,
): string {
  const steps = way.steps.map(({ statement }) => stepPhrase(statements[statement], nameOf));
  const [first = ''] = steps;
  switch (way.flagged) {
    case 'sample':
    case 'dataset':
      if (steps.length === 0) return l10n.t('Part of {0}.', way.name);
      return steps.length === 1
        ? l10n.t('Made by the step {0} from {1}.', first, way.name)
        : l10n.t('Made from {0} by the steps {1}.', way.name, steps.join(', '));
    case 'step':
      // The flagged step itself comes first.
      return steps.length <= 1
        ? l10n.t('Made by the step {0}.', first === '' ? `“${way.name}”` : first)
        : l10n.t('Made from what the step {0} had made, by {1}.', first, steps.slice(1).join(', '));
  }
}

/** “alice flagged it: Poisoning, high.” What stands behind it is {@link upstreamReason}. */
export function explainFlag(
  { category, severity, way }: Upstream,
  statements: readonly UpstreamStatement[],
  nameOf: Naming = signerName,
): string {
  const review = statements[way.review];
  const what = `${categoryWord(category)}, ${severityWord(severity)}`;
  if (!review) return `${what}.`;
  const signer = nameOf(review);
  if (review.advised) {
    return l10n.t('The advisory {0} of {1} warns of it: {2}.', review.advised.id, signer, what);
  }
  switch (way.flagged) {
    case 'sample':
      return l10n.t('{0} flagged that sample: {1}.', signer, what);
    case 'dataset':
      return l10n.t('{0} flagged that dataset: {1}.', signer, what);
    case 'step':
      return l10n.t('{0} flagged that step: {1}.', signer, what);
  }
}

/** Why it was flagged, in the words of who did; untrusted. */
export function upstreamReason(
  { way }: Upstream,
  statements: readonly UpstreamStatement[],
): string | undefined {
  const reason = statements[way.review]?.reason;
  return reason === '' ? undefined : reason;
}

/** What makes the way less than certain, a sentence each. */
export function upstreamDoubts({ trusted, way }: Upstream): string[] {
  const pairings = new Set(way.steps.map(({ pairing }) => pairing));
  return [
    ...(trusted ? [] : [l10n.t('You do not trust everyone who signed this way.')]),
    ...(pairings.has('similar') ? [l10n.t('On this way samples were paired by similar text.')] : []),
    ...(pairings.has('position') ? [l10n.t('On this way samples were paired by position.')] : []),
  ];
}

/** “map” (curation@acme) */
function stepPhrase(statement: UpstreamStatement | undefined, nameOf: Naming): string {
  return statement ? `“${statement.step?.kind ?? ''}” (${nameOf(statement)})` : '';
}
