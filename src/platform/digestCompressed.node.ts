import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ByteSource } from '../core/bytes/byteSource.ts';
import type { Sha256Stream } from '../core/bytes/sha256.ts';
import { throwIfCancelled } from '../core/errors.ts';
import { LineCounter } from '../core/sample/lines.ts';
import { SampleDigester } from '../core/sample/sampleDigester.ts';
import { checkJsonl, FORMAT_BYTES, type Compression } from '../core/table/datasetFormat.ts';
import { threadDigester } from './chunkDigester.node.ts';
import { decompressed } from './decompress.node.ts';
import type { DigestOptions } from './digestFile.node.ts';
import type { Outcome } from './digestParts.node.ts';
import { LARGE_FILE } from './digestThreadRole.node.ts';
import { hashOf } from './fileHash.node.ts';
import { FileSource } from './fileSource.node.ts';
import type { InputFile } from './inputFile.node.ts';

/** Digests the text of a compressed JSONL file, in this thread: it can only be had in order. */
export async function digestCompressed(
  file: InputFile,
  compression: Compression,
  options: DigestOptions,
): Promise<Outcome> {
  const { signal } = options;
  const sha256 = await hashOf(file, { signal });
  const known = file.size >= LARGE_FILE ? await options.cache?.get(sha256) : undefined;
  if (known) return { digested: known, fresh: false };

  const counter = new LineCounter();
  const digester = new SampleDigester({ digester: threadDigester(), fileHash: NO_HASH });
  const source = await FileSource.open(file.path);
  try {
    const counted = countedReads(source, (bytes) => options.onProgress?.(bytes, file.size));
    let first = true;
    for await (const bytes of decompressed(counted, compression, file.path)) {
      throwIfCancelled(signal);
      if (first) checkJsonl(file.path, bytes.subarray(0, FORMAT_BYTES));
      first = false;
      counter.push(bytes);
      digester.push(bytes);
      // Others want to be heard, too.
      await nextTurn();
    }
  } finally {
    await source.close();
  }
  const samples = { ...digester.finish(), sha256, size: file.size };
  return { digested: { samples, lines: counter.lines, lineCount: counter.editorLines }, fresh: true };
}

/** For a text that is not what a file's SHA-256 is of. */
const NO_HASH: Sha256Stream = { update: () => undefined, digest: () => new Uint8Array(0) };

/** A source that tells how far it was read. */
function countedReads(source: ByteSource, onRead: (bytes: number) => void): ByteSource {
  return {
    size: source.size,
    read: async (offset, length) => {
      const bytes = await source.read(offset, length);
      onRead(offset + length);
      return bytes;
    },
  };
}
