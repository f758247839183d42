import type * as vscode from 'vscode';
import type { Column } from '../core/table/rowSource.ts';
import type { Services } from './services.ts';
import { pathOf } from './workspaceEvidence.ts';

let asked = 0;

/** The columns of a dataset's samples, as its first rows or its schema have them. @throws ProvenanceError why it cannot be read */
export async function tableColumns(
  { rowWorker, cacheFolder }: Pick<Services, 'rowWorker' | 'cacheFolder'>,
  uri: vscode.Uri,
): Promise<readonly Column[]> {
  const table = `columns ${String(++asked)}`;
  try {
    return (await rowWorker.call('open', { table, path: pathOf(uri), cacheFolder })).columns;
  } finally {
    rowWorker.call('close', { table }).catch(() => undefined);
  }
}
