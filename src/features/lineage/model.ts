import type { Dataset } from '../../host/datasets.ts';
import { lineageStatement } from '../../host/sampleView.ts';
import { fileName, isSignerUntrusted } from '../../language/explain.ts';
import { explainDataset } from '../../language/log.ts';
import type { LineageDataset } from '../../protocol/lineagePanel.ts';

/** What the panel shows of a dataset. */
export function lineageDataset(
  dataset: Pick<Dataset, 'assessment' | 'progress'>,
  /** Workspace-relative. */
  path: string,
  describe: (error: { template: string; args: Record<string, string | number> }) => string,
): LineageDataset | undefined {
  const { assessment } = dataset;
  if (!assessment) return undefined;
  const own = assessment.statements.filter(({ own: isOwn }) => isOwn);
  return {
    name: fileName(path),
    path,
    verdict: assessment.verdict,
    signerUntrusted: isSignerUntrusted(assessment),
    summary: explainDataset(assessment),
    counts: assessment.counts,
    flagged: assessment.flagged,
    statements: own.map(lineageStatement).reverse(),
    problems: assessment.problems.map(({ error }) =>
      describe({ template: error.template, args: { ...error.args } }),
    ),
    busy: dataset.progress !== undefined,
  };
}
