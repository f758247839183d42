import { ProvenanceError, throwIfCancelled } from '../core/errors.ts';
import { parsePointer } from '../core/sample/origin.ts';
import { CELL_LENGTH, rowValues } from '../core/table/cells.ts';
import { prettyJson } from '../core/table/prettyJson.ts';
import type { ReadRowsOptions, SourceRow } from '../core/table/rowSource.ts';
import { searchRows } from '../core/table/search.ts';
import { ValueFinder } from '../core/table/valueFinder.ts';
import type { ExportProgress, RowCells, RowWorkerMethods, SearchProgress } from '../protocol/rowWorker.ts';
import { Rpc, type Handlers, type Port } from '../protocol/rpc.ts';
import { untrustedText } from '../protocol/untrustedText.ts';
import { exportJsonl } from './exportJsonl.node.ts';
import { indexAll, openRowTable, type RowTable } from './rowTable.node.ts';
import { nodeTimers } from './workerPort.node.ts';

/** So much of a row is looked at for its cells; a longer one is shown by its beginning. */
const CELL_ROW_BYTES = 256 * 1024;
/** So much of a record is shown: of the text in the file (bytes), and as it is spread out (UTF-16 code units). */
const RECORD_BYTES = 1024 * 1024;
const RECORD_LENGTH = 2 * 1024 * 1024;
/** Of `text`, in bytes. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;
/** Lines that are read together for `text`. */
const TEXT_LINES = 256;
/** Milliseconds between two reports of progress. */
const REPORT_EVERY = 50;

/** Answers the row worker's methods on a port. @returns a function that stops, and closes what is open. */
export function startRowWorker(port: Port): () => void {
  const tables = new Map<string, RowTable>();
  const tableOf = (id: string): RowTable => {
    const table = tables.get(id);
    if (!table) throw new ProvenanceError('not-found', 'The table is not open any more.');
    return table;
  };
  const close = async (id: string) => {
    const table = tables.get(id);
    tables.delete(id);
    await table?.close();
  };

  const handlers: Handlers<RowWorkerMethods> = {
    async open({ table: id, path, cacheFolder }, { signal }) {
      await close(id);
      const table = await openRowTable(path, cacheFolder);
      // Nobody waits for it any more, so nobody would close it.
      if (signal.aborted) await table.close();
      throwIfCancelled(signal);
      tables.set(id, table);
      const { format, rows, file, notices } = table;
      return {
        ...table.extent(),
        format,
        columns: rows.columns,
        size: file.size,
        notices: notices.map(({ template, args }) => ({ template, args })),
      };
    },

    async index({ table: id }, { signal, progress }) {
      const table = tableOf(id);
      const due = throttle();
      await indexAll(table, signal, (extent) => {
        if (due()) progress(extent);
      });
      return table.extent();
    },

    async rows({ table: id, lines, columns }, { signal }) {
      const { rows } = tableOf(id);
      const finder = new ValueFinder(columns);
      const members = topLevelMembers(columns);
      const read = await readLines(rows, lines, {
        maxBytes: CELL_ROW_BYTES,
        signal,
        ...(members && { members }),
      });
      return read.map((row) => rowCells(row, finder));
    },

    async record({ table: id, line }) {
      const { rows, file } = tableOf(id);
      const [row] = await rows.rows(line - 1, line, { maxBytes: RECORD_BYTES });
      if (!row) {
        throw new ProvenanceError('sample-not-found', '{path} has no line {line}.', {
          path: file.path,
          line,
        });
      }
      const { bytes, length } = row;
      const beginning = bytes.length < length;
      const { text, cut } = prettyJson(bytes, beginning, RECORD_LENGTH);
      return {
        line,
        text,
        ...(!beginning && { raw: decode(bytes) }),
        length,
        cut: cut || beginning,
      };
    },

    async text({ table: id, lines }, { signal }) {
      const { rows } = tableOf(id);
      const texts: string[] = [];
      let length = 0;
      for (let at = 0; at < lines.length; at += TEXT_LINES) {
        const some = lines.slice(at, at + TEXT_LINES);
        // How long they are is known before they are read.
        for (const row of await readLines(rows, some, { maxBytes: 1, signal })) length += row.length + 1;
        if (length > MAX_TEXT_BYTES) {
          throw new ProvenanceError(
            'too-large',
            'The {count} rows have more than {limit} bytes of text; choose fewer.',
            { count: lines.length, limit: MAX_TEXT_BYTES },
          );
        }
        for (const row of await readLines(rows, some, { signal })) texts.push(decode(row.bytes));
      }
      return texts.join('\n');
    },

    async search(params, { signal, progress }) {
      const { rows } = tableOf(params.table);
      const { queries, lines, from, backwards, limit } = params;
      let pending: number[] = [];
      let last: Omit<SearchProgress, 'matches'> = { searched: 0, total: 0 };
      const report = () => {
        progress({ ...last, matches: Uint32Array.from(pending) } satisfies SearchProgress);
        pending = [];
      };
      const due = throttle();
      try {
        const complete = await searchRows(rows, queries, {
          lines,
          from,
          backwards,
          limit,
          signal,
          onProgress: (matches, searched, total) => {
            pending = pending.concat(matches);
            last = { searched, total };
            if (due()) report();
          },
        });
        return { complete };
      } finally {
        report();
      }
    },

    async exportJsonl({ table: id, path }, { signal, progress }) {
      const due = throttle();
      return exportJsonl(tableOf(id), path, {
        replace: true,
        signal,
        onProgress: (rows, total) => {
          if (due()) progress({ rows, total } satisfies ExportProgress);
        },
      });
    },

    check({ table: id }) {
      return tableOf(id).file.condition();
    },

    async close({ table: id }) {
      await close(id);
      return null;
    },
  };

  const rpc = new Rpc<Record<never, never>, RowWorkerMethods>(port, handlers, nodeTimers);
  return () => {
    rpc.dispose();
    for (const id of [...tables.keys()]) void close(id);
  };
}

/** Rows by line number, in any order; runs of lines are read together. */
async function readLines(
  rows: RowTable['rows'],
  lines: readonly number[],
  options: ReadRowsOptions,
): Promise<SourceRow[]> {
  const read: SourceRow[] = [];
  for (let start = 0; start < lines.length;) {
    let end = start + 1;
    while (end < lines.length && lines[end] === lines[end - 1]! + 1) end++;
    const from = lines[start]! - 1;
    read.push(...(await rows.rows(from, from + end - start, options)));
    start = end;
  }
  return read;
}

function rowCells(row: SourceRow, finder: ValueFinder): RowCells {
  const { kind, cells } = rowValues(row, finder);
  return {
    line: row.line,
    kind,
    cells: cells.map((cell) => ({
      kind: cell.kind,
      text: untrustedText(cell.text, CELL_LENGTH),
      ...(cell.text.length > CELL_LENGTH && { cut: true as const }),
    })),
  };
}

/** What a source that reads column by column has to read; undefined where it is all. */
function topLevelMembers(pointers: readonly string[]): readonly string[] | undefined {
  const members = new Set<string>();
  for (const pointer of pointers) {
    const name = parsePointer(pointer)?.[0];
    if (name === undefined) return undefined;
    members.add(name);
  }
  return [...members];
}

/** @returns a function that is true when the last time that it was is long enough ago. */
function throttle(): () => boolean {
  let last = performance.now();
  return () => {
    const now = performance.now();
    if (now - last < REPORT_EVERY) return false;
    last = now;
    return true;
  };
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
