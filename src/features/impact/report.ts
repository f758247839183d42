import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { timeNow } from '../../host/signing.ts';
import { impactMarkdown } from '../../language/impactReport.ts';
import type { ImpactData, ImpactSource } from '../../protocol/lineageWorker.ts';

/** An impact that was traced. */
export interface TracedImpact {
  readonly sources: readonly ImpactSource[];
  readonly data: ImpactData;
  /** RFC 3339, UTC. */
  readonly time: string;
}

/** Writes a report where the user says: Markdown, or JSON as `provenance impact --format json` prints it. */
export async function saveReport(traced: TracedImpact): Promise<void> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  const target = await vscode.window.showSaveDialog({
    title: l10n.t('Save the impact report'),
    ...(folder && { defaultUri: vscode.Uri.joinPath(folder.uri, `impact-${timeNow().slice(0, 10)}.md`) }),
    filters: { Markdown: ['md'], JSON: ['json'] },
  });
  if (!target) return;
  const text = target.path.toLowerCase().endsWith('.json') ? jsonReport(traced) : markdownReport(traced);
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
  await vscode.window.showTextDocument(target, { preview: true });
}

function markdownReport({ sources, data, time }: TracedImpact): string {
  return impactMarkdown(sources, data, time);
}

function jsonReport({ sources, data }: TracedImpact): string {
  return `${JSON.stringify({ version: 1, sources, ...data }, undefined, 2)}\n`;
}
