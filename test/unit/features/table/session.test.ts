import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import { TableSession, type JudgedDataset } from '../../../../src/features/table/session.ts';
import type { RowQuery } from '../../../../src/protocol/rowWorker.ts';
import { assessment, FakeRowWorker, review, statement } from './support.ts';

const WORDS = ['apple', 'pear', 'apple pie', 'plum', 'quince', 'apple tart', 'fig'];

const contains = (text: string): RowQuery => ({ text, operator: 'contains', matchCase: true });

/** A table of a file of words, and what the editor says of its dataset. */
function tableOf(words = WORDS) {
  const rows = new FakeRowWorker(words);
  const dataset: { -readonly [K in keyof JudgedDataset]: JudgedDataset[K] } = {
    document: undefined,
    assessment: undefined,
    error: undefined,
    progress: undefined,
  };
  let refreshed = 0;
  let restricted = false;
  const session = new TableSession({
    path: '/w/words.jsonl',
    cacheFolder: '/cache',
    rows,
    dataset: () => dataset,
    refreshDataset: () => {
      refreshed++;
      return Promise.resolve();
    },
    isRestricted: () => restricted,
    describe: ({ template }) => template,
    changed: () => undefined,
  });
  return { session, rows, dataset, refreshed: () => refreshed, restrict: () => (restricted = true) };
}

/** "1 apple (verified) | 3 apple pie": the rows of the view, as a table gets them. */
async function picture(session: TableSession): Promise<string> {
  const { version, count } = session.state;
  const rows = await session.rows({ version, from: 0, to: count, columns: [] });
  return rows
    .sort((a, b) => a.index - b.index)
    .map(({ line, cells, status, review: state }) => {
      const known = [status, state?.state].filter((word) => word !== undefined);
      return `${String(line)} ${cells[0]?.text ?? ''}${known.length > 0 ? ` (${known.join(' ')})` : ''}`;
    })
    .join(' | ');
}

async function settled(session: TableSession): Promise<void> {
  for (let i = 0; i < 1000 && session.state.filtering !== undefined; i++) await turn();
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve));

function throwsCode(code: string) {
  return (error: unknown) => error instanceof ProvenanceError && error.code === code;
}

describe('A sample table', () => {
  test('has its first rows before all are found', async () => {
    const { session } = tableOf();
    const opened = session.open();
    while (session.state.lines === 0) await Promise.resolve();
    assert.deepEqual([session.state.lines, session.state.complete], [3, false]);
    assert.equal(await picture(session), '1 apple | 2 pear | 3 apple pie');
    await opened;
    assert.deepEqual([session.state.lines, session.state.complete, session.state.count], [7, true, 7]);
  });

  test('shows statuses and reviews once the dataset is judged, and new ones as they come', async () => {
    const { session, dataset } = tableOf(['a', 'b']);
    await session.open();
    assert.equal(await picture(session), '1 a | 2 b');
    assert.equal('judged' in session.state, false, 'nothing is said of the whole');
    dataset.assessment = assessment(['unsigned', 'unsigned']);
    await session.datasetChanged();
    assert.equal(await picture(session), '1 a (unsigned) | 2 b (unsigned)');
    dataset.assessment = assessment(['unsigned', 'unsigned'], { reviews: [review(2, 'flagged')] });
    await session.datasetChanged();
    assert.equal(await picture(session), '1 a (unsigned) | 2 b (unsigned flagged)');
    const { judged } = session.state;
    assert.equal(judged?.flagged, 1);
  });

  test('answers nothing for a version that is not the present one', async () => {
    const { session, dataset } = tableOf(['a']);
    await session.open();
    const { version } = session.state;
    dataset.assessment = assessment(['unsigned']);
    await session.datasetChanged();
    assert.deepEqual(await session.rows({ version, from: 0, to: 1, columns: [] }), []);
  });

  test('filters by what is known and by what rows say, and by both', async () => {
    const { session, dataset } = tableOf();
    dataset.assessment = assessment([
      'verified',
      'verified',
      'unsigned',
      'verified',
      'unsigned',
      'verified',
      'unsigned',
    ]);
    await session.open();
    session.setFilter({ statuses: ['verified'] });
    await settled(session);
    assert.equal(
      await picture(session),
      '1 apple (verified) | 2 pear (verified) | 4 plum (verified) | 6 apple tart (verified)',
    );
    session.setFilter({ queries: [contains('apple')] });
    await settled(session);
    assert.equal(
      await picture(session),
      '1 apple (verified) | 3 apple pie (unsigned) | 6 apple tart (verified)',
    );
    session.setFilter({ statuses: ['verified'], queries: [contains('apple'), contains('tart')] });
    await settled(session);
    assert.equal(await picture(session), '6 apple tart (verified)');
    session.setFilter({});
    assert.equal(session.state.count, 7);
  });

  test('shows what a search found so far; rows do not move meanwhile', async () => {
    const { session } = tableOf();
    await session.open();
    session.setFilter({ queries: [contains('apple')] });
    const counts = new Set<number>();
    const { version } = session.state;
    while (session.state.filtering !== undefined) {
      counts.add(session.state.count);
      assert.equal(session.state.version, version);
      await Promise.resolve();
    }
    counts.add(session.state.count);
    assert.deepEqual([...counts], [0, 2, 3]);
  });

  test('forgets a filter that another one took the place of', async () => {
    const { session } = tableOf();
    await session.open();
    session.setFilter({ queries: [contains('apple')] });
    session.setFilter({ queries: [contains('fig')] });
    await settled(session);
    assert.equal(await picture(session), '7 fig');
  });

  test('a filter by status waits for the judgement', async () => {
    const { session, dataset } = tableOf(['a', 'b']);
    session.filter = { statuses: ['malformed'] };
    await session.open();
    assert.deepEqual([session.state.count, session.state.filtering], [0, 0]);
    dataset.assessment = assessment(['unsigned', 'malformed']);
    await session.datasetChanged();
    await settled(session);
    assert.equal(await picture(session), '2 b (malformed)');
  });

  test('a filter follows new evidence, and a selection in it holds while its rows are the same', async () => {
    const { session, dataset } = tableOf(['a', 'b', 'c']);
    dataset.assessment = assessment(['unsigned', 'modified', 'modified']);
    await session.open();
    session.setFilter({ statuses: ['modified'] });
    await settled(session);
    const { version } = session.state;
    dataset.assessment = assessment(['unsigned', 'modified', 'modified'], {
      reviews: [review(3, 'flagged')],
    });
    await session.datasetChanged();
    await turn();
    assert.equal(await picture(session), '2 b (modified) | 3 c (modified flagged)');
    assert.deepEqual(session.linesOf(version, [[1, 1]], 10), [3]);
    dataset.assessment = assessment(['modified', 'modified', 'unsigned']);
    await session.datasetChanged();
    await turn();
    assert.equal(await picture(session), '1 a (modified) | 2 b (modified)');
    assert.throws(() => session.linesOf(version, [[1, 1]], 10), throwsCode('changed-while-reading'));
  });

  test('finds the next row that matches, both ways and round the end', async () => {
    const { session } = tableOf();
    await session.open();
    const find = async (text: string, from: number, backwards = false) => {
      const context = { signal: { aborted: false }, progress: () => undefined };
      return (await session.find({ query: contains(text), from, backwards }, context))?.line;
    };
    assert.equal(await find('apple', 0), 1);
    assert.equal(await find('apple', 1), 3);
    assert.equal(await find('apple', 3), 6);
    assert.equal(await find('apple', 6), 1, 'round the end');
    assert.equal(await find('apple', 4, true), 3);
    assert.equal(await find('plum', 1, true), 4, 'round the beginning');
    assert.equal(await find('cherry', 3), undefined);
    session.setFilter({ queries: [contains('pie')] });
    await settled(session);
    assert.equal(await find('apple', 0), 3, 'in the view only');
    assert.equal(await find('pear', 0), undefined);
  });

  test('refuses more rows than can be named one by one', async () => {
    const { session } = tableOf();
    await session.open();
    const { version } = session.state;
    assert.deepEqual(session.linesOf(version, [[0, 2]], 3), [1, 2, 3]);
    assert.throws(() => session.linesOf(version, [[0, 6]], 3), throwsCode('too-large'));
  });

  test('does not put the statuses of one file beside the rows of another', async () => {
    const { session, rows, dataset, refreshed } = tableOf(['a', 'b']);
    dataset.assessment = assessment(['verified', 'verified']);
    await session.open();
    assert.equal(await picture(session), '1 a (verified) | 2 b (verified)');

    rows.condition = 'changed';
    rows.lines = ['evil', 'a'];
    dataset.assessment = assessment(['unsigned', 'verified']);
    await session.datasetChanged();
    assert.equal(await picture(session), '1 evil | 2 a', 'no status');
    assert.deepEqual(
      session.state.notices.map(({ action }) => action),
      ['reload'],
    );
    await assert.rejects(session.requireUnchanged(), throwsCode('changed-while-reading'));

    rows.condition = 'same';
    await session.reload();
    assert.equal(refreshed(), 1);
    assert.equal(await picture(session), '1 evil (unsigned) | 2 a (verified)');
    assert.deepEqual(session.state.notices, []);
    await session.requireUnchanged();
    assert.equal(rows.openTables, 1, 'the old one is closed');
  });

  test('a file that has grown keeps its statuses, and says that there is more', async () => {
    const { session, rows, dataset } = tableOf(['a', 'b']);
    dataset.assessment = assessment(['verified', 'verified']);
    await session.open();
    rows.condition = 'grown';
    await session.check();
    assert.equal(await picture(session), '1 a (verified) | 2 b (verified)');
    assert.match(session.state.notices[0]?.text ?? '', /grown/);
  });

  test('unsaved changes in a text editor are another text than the table’s', async () => {
    const { session, dataset } = tableOf(['a', 'b']);
    dataset.assessment = assessment(['verified', 'verified']);
    await session.open();
    dataset.document = { isDirty: true };
    dataset.assessment = assessment(['added', 'verified', 'verified']);
    await session.datasetChanged();
    assert.equal(await picture(session), '1 a | 2 b');
    assert.match(session.state.notices[0]?.text ?? '', /unsaved/);
    await assert.rejects(session.requireUnchanged(), throwsCode('changed-while-reading'));
  });

  test('says why there are no rows, and has them after a reload', async () => {
    const { session, rows } = tableOf(['a']);
    rows.failure = new ProvenanceError('invalid-parquet', 'It is broken.');
    await session.open();
    assert.equal(session.state.error, 'It is broken.');
    rows.failure = undefined;
    await session.reload();
    assert.equal(session.state.error, undefined);
    assert.equal(await picture(session), '1 a');
  });

  test('says why it could not be judged, and shows its rows all the same', async () => {
    const { session, dataset } = tableOf(['a']);
    dataset.error = new ProvenanceError('io', 'No.');
    await session.open();
    assert.equal(session.state.error, 'No.');
    assert.equal(await picture(session), '1 a');
  });

  test('says whether signing is off', () => {
    const { session, restrict } = tableOf();
    assert.equal(session.state.restricted, false);
    restrict();
    assert.equal(session.state.restricted, true);
  });

  test('leaves nothing open', async () => {
    const { session, rows } = tableOf();
    const opening = session.open();
    session.dispose();
    await opening;
    await turn();
    assert.equal(rows.openTables, 0);
    const other = tableOf();
    await other.session.open();
    other.session.dispose();
    await turn();
    assert.equal(other.rows.openTables, 0);
  });

  test('names those who signed', async () => {
    const { session, dataset } = tableOf(['a']);
    dataset.assessment = assessment(['verified'], { by: [0], statements: [statement()] });
    await session.open();
    assert.deepEqual(session.state.judged?.signers, [{ keyId: 'SHA256:ann', name: 'ann', rows: 1 }]);
  });
});
