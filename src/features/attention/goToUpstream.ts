import * as vscode from 'vscode';
import { COMMANDS, type SampleTarget } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import { parseSampleName } from '../../core/evidence/statement.ts';
import type { Dataset } from '../../host/datasets.ts';
import { revealSample } from '../../host/revealSample.ts';
import { judgedDataset } from '../../host/samples.ts';
import type { Services } from '../../host/services.ts';
import { targetLines, targetUri } from '../../host/target.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import type { StatementData, UpstreamWay } from '../../protocol/datasetWorker.ts';

/** Goes from a sample to the flagged sample, dataset or step that it was made of. */
export async function goToUpstream(services: Services, argument: unknown): Promise<void> {
  const uri = targetUri(services, argument);
  const dataset = await judgedDataset(services, uri);
  const [line = 1] = targetLines(services, argument, uri);
  const way = dataset.upstream(line)?.way;
  const review = way && dataset.assessment?.statements[way.review];
  if (!review) {
    throw new ProvenanceError(
      'review-not-found',
      'Line {line} was not made of anything flagged; put the cursor on a sample that is flagged upstream.',
      { line },
    );
  }
  switch (way.flagged) {
    case 'sample':
      await goToSample(services, way, review);
      break;
    case 'dataset':
      await goToDataset(services, way, review);
      break;
    case 'step': {
      const target: SampleTarget = { uri: uri.toString(), lines: [line], step: way.digest };
      await vscode.commands.executeCommand(COMMANDS.showLineage, target);
    }
  }
}

async function goToSample(services: Services, way: UpstreamWay, review: StatementData): Promise<void> {
  const candidate = await candidateOf(services, way.name, review);
  const others = services.datasets.all.filter((dataset) => dataset !== candidate);
  for (const dataset of candidate ? [candidate, ...others] : others) {
    // A flagged sample has a review where it stands: there are few of those.
    const lines = dataset.assessment?.reviews.map((reviewed) => reviewed.line) ?? [];
    if (lines.length === 0) continue;
    const at = (await dataset.digests(lines)).indexOf(way.digest);
    if (at === -1) continue;
    await revealSample(services, dataset.uri, lines[at] ?? 1);
    return;
  }
  throw notHere(way);
}

/** The file that the review is about, by its name beside the evidence, judged. */
async function candidateOf(
  services: Services,
  name: string,
  review: StatementData,
): Promise<Dataset | undefined> {
  const file = parseSampleName(name)?.file;
  if (review.advisory || file === undefined) return undefined;
  const uri = vscode.Uri.file(review.dataset);
  const beside = file.includes('/') ? uri : vscode.Uri.joinPath(uri, '..', file);
  try {
    return await judgedDataset(services, beside);
  } catch {
    // It is not there, or cannot be read: another dataset may hold the sample.
    return undefined;
  }
}

async function goToDataset(services: Services, way: UpstreamWay, review: StatementData): Promise<void> {
  const known = services.datasets.all.find(({ assessment }) => assessment?.sha256 === way.digest);
  const uri = known?.uri ?? vscode.Uri.file(review.dataset);
  const dataset = known ?? (await judgedDataset(services, uri).catch(() => undefined));
  if (dataset?.assessment?.sha256 !== way.digest && pathOf(uri) !== review.dataset) throw notHere(way);
  await revealSample(services, uri, 1);
}

function notHere({ name }: UpstreamWay): ProvenanceError {
  return new ProvenanceError(
    'sample-not-found',
    '{name}, which was flagged, is not in this workspace as it was flagged; show the lineage for the way that it came.',
    { name },
  );
}
