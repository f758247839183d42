/**
 * Mutated files give rows or a ProvenanceError, and nothing else; the same ones whichever way they are read.
 *
 * Some hundred mutations run with the other tests. More of them: FUZZ=10000 (and SEED=… for others), for which
 * `node --max-old-space-size=512 --import=tsx --test` bounds the memory; the longest time and the peak of memory are told.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ProvenanceError } from '../../../../../src/core/errors.ts';
import { seededRandom } from '../../../../support/hostileJson.ts';
import { vectorsFolder } from '../../../../support/vectors.ts';
import { allLines, duckdb, open, texts } from './support.ts';

const MUTATIONS = Number(process.env['FUZZ'] ?? 600);
const SEED = Number(process.env['SEED'] ?? 1);
/** A file that says that it has more rows than this is only read at its start and its end. */
const MAX_ROWS = 100_000;

function mutate(original: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = original.slice();
  const { length } = bytes;
  const footer = new DataView(bytes.buffer).getUint32(length - 8, true);
  // Headers and footers are small beside the data, and matter more.
  const place = () => (random(2) === 0 ? length - 8 - random(Math.min(footer, length - 8)) : random(length));
  const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0xfe, 0x10, 0x40];
  for (let count = 1 + random(3); count > 0; count--) {
    switch (random(7)) {
      case 0:
        bytes[place() % bytes.length]! ^= 1 << random(8);
        break;
      case 1:
        bytes[place() % bytes.length] = INTERESTING[random(INTERESTING.length)]!;
        break;
      case 2:
        bytes[place() % bytes.length] = random(256);
        break;
      case 3: {
        // A varint that is long.
        const at = place() % bytes.length;
        for (let index = 0; index < 1 + random(9) && at + index < bytes.length; index++)
          bytes[at + index] = 0x80 | random(128);
        break;
      }
      case 4: {
        const from = random(bytes.length);
        bytes.copyWithin(place() % bytes.length, from, from + 1 + random(64));
        break;
      }
      case 5: {
        const at = place() % bytes.length;
        const removed = 1 + random(16);
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + removed)]);
        break;
      }
      case 6:
        if (random(4) === 0) bytes = bytes.slice(0, random(bytes.length));
        else if (bytes.length > 8)
          new DataView(bytes.buffer).setUint32(
            bytes.length - 8,
            random(2) === 0 ? random(2 ** 32) : random(footer * 2),
          );
        break;
    }
    if (bytes.length === 0) break;
  }
  return bytes;
}

type Outcome = string[] | ProvenanceError;

async function outcome(read: () => Promise<string[]>): Promise<Outcome> {
  try {
    return await read();
  } catch (error) {
    assert.ok(error instanceof ProvenanceError, `not a ProvenanceError: ${String((error as Error).stack)}`);
    assert.ok(['invalid-parquet', 'unsupported-parquet', 'too-large'].includes(error.code), error.message);
    return error;
  }
}

async function readAll(bytes: Uint8Array): Promise<void> {
  const file = await open(bytes);
  const all = await outcome(() => allLines(file, 0, Math.min(file.rowCount, MAX_ROWS)));
  for (const from of [file.rowCount - 2, Math.floor(file.rowCount / 2), 0]) {
    const some = await outcome(async () => texts(await file.rows(Math.max(from, 0), from + 2)));
    // Where both ways succeed they say the same; one may stop at an error that the other does not come across.
    if (Array.isArray(all) && Array.isArray(some) && file.rowCount <= MAX_ROWS) {
      assert.deepEqual(some, all.slice(Math.max(from, 0), from + 2));
    }
  }
}

describe('mutated Parquet files', () => {
  const seeds: Uint8Array[] = [];
  let duck: Awaited<ReturnType<typeof duckdb>>;
  before(async () => {
    duck = await duckdb();
    for (const [index, codec] of ['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4_raw', 'brotli'].entries()) {
      const path = join(duck.folder, `${codec}.parquet`);
      await duck.db.run(
        `COPY (SELECT i AS id, 'text ' || (i % 7) AS text, i * 1.5 AS score, i::DECIMAL(10, 2) AS price, DATE '2024-01-01' + i::INTEGER AS day,
           CASE WHEN i % 3 = 0 THEN NULL ELSE [{'a': i, 'b': ['x', NULL]}] END AS list, MAP {i: i % 2 = 0} AS map FROM range(60) t(i))
         TO '${path}' (FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE 30${index % 2 ? ', PARQUET_VERSION V2' : ''})`,
      );
      seeds.push(new Uint8Array(readFileSync(path)));
    }
    const vectors = vectorsFolder('parquet-testing', 'data');
    if (existsSync(vectors)) {
      for (const name of readdirSync(vectors)) {
        if (
          name.endsWith('.parquet') &&
          statSync(join(vectors, name)).size < 6000 &&
          !name.startsWith('large_')
        ) {
          seeds.push(new Uint8Array(readFileSync(join(vectors, name))));
        }
      }
    }
  });
  after(() => duck.close());

  it(`${MUTATIONS} of them give rows or one clear error`, async (test) => {
    const random = seededRandom(SEED);
    let readable = 0;
    let longest = 0;
    let longestNumber = 0;
    let peak = 0;
    for (let number = 0; number < MUTATIONS; number++) {
      const bytes = mutate(seeds[random(seeds.length)]!, random);
      const start = performance.now();
      try {
        const result = await outcome(async () => {
          await readAll(bytes);
          return [];
        });
        if (Array.isArray(result)) readable++;
      } catch (error) {
        throw new Error(`mutation ${number} of SEED=${SEED}`, { cause: error });
      }
      const time = performance.now() - start;
      if (time > longest) {
        longest = time;
        longestNumber = number;
      }
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    test.diagnostic(
      `${readable} opened; longest ${Math.round(longest)} ms (number ${longestNumber}); peak memory ${Math.round(peak / 1e6)} MB`,
    );
    assert.ok(readable > 0 && readable < MUTATIONS, 'some can be opened, some cannot');
  });
});
