import * as vscode from 'vscode';
import { STATUSES } from '../../core/trust/status.ts';
import type { CommandHandlers } from '../../commands.ts';
import type { Dataset } from '../../host/datasets.ts';
import { DisposableStore } from '../../host/disposables.ts';
import { signerName } from '../../language/explain.ts';
import type { Services } from '../../host/services.ts';
import { onDidChangeSettings, setting, toggleSetting } from '../../host/settings.ts';
import { statusSign } from '../../host/statusIcons.ts';
import { statusWord } from '../../language/words.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';
import { gutterMarks, markedRanges, type Mark } from './model.ts';

const MARKS: readonly Mark[] = [...STATUSES, 'flagged', 'upstream', 'cleared'];
/** Overview ruler marks beyond this many say nothing more: the ruler is some 1,000 pixels high. */
const MAX_RULER_MARKS = 2000;

/** Gutter icons, the chip before a line, and marks in the overview ruler. One decoration type a status, made once. */
export function registerAnnotations(services: Services): {
  disposable: vscode.Disposable;
  handlers: Pick<CommandHandlers, 'toggleChip'>;
} {
  const store = new DisposableStore();
  const icon = (mark: Mark, theme: string) =>
    vscode.Uri.joinPath(services.extensionUri, 'media', 'icons', 'gutter', `${mark}-${theme}.svg`);
  const gutter = new Map(
    MARKS.map((mark) => [
      mark,
      store.add(
        vscode.window.createTextEditorDecorationType({
          light: { gutterIconPath: icon(mark, 'light') },
          dark: { gutterIconPath: icon(mark, 'dark') },
          gutterIconSize: 'contain',
        }),
      ),
    ]),
  );
  const chips = new Map(
    STATUSES.map((status) => [
      status,
      store.add(
        vscode.window.createTextEditorDecorationType({
          before: {
            margin: '0 0.8em 0 0',
            color: new vscode.ThemeColor(CHIP_COLOR[status]),
            textDecoration: 'none; font-size: 0.85em; opacity: 0.9;',
          },
        }),
      ),
    ]),
  );
  const ruler = (color: string, lane: vscode.OverviewRulerLane) =>
    store.add(
      vscode.window.createTextEditorDecorationType({
        overviewRulerColor: new vscode.ThemeColor(color),
        overviewRulerLane: lane,
      }),
    );
  const modifiedRuler = ruler('editorOverviewRuler.modifiedForeground', vscode.OverviewRulerLane.Left);
  const flaggedRuler = ruler('editorOverviewRuler.errorForeground', vscode.OverviewRulerLane.Right);
  const upstreamRuler = ruler('editorOverviewRuler.warningForeground', vscode.OverviewRulerLane.Right);

  const show = (editor: vscode.TextEditor) => {
    const dataset = services.datasets.get(editor.document.uri);
    const ranges = dataset
      ? markedRanges(
          editor.visibleRanges.map(({ start, end }) => ({ first: start.line + 1, last: end.line + 1 })),
          editor.document.lineCount,
        )
      : [];
    const marks =
      dataset && setting('gutterIcons') ? gutterMarks(dataset, ranges) : new Map<Mark, number[]>();
    for (const [mark, type] of gutter) editor.setDecorations(type, (marks.get(mark) ?? []).map(lineStart));
    showChips(editor, dataset, ranges);
  };

  const showChips = (
    editor: vscode.TextEditor,
    dataset: Dataset | undefined,
    ranges: ReturnType<typeof markedRanges>,
  ) => {
    const options = new Map(STATUSES.map((status) => [status, [] as vscode.DecorationOptions[]]));
    if (dataset && setting('signerChip')) {
      for (const { first, last } of ranges) {
        for (let line = first; line <= last; line++) {
          const status = dataset.status(line);
          if (status === undefined) continue;
          const statement = dataset.covering(line);
          const signed = status === 'verified' || status === 'untrusted' || status === 'revoked';
          const text = signed && statement ? untrustedText(signerName(statement), 40) : statusWord(status);
          options.get(status)?.push({
            range: lineStart(line),
            renderOptions: { before: { contentText: `${statusSign(status)} ${text}` } },
          });
        }
      }
    }
    for (const [status, type] of chips) editor.setDecorations(type, options.get(status) ?? []);
  };

  const showRuler = (editor: vscode.TextEditor) => {
    const dataset = setting('overviewRuler') ? services.datasets.get(editor.document.uri) : undefined;
    const modified: vscode.Range[] = [];
    const flagged: vscode.Range[] = [];
    const upstream: vscode.Range[] = [];
    if (dataset) {
      const lineCount = editor.document.lineCount;
      for (let line = 1; line <= lineCount && modified.length < MAX_RULER_MARKS; line++) {
        if (dataset.status(line) === 'modified') modified.push(lineStart(line));
      }
      for (const review of dataset.assessment?.reviews ?? []) {
        if (flagged.length >= MAX_RULER_MARKS) break;
        if (review.state === 'flagged') flagged.push(lineStart(review.line));
      }
      for (const { line } of dataset.assessment?.upstream.slice(0, MAX_RULER_MARKS) ?? []) {
        upstream.push(lineStart(line));
      }
    }
    editor.setDecorations(modifiedRuler, modified);
    editor.setDecorations(flaggedRuler, flagged);
    editor.setDecorations(upstreamRuler, upstream);
  };

  const showAll = (uri?: vscode.Uri) => {
    for (const editor of vscode.window.visibleTextEditors) {
      if (uri && editor.document.uri.toString() !== uri.toString()) continue;
      show(editor);
      showRuler(editor);
    }
  };
  store.addAll(
    services.datasets.onDidChange(({ uri }) => {
      showAll(uri);
    }),
    services.datasets.onDidRemove(showAll),
    vscode.window.onDidChangeVisibleTextEditors(() => {
      showAll();
    }),
    vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => {
      show(textEditor);
    }),
    onDidChangeSettings(() => {
      showAll();
    }),
  );
  showAll();
  return { disposable: store, handlers: { toggleChip: () => toggleSetting('signerChip') } };
}

const CHIP_COLOR = {
  verified: 'testing.iconPassed',
  untrusted: 'editorWarning.foreground',
  modified: 'editorError.foreground',
  added: 'editorWarning.foreground',
  unsigned: 'descriptionForeground',
  revoked: 'editorError.foreground',
  malformed: 'editorError.foreground',
  unknown: 'descriptionForeground',
} as const;

function lineStart(line: number): vscode.Range {
  return new vscode.Range(line - 1, 0, line - 1, 0);
}
