import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { ProvenanceError } from '../../core/errors.ts';
import { lineageScope } from '../../host/lineageScope.ts';
import { withProgress } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { targetUri } from '../../host/target.ts';
import { judgedDataset } from '../../host/samples.ts';
import { fileName } from '../../language/explain.ts';
import type { LineageFormat } from '../../protocol/lineageWorker.ts';

interface Format {
  readonly format: LineageFormat;
  readonly label: string;
  readonly detail: string;
  readonly extension: string;
}

/** The same in every language. */
const NAMES: Readonly<Record<LineageFormat, string>> = {
  prov: 'PROV-O',
  openlineage: 'OpenLineage',
  mermaid: 'Mermaid',
  json: 'JSON',
};

function formats(): readonly Format[] {
  return [
    {
      format: 'prov',
      label: NAMES.prov,
      detail: l10n.t('JSON-LD in the vocabulary of the W3C: for knowledge graphs and archives'),
      extension: 'prov.jsonld',
    },
    {
      format: 'openlineage',
      label: NAMES.openlineage,
      detail: l10n.t('Run events, one a step: for data catalogues such as Marquez'),
      extension: 'openlineage.json',
    },
    {
      format: 'mermaid',
      label: NAMES.mermaid,
      detail: l10n.t('A flow chart as text: for Markdown, pull requests and wikis'),
      extension: 'mmd',
    },
    {
      format: 'json',
      label: NAMES.json,
      detail: l10n.t('All datasets, steps and issues: for scripts'),
      extension: 'lineage.json',
    },
  ];
}

/** Asks for what, a format and a file, and writes the lineage there. */
export async function exportLineage(services: Services, argument: unknown): Promise<void> {
  const uri = datasetOrNone(services, argument);
  const name = uri === undefined ? undefined : fileName(uri.path);
  const whole = { label: l10n.t('All lineage of the workspace'), whole: true };
  const what =
    name === undefined
      ? whole
      : await vscode.window.showQuickPick(
          [{ label: l10n.t('What leads to and from {0}', name), whole: false }, whole],
          { title: l10n.t('Export Lineage') },
        );
  if (!what) return;
  const format = await vscode.window.showQuickPick(formats(), {
    title: l10n.t('Export Lineage'),
    placeHolder: l10n.t('In which format?'),
    matchOnDetail: true,
  });
  if (!format) return;
  const part = what.whole ? undefined : uri;
  const target = await vscode.window.showSaveDialog({
    title: l10n.t('Export Lineage'),
    ...defaultPlace(part, format.extension),
  });
  if (!target) return;
  const text = await withProgress(l10n.t('Exporting lineage'), async (signal) => {
    const dataset = part && (await judgedDataset(services, part)).assessment?.sha256;
    return services.lineageWorker.call(
      'exportLineage',
      {
        ...(await lineageScope(services)),
        format: format.format,
        ...(dataset !== undefined && { dataset }),
      },
      { signal },
    );
  });
  await write(target, new TextEncoder().encode(text));
  await offerToOpen(target);
}

/** Asks where to, and writes a drawing there. @throws ProvenanceError `invalid-argument`, `io` */
export async function saveImage(
  uri: vscode.Uri | undefined,
  format: 'svg' | 'png',
  content: unknown,
): Promise<void> {
  if (!(content instanceof Uint8Array)) {
    throw new ProvenanceError('invalid-argument', 'The drawing is not there; try again.');
  }
  const target = await vscode.window.showSaveDialog({
    title: format === 'svg' ? l10n.t('Save Drawing as SVG') : l10n.t('Save Drawing as PNG'),
    ...defaultPlace(uri, `lineage.${format}`),
    filters: format === 'svg' ? { SVG: ['svg'] } : { PNG: ['png'] },
  });
  if (!target) return;
  await write(target, content);
  await offerToOpen(target);
}

function datasetOrNone(services: Services, argument: unknown): vscode.Uri | undefined {
  try {
    return targetUri(services, argument);
  } catch {
    return services.sampleFocus.current?.uri;
  }
}

function defaultPlace(uri: vscode.Uri | undefined, extension: string): vscode.SaveDialogOptions {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (uri?.scheme === 'file') return { defaultUri: uri.with({ path: `${uri.path}.${extension}` }) };
  return folder ? { defaultUri: vscode.Uri.joinPath(folder, `workspace.${extension}`) } : {};
}

async function write(target: vscode.Uri, content: Uint8Array): Promise<void> {
  try {
    await vscode.workspace.fs.writeFile(target, content);
  } catch (cause) {
    throw new ProvenanceError('io', '{path} could not be written.', { path: target.fsPath }, { cause });
  }
}

async function offerToOpen(target: vscode.Uri): Promise<void> {
  const open = l10n.t('Open');
  const answer = await vscode.window.showInformationMessage(
    l10n.t('Saved {0}.', fileName(target.path)),
    open,
  );
  if (answer === open) await vscode.commands.executeCommand('vscode.open', target);
}
