import { throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { CanonicalScanner } from '../core/sample/canonicalJson.ts';
import { isJsonObject, parseJsonValue, type JsonValue } from '../core/sample/jsonValue.ts';
import type { RowSource } from '../core/table/rowSource.ts';
import { FormHints, type FormHint, type UnverifiedRow } from '../core/trust/formHints.ts';
import type { Scope } from '../core/trust/scope.ts';
import { signedParquet } from '../core/trust/signedParquet.ts';
import { indexAll, openRowTable, type RowTable } from './rowTable.node.ts';
import { fastSha256 } from './sha256.node.ts';

/** How many rows that are not verified are looked at. */
const MAX_ROWS = 300;
/** Longer rows are not looked at. */
const MAX_ROW_BYTES = 1 << 20;
/** How many signed Parquet files are looked into. */
const MAX_SOURCES = 4;
/** How long one of them is read, in milliseconds: it is a hint. */
const MAX_MILLISECONDS = 4000;
const BATCH = 512;

/** Lines of a file, and how many there are. */
export interface Unverified {
  readonly count: number;
  readonly lines: Iterable<number>;
}

/** What explains rows of a JSONL file that are not verified: a signed Parquet file, written by some other tool. */
export interface DerivedFrom {
  /** Path of the signed dataset. */
  readonly dataset: string;
  /** How many rows were looked at. */
  readonly rows: number;
  /** How many of them differ only in how values are written. */
  readonly explained: number;
  readonly hints: readonly FormHint[];
}

/**
 * Looks whether rows that are not verified were made of the rows of a signed Parquet file in scope, by a tool that writes
 * values otherwise than the projection (docs/formats.md, "Parquet rows"). It changes no status.
 *
 * @param path the file with these rows
 * @param unverified its lines that are not verified, 1-based
 * @param cacheFolder as for `openRowTable`
 * @throws ProvenanceError `cancelled`; as `openRowTable` for the file itself
 */
export async function findFormHints(
  path: string,
  unverified: Unverified,
  scope: Pick<Scope, 'statements' | 'leaves'>,
  cacheFolder: string,
  signal?: CancelSignal,
): Promise<DerivedFrom[]> {
  const sources = signedParquet(scope.statements).slice(0, MAX_SOURCES);
  if (sources.length === 0 || unverified.count === 0) return [];
  const table = await openRowTable(path, cacheFolder);
  const found: DerivedFrom[] = [];
  try {
    if (table.format === 'parquet') return [];
    await indexAll(table, signal);
    const rows = await readUnverified(table.rows, spread(unverified), signal);
    for (const statement of sources) {
      throwIfCancelled(signal);
      const hints = new FormHints(rows);
      await offerRows(hints, statement.dataset, table.rows.rowCount, signal);
      const leaves = scope.leaves.get(statement.index);
      if (hints.remaining > 0 && leaves) {
        const members = table.rows.columns.map(({ name }) => name);
        hints.tryForms(members, (digest) => leaves.table.has(digest, 0), fastSha256);
      }
      const explained = rows.length - hints.remaining;
      if (explained > 0) {
        found.push({ dataset: statement.dataset, rows: rows.length, explained, hints: hints.hints });
      }
    }
  } finally {
    await table.close();
  }
  return found;
}

/** Some of the lines, from all over the file. */
function spread({ count, lines }: Unverified): number[] {
  const every = Math.max(1, Math.floor(count / MAX_ROWS));
  const chosen: number[] = [];
  let seen = 0;
  for (const line of lines) {
    if (seen++ % every === 0) chosen.push(line);
    if (chosen.length === MAX_ROWS) break;
  }
  return chosen;
}

async function readUnverified(
  source: RowSource,
  lines: readonly number[],
  signal: CancelSignal | undefined,
): Promise<UnverifiedRow[]> {
  const rows: UnverifiedRow[] = [];
  for (const line of lines) {
    throwIfCancelled(signal);
    const [row] = await source.rows(line - 1, line, { maxBytes: MAX_ROW_BYTES + 1 });
    const value = row && row.length <= MAX_ROW_BYTES ? valueOf(row.bytes) : undefined;
    if (isJsonObject(value)) rows.push({ line, value });
  }
  return rows;
}

/** Compares with the signed file itself, where it is at hand. One that cannot be read explains nothing. */
async function offerRows(
  hints: FormHints,
  dataset: string,
  rowCount: number,
  signal: CancelSignal | undefined,
): Promise<void> {
  let table: RowTable | undefined;
  const until = performance.now() + MAX_MILLISECONDS;
  try {
    table = await openRowTable(dataset, '');
    if (table.format !== 'parquet') return;
    const { rows } = table;
    const samePlaces = rows.rowCount === rowCount;
    for (let at = 0; at < rows.rowCount && hints.remaining > 0 && performance.now() < until; at += BATCH) {
      for (const row of await rows.rows(at, Math.min(rows.rowCount, at + BATCH), { signal })) {
        const value = valueOf(row.bytes);
        if (value !== undefined) hints.offer(value, samePlaces ? row.line : undefined);
      }
    }
  } catch {
    throwIfCancelled(signal);
  } finally {
    await table?.close();
  }
}

function valueOf(bytes: Uint8Array): JsonValue | undefined {
  if (new CanonicalScanner().scan(bytes)) return undefined;
  return parseJsonValue(new TextDecoder().decode(bytes));
}
