import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openParquet } from '../../../src/core/table/parquet/parquetFile.ts';
import { FileSource } from '../../../src/platform/fileSource.node.ts';
import { openParquetFile } from '../../../src/platform/openParquetFile.node.ts';
import { skipWithout, vectorsFolder } from '../../support/vectors.ts';
import { temporaryFolder } from '../../support/processes.ts';

const folder = vectorsFolder('parquet-testing/data');
const COMPRESSED = [
  'concatenated_gzip_members.parquet',
  'byte_stream_split_extended.gzip.parquet',
  'large_string_map.brotli.parquet',
  'byte_stream_split.zstd.parquet',
];

/** The rows as text, or the code of the error. */
async function outcome(path: string, native: boolean): Promise<string> {
  const source = await FileSource.open(path);
  try {
    const file = native ? await openParquetFile(source) : await openParquet(source, path);
    const texts: string[] = [];
    for await (const lines of file.jsonLines(0, file.rowCount))
      texts.push(Buffer.from(lines).toString('hex'));
    return texts.join('');
  } catch (error) {
    return `error ${(error as { code: string }).code}`;
  } finally {
    await source.close();
  }
}

describe("Node's own decompressors", skipWithout(folder), () => {
  for (const name of COMPRESSED) {
    it(`read the same rows as the portable ones: ${name}`, async () => {
      const path = join(folder, name);
      assert.equal(await outcome(path, true), await outcome(path, false));
    });
  }

  it('refuse what is damaged', async () => {
    for (const name of COMPRESSED) {
      const bytes = readFileSync(join(folder, name));
      bytes.fill(0, Math.floor(bytes.length / 4), Math.floor(bytes.length / 3));
      const path = join(temporaryFolder('damaged'), name);
      writeFileSync(path, bytes);
      assert.match(
        await outcome(path, true),
        /^error (invalid-parquet|unsupported-parquet|too-large)$/,
        name,
      );
    }
  });
});
