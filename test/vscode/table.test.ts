import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import * as vscode from 'vscode';
import { COMMANDS, TABLE_EDITORS } from '../../src/commands.ts';
import type { TableSession } from '../../src/features/table/session.ts';
import type { OpenTable } from '../../src/host/openTables.ts';
import type { TableAction, TableFilter } from '../../src/protocol/sampleTable.ts';
import type { IndexRange } from '../../src/features/table/model.ts';
import {
  answering,
  api,
  closeAll,
  judged,
  opened,
  sample,
  shows,
  testFolder,
  until,
  userTrust,
  workspaceFolder,
  writeDataset,
} from './support.ts';

const run = (command: keyof typeof COMMANDS, ...args: unknown[]) =>
  vscode.commands.executeCommand(COMMANDS[command], ...args);

/** A Parquet file of texts that no other test has. */
function writeParquet(folder: string, words: string[], name = 'data.parquet'): vscode.Uri {
  const path = join(folder, name);
  const text = words.map((word) => `${word} of ${folder}`);
  const columnData = [
    { name: 'id', data: words.map((_, i) => i + 1), type: 'INT32' as const },
    { name: 'text', data: text, type: 'STRING' as const },
  ];
  writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData })));
  return vscode.Uri.file(path);
}

/** What tests see of a table, beside what other features see. */
interface Inside extends OpenTable {
  readonly place: { readonly focusedIndex: number } | undefined;
  readonly session: TableSession;
  readonly isReady: boolean;
  run(action: TableAction, version: number, ranges: readonly IndexRange[]): Promise<void>;
}

/** The table that shows a dataset, once its page is there and its rows are known. */
async function tableOf(uri: vscode.Uri): Promise<Inside> {
  const { services } = await api();
  await until(() => services.tables.of(uri) !== undefined, 'a table is open');
  const table = services.tables.of(uri) as unknown as Inside;
  await until(
    () => table.isReady && (table.session.state.complete || table.session.state.error !== undefined),
    () => `the page is ready (${String(table.isReady)}) and all rows are known`,
  );
  return table;
}

/** "intact: 1 verified | 2 verified flagged": the rows of the view. */
async function picture(session: TableSession): Promise<string> {
  const { version, count, judged: judgement } = session.state;
  const rows = await session.rows({ version, from: 0, to: count, columns: ['/text'] });
  const shown = rows
    .sort((a, b) => a.index - b.index)
    .map(({ line, status, review }) =>
      [String(line), status ?? '-', review?.state].filter((word) => word !== undefined).join(' '),
    );
  return `${judgement?.verdict ?? 'none'}: ${shown.join(' | ')}`;
}

async function tableShows(uri: vscode.Uri, expected: string): Promise<void> {
  const { session } = await tableOf(uri);
  let last = '';
  await until(
    async () => {
      last = await picture(session);
      return last === expected;
    },
    () => `the table shows "${expected}", not "${last}"`,
  );
}

async function filterBy(session: TableSession, filter: TableFilter): Promise<void> {
  session.setFilter(filter);
  await until(() => session.state.filtering === undefined, 'the filter is done');
}

function activeTab(): string {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputCustom) return input.viewType;
  return input instanceof vscode.TabInputText ? 'text' : 'other';
}

describe('the sample table', () => {
  let folder: string;

  before(async () => {
    await userTrust();
    const { keys } = (await api()).services;
    // One key: with several, each signing asks for the one to use.
    if (keys.list().length === 0) await answering([], () => run('createKey', 'curator@example.org'));
    const { keyId } = keys.list()[0]!;
    await answering(['curator', 'For me'], () => run('trustSigner', { keyId }));
  });
  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(closeAll);

  it('is the editor of Parquet files', async () => {
    const uri = writeParquet(folder, ['a', 'b', 'c']);
    await vscode.commands.executeCommand('vscode.open', uri);
    const { session } = await tableOf(uri);
    assert.equal(activeTab(), TABLE_EDITORS.standard);
    await tableShows(uri, 'unsigned: 1 unsigned | 2 unsigned | 3 unsigned');
    const { format, columns, judged: judgement } = session.state;
    assert.equal(format, 'parquet');
    assert.deepEqual(
      columns.map(({ name }) => name),
      ['id', 'text'],
    );
    assert.equal(judgement?.counts.unsigned, 3);
  });

  it('is the editor of compressed JSONL files', async () => {
    const uri = vscode.Uri.file(join(folder, 'data.jsonl.gz'));
    writeFileSync(uri.fsPath, gzipSync(`${sample(`a ${folder}`)}\n${sample(`b ${folder}`)}\n`));
    await vscode.commands.executeCommand('vscode.open', uri);
    await tableOf(uri);
    assert.equal(activeTab(), TABLE_EDITORS.standard);
    await tableShows(uri, 'unsigned: 1 unsigned | 2 unsigned');
    const { messages } = await answering([], () => run('openAsText'));
    assert.match(messages.join(), /data\.jsonl\.gz is not text; export it/);
  });

  it('is one of two editors of JSONL files, and leads to the other', async () => {
    const uri = writeDataset(folder, ['a', '{', 'c']);
    const { editor } = await opened(uri);
    assert.equal(activeTab(), 'text');
    editor.selection = new vscode.Selection(1, 0, 1, 0);
    await run('openTable');
    const table = await tableOf(uri);
    await until(() => table.focusedLine === 2, 'it goes to the line of the cursor');
    const tabs = () => vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    assert.equal(activeTab(), TABLE_EDITORS.optional);
    await until(() => tabs().length === 1, 'it takes the text editor’s place');
    await tableShows(uri, 'unsigned: 1 unsigned | 2 malformed | 3 unsigned');
    table.reveal(3);
    await until(() => table.focusedLine === 3, 'line 3 has the focus');
    await run('openAsText');
    await until(() => activeTab() === 'text' && tabs().length === 1, 'the text editor is back');
    await until(
      () => vscode.window.activeTextEditor?.selection.active.line === 2,
      'it goes to the focused row',
    );
  });

  it('signs a Parquet file, and shows what changes in its evidence at once', async () => {
    const uri = writeParquet(folder, ['a', 'b']);
    await vscode.commands.executeCommand('vscode.open', uri);
    await tableOf(uri);
    await answering(['Sign all samples of data.parquet'], () => run('signDataset'));
    await tableShows(uri, 'intact: 1 verified | 2 verified');
    const bundle = readFileSync(join(folder, '.provenance', 'data.parquet.intoto.jsonl'), 'utf8');
    const { payload } = JSON.parse(bundle.split('\n')[0]!) as { payload: string };
    const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
      predicate: { mediaType: string };
    };
    assert.equal(predicate.mediaType, 'application/vnd.apache.parquet');
  });

  it('signs, flags, clears and copies selected rows', async () => {
    const uri = writeParquet(folder, ['a', 'b', 'c', 'd']);
    await vscode.commands.executeCommand('vscode.open', uri);
    const { session } = await tableOf(uri);
    await tableShows(uri, 'unsigned: 1 unsigned | 2 unsigned | 3 unsigned | 4 unsigned');
    const act = async (action: TableAction, ranges: readonly IndexRange[]) =>
      (await tableOf(uri)).run(action, session.state.version, ranges);

    await answering(['Sign 2 samples of data.parquet'], async () => {
      await act('sign', [[1, 2]]);
      await until(() => session.state.judged?.counts.verified === 2, 'two are signed');
    });
    await tableShows(uri, 'unsigned: 1 unsigned | 2 verified | 3 verified | 4 unsigned');

    await answering(['Poisoning', 'high', 'both look planted'], async () => {
      await act('flag', [
        [0, 0],
        [3, 3],
      ]);
      await until(() => session.state.judged?.flagged === 2, 'two are flagged');
    });
    await tableShows(uri, 'unsigned: 1 unsigned flagged | 2 verified | 3 verified | 4 unsigned flagged');

    await answering(['a false alarm'], async () => {
      await act('clear', [[0, 3]]);
      await until(() => session.state.judged?.flagged === 0, 'both are cleared');
    });
    await tableShows(uri, 'unsigned: 1 unsigned cleared | 2 verified | 3 verified | 4 unsigned cleared');

    await act('copyJson', [[1, 2]]);
    assert.deepEqual(
      (await vscode.env.clipboard.readText())
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
      [
        { id: 2, text: `b of ${folder}` },
        { id: 3, text: `c of ${folder}` },
      ],
    );
    const { messages } = await answering([], async () => {
      await act('verify', [[0, 3]]);
      await new Promise((resolve) => setTimeout(resolve, 300));
    });
    assert.match(messages.join(), /4 selected samples: 2 verified, 2 unsigned\./);
  });

  it('shows a flag in the table and in the text editor of the same file', async () => {
    const uri = writeDataset(folder, ['a', 'b']);
    await opened(uri);
    await vscode.commands.executeCommand('vscode.openWith', uri, TABLE_EDITORS.optional);
    const table = await tableOf(uri);
    await tableShows(uri, 'unsigned: 1 unsigned | 2 unsigned');
    await answering(['Label error', 'low', 'wrong'], async () => {
      await table.run('flag', table.session.state.version, [[1, 1]]);
      await until(async () => (await judged(uri)).review(2)?.state === 'flagged', 'it is flagged');
    });
    await tableShows(uri, 'unsigned: 1 unsigned | 2 unsigned flagged');
    await shows(uri, 'unsigned: unsigned unsigned(flagged)');
  });

  it('filters by status, by review and by what rows say', async () => {
    const uri = writeDataset(folder, ['a', '{', 'needle', 'd']);
    await vscode.commands.executeCommand('vscode.openWith', uri, TABLE_EDITORS.optional);
    const { session } = await tableOf(uri);
    await tableShows(uri, 'unsigned: 1 unsigned | 2 malformed | 3 unsigned | 4 unsigned');
    await filterBy(session, { statuses: ['malformed'] });
    await tableShows(uri, 'unsigned: 2 malformed');
    const query = { text: 'needle', operator: 'contains' as const, matchCase: true };
    await filterBy(session, { queries: [query] });
    await tableShows(uri, 'unsigned: 3 unsigned');
    const context = { signal: { aborted: false }, progress: () => undefined };
    await filterBy(session, {});
    assert.deepEqual(await session.find({ query, from: 3, backwards: false }, context), {
      index: 2,
      line: 3,
    });
  });

  it('goes to the next sample that needs attention, to a row, and where the tree points', async () => {
    const uri = writeDataset(folder, ['a', '{', 'c', '{"a":', 'e']);
    await vscode.commands.executeCommand('vscode.openWith', uri, TABLE_EDITORS.optional);
    const table = await tableOf(uri);
    await tableShows(uri, 'unsigned: 1 unsigned | 2 malformed | 3 unsigned | 4 malformed | 5 unsigned');
    const focused = (line: number) =>
      until(
        () => table.focusedLine === line,
        () => `line ${String(line)} has the focus, not ${String(table.focusedLine)}`,
      );
    await focused(1);
    await run('nextAttention');
    await focused(2);
    await run('nextAttention');
    await focused(4);
    await run('previousAttention');
    await focused(2);
    await answering(['5'], () => run('goToRow'));
    await focused(5);
    await run('revealSample', { uri: uri.toString(), lines: [3] });
    await focused(3);
    const { current } = (await api()).services.sampleFocus;
    assert.equal(current?.uri.toString(), uri.toString());
    assert.equal(current.line, 3, 'the Lineage panel follows');
    assert.equal(await current.text(), sample(`c of ${folder.slice(folder.lastIndexOf('/') + 1)}`));
  });

  it('notices that the file has changed, and does not put old statuses beside new rows', async () => {
    const uri = writeDataset(folder, ['a', 'b']);
    await vscode.commands.executeCommand('vscode.openWith', uri, TABLE_EDITORS.optional);
    const { session } = await tableOf(uri);
    await tableShows(uri, 'unsigned: 1 unsigned | 2 unsigned');
    writeDataset(folder, ['{', 'x', 'b']);
    await until(() => session.state.notices.some(({ action }) => action === 'reload'), 'the table says so');
    const { messages } = await answering([], () => run('signSamples', { uri: uri.toString(), lines: [1] }));
    assert.match(messages.join(), /not as this table shows it any more/);
    await session.reload();
    await tableShows(uri, 'unsigned: 1 malformed | 2 unsigned | 3 unsigned');
    appendFileSync(uri.fsPath, `${sample('more')}\n`);
    await until(() => session.state.notices.some(({ text }) => text.includes('grown')), 'it has grown');
  });

  it('shows no statuses while a text editor has unsaved changes of the file', async () => {
    const uri = writeDataset(folder, ['a', 'b']);
    const { editor } = await opened(uri);
    await vscode.commands.executeCommand('vscode.openWith', uri, TABLE_EDITORS.optional, {
      viewColumn: vscode.ViewColumn.Beside,
    });
    await tableShows(uri, 'unsigned: 1 unsigned | 2 unsigned');
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(0, 0), `${sample('typed')}\n`);
    });
    await tableShows(uri, 'unsigned: 1 - | 2 -');
    await vscode.commands.executeCommand('undo');
    await tableShows(uri, 'unsigned: 1 unsigned | 2 unsigned');
  });

  it('comes back where it was after it was hidden, and after it was closed', async () => {
    const uri = writeDataset(
      folder,
      Array.from({ length: 300 }, (_, i) => `word ${String(i)}`),
    );
    await vscode.commands.executeCommand('vscode.openWith', uri, TABLE_EDITORS.optional);
    const table = await tableOf(uri);
    table.reveal(250);
    await until(() => table.focusedLine === 250, 'line 250 has the focus');
    await until(() => table.place?.focusedIndex === 249, 'the place is remembered');
    await opened(writeDataset(folder, ['other'], 'other.jsonl'));
    await until(() => !table.isReady, 'the page is gone');
    await vscode.commands.executeCommand('vscode.openWith', uri, TABLE_EDITORS.optional);
    await until(() => table.isReady, 'the page is back');
    assert.equal(table.place?.focusedIndex, 249);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    const { services } = await api();
    await until(() => services.tables.of(uri) === undefined, 'it is closed');
    await vscode.commands.executeCommand('vscode.openWith', uri, TABLE_EDITORS.optional);
    const again = await tableOf(uri);
    await until(() => again.focusedLine === 250, 'line 250 has the focus again');
  });

  it('shares what it read and its filter between two editors of one file', async () => {
    const uri = writeParquet(folder, ['a', 'b']);
    await vscode.commands.executeCommand('vscode.open', uri);
    const first = await tableOf(uri);
    await vscode.commands.executeCommand('workbench.action.splitEditorRight');
    const { services } = await api();
    await until(() => services.tables.of(uri) !== first, 'there is a second table');
    const second = await tableOf(uri);
    assert.equal(second.session, first.session);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    await until(() => services.tables.of(uri) === first, 'the first is left');
    await tableShows(uri, 'unsigned: 1 unsigned | 2 unsigned');
  });

  it('exports as JSONL what verifies by the signature of the Parquet file', async () => {
    const uri = writeParquet(folder, ['a', 'b', 'c']);
    await vscode.commands.executeCommand('vscode.open', uri);
    await tableOf(uri);
    await answering(['Sign all samples of data.parquet'], () => run('signDataset'));
    await tableShows(uri, 'intact: 1 verified | 2 verified | 3 verified');
    const target = vscode.Uri.file(join(folder, 'exported.jsonl'));
    const window = vscode.window as unknown as { showSaveDialog: unknown };
    const original = window.showSaveDialog;
    let offered: vscode.SaveDialogOptions | undefined;
    window.showSaveDialog = (options: vscode.SaveDialogOptions) => {
      offered = options;
      return Promise.resolve(target);
    };
    try {
      const { messages } = await answering([], () => run('exportJsonl'));
      assert.match(messages.join(), /Exported 3 rows to exported\.jsonl/);
    } finally {
      window.showSaveDialog = original;
    }
    assert.match(offered?.defaultUri?.path ?? '', /\/data\.jsonl$/);
    await opened(target);
    await shows(target, 'unsigned: verified verified verified');
  });

  it('is where samples of files are shown that are too large for a text editor', async () => {
    const words = Array.from({ length: 52 }, (_, i) => `${String(i)} ${'x'.repeat(1 << 20)}`);
    const uri = writeDataset(folder, [...words, '{']);
    await vscode.commands.executeCommand('vscode.open', uri);
    await until(() => activeTab() === 'text', 'it opens as text');
    await run('openTable');
    await tableOf(uri);
    assert.equal(activeTab(), TABLE_EDITORS.optional);
    await closeAll();
    await run('revealSample', { uri: uri.toString(), lines: [53] });
    const table = await tableOf(uri);
    await until(() => table.focusedLine === 53, 'the last line has the focus');
    await until(() => table.session.state.judged?.counts.malformed === 1, 'it is judged');
  });

  it('lists the samples of a Parquet file that need attention, and says what its verdict is', async () => {
    const uri = writeParquet(folder, ['a', 'b']);
    await vscode.commands.executeCommand('vscode.open', uri);
    await tableOf(uri);
    await answering(['Sign all'], () => run('signDataset'));
    await tableShows(uri, 'intact: 1 verified | 2 verified');
    await closeAll();
    writeParquet(folder, ['a', 'z']);
    const { services } = await api();
    await until(
      () => services.datasets.get(uri)?.assessment?.counts.modified === 1,
      'it is judged in the background',
    );
    const problems = vscode.languages
      .getDiagnostics(uri)
      .map(({ message, range }) => [range.start.line, message]);
    assert.equal(problems.length, 1);
    assert.match(String(problems[0]?.[1]), /^modified/);
    await run('revealSample', { uri: uri.toString(), lines: [2] });
    const table = await tableOf(uri);
    await until(() => table.focusedLine === 2, 'row 2 has the focus');
    assert.equal(services.sampleFocus.activeDataset?.toString(), uri.toString());
  });

  it('says in one sentence why a file cannot be shown', async () => {
    const uri = vscode.Uri.file(join(folder, 'broken.parquet'));
    writeFileSync(uri.fsPath, 'PAR1 this is not a Parquet file PAR1');
    await vscode.commands.executeCommand('vscode.open', uri);
    const { session } = await tableOf(uri);
    assert.match(session.state.error ?? '', /broken\.parquet/);
    assert.ok(!/Unexpected error/.test(session.state.error ?? ''), session.state.error);
  });

  it('keeps its indexes out of the workspace', async () => {
    const { services } = await api();
    assert.ok(!services.cacheFolder.startsWith(workspaceFolder()), services.cacheFolder);
  });
});
