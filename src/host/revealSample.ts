import * as vscode from 'vscode';
import { ProvenanceError } from '../core/errors.ts';
import { fileName } from '../language/explain.ts';
import { isTextDatasetUri, MAX_TEXT_BYTES, type Dataset } from './datasets.ts';
import { judgedDataset } from './samples.ts';
import type { Services } from './services.ts';

/**
 * Shows a line (1-based) of a dataset where it is shown already, else in a text editor, else in a sample table: of files
 * that are no text or that are too large for text editors to share.
 */
export async function revealSample(services: Services, uri: vscode.Uri, line: number): Promise<void> {
  const isActive = vscode.window.activeTextEditor?.document.uri.toString() === uri.toString();
  if (!isActive && (services.tables.of(uri) || !(await fitsTextEditor(uri)))) {
    await services.tables.open(uri, line);
    return;
  }
  const position = new vscode.Position(Math.max(0, line - 1), 0);
  await vscode.window.showTextDocument(uri, { selection: new vscode.Range(position, position) });
}

/** Whether VS Code shares the text of this dataset with extensions. */
export async function fitsTextEditor(uri: vscode.Uri): Promise<boolean> {
  if (uri.scheme !== 'file') return true;
  if (!isTextDatasetUri(uri)) return false;
  try {
    return (await vscode.workspace.fs.stat(uri)).size <= MAX_TEXT_BYTES;
  } catch {
    // The editor says best what is wrong with it.
    return true;
  }
}

/** Lines whose digests are asked for at once: some megabytes. */
const CHUNK_LINES = 50_000;

/**
 * Shows the sample with a digest (hex), wherever it stands in a dataset now.
 * @param hint the line where it stood
 * @throws ProvenanceError `sample-not-found` where it is not in the dataset any more
 */
export async function revealDigest(
  services: Services,
  uri: vscode.Uri,
  digest: string,
  hint: number,
): Promise<void> {
  const dataset = await judgedDataset(services, uri);
  const line = await lineOfDigest(dataset, digest, hint);
  if (line === undefined) {
    throw new ProvenanceError(
      'sample-not-found',
      '{file} does not hold this sample any more: it was changed or taken out since the evidence was signed.',
      { file: fileName(uri.path) },
    );
  }
  await revealSample(services, uri, line);
}

async function lineOfDigest(dataset: Dataset, digest: string, hint: number): Promise<number | undefined> {
  if ((await dataset.digests([hint]))[0] === digest) return hint;
  const count = dataset.assessment?.lineCount ?? 0;
  for (let from = 1; from <= count; from += CHUNK_LINES) {
    const lines = Array.from({ length: Math.min(CHUNK_LINES, count - from + 1) }, (_, i) => from + i);
    const at = (await dataset.digests(lines)).indexOf(digest);
    if (at !== -1) return from + at;
  }
  return undefined;
}
