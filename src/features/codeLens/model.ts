import * as l10n from '@vscode/l10n';
import type { CommandName, SampleTarget } from '../../commands.ts';
import { statusCounts, signerName } from '../../language/explain.ts';
import { explainDataset, removedPhrase } from '../../language/log.ts';
import { explainWay, upstreamWord } from '../../language/upstream.ts';
import { categoryWord, severityWord, verdictWord } from '../../language/words.ts';
import type {
  AssessmentData,
  LineReview,
  LineUpstream,
  StatementData,
} from '../../protocol/datasetWorker.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';

export interface Lens {
  /** 1-based. */
  readonly line: number;
  readonly title: string;
  readonly tooltip?: string;
  readonly command: CommandName;
  readonly target: SampleTarget;
}

/** More lenses than this make scrolling slow; the gutter and Problems show the rest. */
export const MAX_LINE_LENSES = 200;

/** The summary above the first line, and one lens above each sample that is flagged, flagged upstream or modified. */
export function lenses(
  uri: string,
  assessment: AssessmentData,
  modifiedLines: readonly number[],
  coveringOf: (line: number) => StatementData | undefined,
): Lens[] {
  const { log } = assessment;
  const summary: Lens = {
    line: 1,
    title: [
      `${l10n.t('Provenance')}: ${verdictWord(assessment.verdict)}`,
      statusCounts(assessment),
      ...(log?.standing === 'removed' ? [removedPhrase()] : []),
    ].join(' — '),
    tooltip: explainDataset(assessment),
    command: 'showLineage',
    target: { uri },
  };
  const flagged = assessment.reviews
    .filter(({ state }) => state === 'flagged')
    .map((review) => flagLens(uri, review));
  const upstream = assessment.upstream
    .slice(0, MAX_LINE_LENSES)
    .map((found) => upstreamLens(uri, found, assessment.statements));
  const modified = modifiedLines.map((line): Lens => {
    const covering = coveringOf(line);
    return {
      line,
      title: covering
        ? l10n.t('modified since {0} signed — check it, then sign…', signerName(covering))
        : l10n.t('modified — check it, then sign…'),
      command: 'signSamples',
      target: { uri, lines: [line] },
    };
  });
  const lines = [...flagged, ...upstream, ...modified]
    .sort((a, b) => a.line - b.line)
    .slice(0, MAX_LINE_LENSES);
  return [summary, ...lines];
}

function flagLens(uri: string, review: LineReview): Lens {
  const untrusted = review.trusted ? '' : ` (${l10n.t('signer not trusted')})`;
  return {
    line: review.line,
    title: `${l10n.t('flagged')}: ${categoryWord(review.category)}, ${severityWord(review.severity)}${untrusted}`,
    tooltip: l10n.t('Clear the flag…'),
    command: 'clearFlag',
    target: { uri, lines: [review.line] },
  };
}

function upstreamLens(uri: string, found: LineUpstream, statements: readonly StatementData[]): Lens {
  const { line, category, severity, trusted } = found;
  const untrusted = trusted ? '' : ` (${l10n.t('signer not trusted')})`;
  return {
    line,
    title: `${upstreamWord()}: ${categoryWord(category)}, ${severityWord(severity)}${untrusted}`,
    tooltip: `${untrustedText(explainWay(found, statements))} ${l10n.t('Go to what was flagged')}`,
    command: 'goToUpstream',
    target: { uri, lines: [line] },
  };
}
