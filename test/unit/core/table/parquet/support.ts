import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  DuckDBTypeId,
  DuckDBUUIDValue,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { ByteSource } from '../../../../../src/core/bytes/byteSource.ts';
import type { SourceRow } from '../../../../../src/core/table/rowSource.ts';
import {
  openParquet,
  type OpenParquetOptions,
  type ParquetFile,
} from '../../../../../src/core/table/parquet/parquetFile.ts';

const utf8 = new TextDecoder();

/** A source over an array, which fails a test that reads outside of it. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) => {
      assert.ok(offset >= 0 && length >= 0 && offset + length <= bytes.length, `read ${offset}+${length}`);
      return bytes.subarray(offset, offset + length);
    },
  };
}

export function open(bytes: Uint8Array, options?: OpenParquetOptions): Promise<ParquetFile> {
  return openParquet(bytesSource(bytes), 'data.parquet', options);
}

export function openFile(path: string): Promise<ParquetFile> {
  return open(readFileSync(path));
}

/** All rows as text, by the streaming way. */
export async function allLines(file: ParquetFile, from = 0, to = file.rowCount): Promise<string[]> {
  let text = '';
  for await (const chunk of file.jsonLines(from, to)) {
    assert.equal(chunk.at(-1), 0x0a, 'chunks are whole lines');
    text += utf8.decode(chunk);
  }
  return text === '' ? [] : text.slice(0, -1).split('\n');
}

export function texts(rows: readonly SourceRow[]): string[] {
  return rows.map((row) => utf8.decode(row.bytes));
}

/** A folder for one test file, and a DuckDB that writes into it. */
export async function duckdb(): Promise<{ db: DuckDBConnection; folder: string; close: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'parquet-test-'));
  const instance = await DuckDBInstance.create(':memory:');
  const db = await instance.connect();
  await db.run("SET threads = 1; SET TimeZone = 'UTC'");
  return {
    db,
    folder,
    close: () => {
      db.closeSync();
      instance.closeSync();
      rmSync(folder, { recursive: true });
    },
  };
}

const NUMBER = '\u0001';

/** Parses JSON text with every number kept as its literal, marked. */
export function parseExactly(line: string): unknown {
  return JSON.parse(
    line.replace(
      /("(?:[^"\\]|\\.)*")|-?\d[\d.eE+-]*/g,
      (literal, text: string | undefined) => text ?? `"\\u0001${literal}"`,
    ),
  );
}

/**
 * Asserts that JSON text of a row says the values that DuckDB read, by the projection's table. It knows nothing of the
 * code under test: types are DuckDB's.
 */
export function assertRow(
  line: string,
  names: readonly string[],
  types: readonly DuckDBType[],
  row: readonly DuckDBValue[],
): void {
  const parsed = parseExactly(line) as Record<string, unknown>;
  assert.deepEqual(Object.keys(parsed), names);
  for (const [index, name] of names.entries()) assertValue(parsed[name], row[index]!, types[index]!, name);
}

function assertValue(ours: unknown, value: DuckDBValue, type: DuckDBType, where: string): void {
  if (value === null) {
    assert.equal(ours, null, where);
  } else if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    assert.ok(
      Array.isArray(ours) && (type.typeId === DuckDBTypeId.LIST || type.typeId === DuckDBTypeId.ARRAY),
      where,
    );
    assert.equal(ours.length, value.items.length, where);
    const { valueType } = type as { valueType: DuckDBType };
    for (const [index, item] of value.items.entries())
      assertValue(ours[index], item, valueType, `${where}[${index}]`);
  } else if (value instanceof DuckDBStructValue) {
    assert.ok(type.typeId === DuckDBTypeId.STRUCT, where);
    const members = ours as Record<string, unknown>;
    assert.deepEqual(Object.keys(members), Object.keys(value.entries), where);
    for (const [index, [name, member]] of Object.entries(value.entries).entries()) {
      assertValue(members[name], member, type.entryTypes[index]!, `${where}.${name}`);
    }
  } else if (value instanceof DuckDBMapValue) {
    assert.ok(Array.isArray(ours) && type.typeId === DuckDBTypeId.MAP, where);
    assert.equal(ours.length, value.entries.length, where);
    for (const [index, entry] of value.entries.entries()) {
      const member = ours[index] as Record<string, unknown>;
      assert.deepEqual(Object.keys(member), ['key', 'value'], where);
      assertValue(member['key'], entry.key, type.keyType, `${where} key`);
      assertValue(member['value'], entry.value, type.valueType, `${where} value`);
    }
  } else {
    assertScalar(ours, value, where);
  }
}

function assertScalar(ours: unknown, value: DuckDBValue, where: string): void {
  if (typeof value === 'boolean' || typeof value === 'string') {
    assert.equal(ours, value, where);
  } else if (typeof value === 'bigint') {
    assert.equal(ours, NUMBER + String(value), where);
  } else if (typeof value === 'number') {
    assert.equal(ours, Number.isFinite(value) ? NUMBER + doubleText(value) : String(value), where);
  } else if (value instanceof DuckDBBlobValue) {
    assert.deepEqual(ours, { $base64: Buffer.from(value.bytes).toString('base64') }, where);
  } else if (value instanceof DuckDBDecimalValue || value instanceof DuckDBUUIDValue) {
    assert.equal(ours, value.toString(), where);
  } else if (value instanceof DuckDBDateValue) {
    assert.equal(ours, isoMillis(BigInt(value.days) * 86_400_000n).split('T')[0], where);
  } else if (value instanceof DuckDBTimestampValue) {
    assertTimestamp(ours, value.micros * 1000n, '', where);
  } else if (value instanceof DuckDBTimestampTZValue) {
    assertTimestamp(ours, value.micros * 1000n, 'Z', where);
  } else if (value instanceof DuckDBTimestampMillisecondsValue) {
    assertTimestamp(ours, value.millis * 1_000_000n, '', where);
  } else if (value instanceof DuckDBTimestampNanosecondsValue) {
    // DuckDB has no type for nanoseconds in UTC, and reads them as local ones.
    assertTimestamp(ours, value.nanos, undefined, where);
  } else if (value instanceof DuckDBTimeValue) {
    assert.match(String(ours), /^\d\d:\d\d:\d\d\.\d{3,9}Z?$/, where);
    const [hours, minutes, seconds, fraction] = String(ours).replace('Z', '').split(/[:.]/) as [
      string,
      string,
      string,
      string,
    ];
    const micros =
      (BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds)) * 1_000_000n +
      BigInt(fraction.padEnd(6, '0').slice(0, 6));
    assert.equal(micros, value.micros, where);
  } else if (value instanceof DuckDBIntervalValue) {
    const [, months, days, seconds, millis] = /^P(\d+)M(\d+)DT(\d+)\.(\d{3})S$/.exec(String(ours)) ?? [];
    assert.deepEqual(
      [months, days, BigInt(seconds!) * 1_000_000n + BigInt(millis!) * 1000n],
      [String(value.months), String(value.days), value.micros],
      where,
    );
  } else {
    assert.fail(`no comparison for ${where}: ${String(value)}`);
  }
}

function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Digits of the fraction are the file's; here only the instant is compared. */
function assertTimestamp(ours: unknown, nanos: bigint, zone: string | undefined, where: string): void {
  const parts = /^(.*)\.(\d{3,9})(Z?)$/.exec(String(ours));
  assert.ok(parts !== null, `${where}: ${String(ours)}`);
  const [, seconds, fraction, ourZone] = parts as unknown as [string, string, string, string];
  const billion = 1_000_000_000n;
  const whole = (nanos - (((nanos % billion) + billion) % billion)) / billion;
  assert.equal(seconds, isoMillis(whole * 1000n).slice(0, -5), where);
  assert.equal(BigInt(fraction.padEnd(9, '0')), nanos - whole * billion, where);
  if (zone !== undefined) assert.equal(ourZone, zone, where);
}

/** ECMAScript's ISO form has years of ±YYYYYY where ours has, within ±271,821; beyond, by whole cycles of 400 years. */
function isoMillis(millis: bigint): string {
  const cycle = 146_097n * 86_400_000n;
  let shift = 0n;
  while (millis > 8_000_000_000_000_000n) {
    millis -= cycle;
    shift++;
  }
  while (millis < -8_000_000_000_000_000n) {
    millis += cycle;
    shift--;
  }
  const text = new Date(Number(millis)).toISOString();
  if (shift === 0n) return text;
  const [, year, rest] = /^([+-]?\d+)(-.*)$/.exec(text) as unknown as [string, string, string];
  const shifted = Number(year) + Number(shift) * 400;
  return `${shifted < 0 ? '-' : '+'}${String(Math.abs(shifted)).padStart(6, '0')}${rest}`;
}

/**
 * Reads a file with DuckDB and asserts that all rows, some ranges and the last row are the same by our reader.
 * @param adapt changes our text where DuckDB is known to read otherwise
 */
export async function assertEqualToDuckdb(
  db: DuckDBConnection,
  path: string,
  adapt = (line: string) => line,
): Promise<number> {
  const reader = await db.runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
  const names = reader.columnNames();
  const types = reader.columnTypes();
  const rows = reader.getRows();
  const file = await openFile(path);
  assert.equal(file.rowCount, rows.length);
  assert.deepEqual(
    file.columns.map(({ name }) => name),
    names,
  );
  const lines = await allLines(file);
  assert.equal(lines.length, rows.length);
  for (const [index, row] of rows.entries()) assertRow(adapt(lines[index]!), names, types, row);
  await assertRangesEqual(file, lines);
  return rows.length;
}

/** Asserts that rows read by position are the same as those of the stream. */
export async function assertRangesEqual(file: ParquetFile, lines: readonly string[]): Promise<void> {
  const { length } = lines;
  for (const [from, to] of [
    [length - 1, length],
    [0, Math.min(3, length)],
    [Math.floor(length / 2), Math.floor(length / 2) + 5],
    [Math.floor(length / 3), Math.floor(length / 3) + 1],
    [length - 3, length + 10],
  ] as const) {
    if (from < 0) continue;
    const rows = await file.rows(from, to);
    assert.deepEqual(texts(rows), lines.slice(from, to));
    assert.deepEqual(
      rows.map(({ line }) => line),
      rows.map((_, index) => from + index + 1),
    );
  }
}
