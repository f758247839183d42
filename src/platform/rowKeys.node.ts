import type { CancelSignal } from '../core/errors.ts';
import { digestAt, DIGEST_LENGTH } from '../core/sample/digest.ts';
import { parsePointer } from '../core/sample/origin.ts';
import { ValueFinder } from '../core/table/valueFinder.ts';
import type { PairedFile, RowKeys } from '../core/lineage/pairing.ts';
import { threadDigester } from './chunkDigester.node.ts';
import { eachSampleText } from './sampleTexts.node.ts';

/** Longer keys in messages are cut. In UTF-16 code units. */
const MAX_SHOWN_KEY = 80;

/**
 * The keys of all rows of a file: what a JSON pointer leads to, by the digest of its canonical form. `null` is no key.
 * 32 bytes a row.
 *
 * @throws ProvenanceError as `eachSampleText`
 */
export async function readKeys(
  path: string,
  { count, malformed }: PairedFile,
  pointer: string,
  signal: CancelSignal | undefined,
): Promise<RowKeys> {
  const digests = new Uint8Array(count * DIGEST_LENGTH);
  const found = new Uint8Array(count);
  const finder = new ValueFinder([pointer]);
  const values = new DigestedValues((digest, row) => {
    digests.set(digest, row * DIGEST_LENGTH);
    found[row] = 1;
  });
  let row = 0;
  await eachSampleText(
    path,
    (bytes, start, end) => {
      const at = row++;
      if (at >= count || malformed.has(at) || !finder.find(bytes, start, end)) return;
      const value = finder.found[0];
      if (value && value.kind !== 'null') values.add(at, bytes.subarray(value.start, value.end));
    },
    { signal, members: memberOf(pointer) },
  );
  values.flush();
  return { digests, isMissing: (at) => found[at] === 0 };
}

/** Digests JSON values as the kernel digests lines, many at a time: one by one takes ten times as long. */
class DigestedValues {
  private readonly rows: number[] = [];
  private lines = new Uint8Array(BATCH_BYTES);
  private length = 0;

  constructor(private readonly onDigest: (digest: Uint8Array, row: number) => void) {}

  /** @param value JSON text on one line, nothing wrong with it */
  add(row: number, value: Uint8Array): void {
    if (this.length + value.length + 1 > this.lines.length) {
      this.flush();
      if (value.length + 1 > this.lines.length) this.lines = new Uint8Array(value.length + 1);
    }
    this.lines.set(value, this.length);
    this.length += value.length + 1;
    this.lines[this.length - 1] = LF;
    this.rows.push(row);
  }

  flush(): void {
    const { digests } = threadDigester().digest(this.lines.subarray(0, this.length));
    this.rows.forEach((row, index) => {
      this.onDigest(digestAt(digests, index), row);
    });
    this.rows.length = 0;
    this.length = 0;
  }
}

const BATCH_BYTES = 1 << 18;
const LF = 0x0a;

/** The text of one row's key, for messages; empty where it has none. */
export async function keyText(path: string, row: number, pointer: string): Promise<string> {
  const finder = new ValueFinder([pointer]);
  let text = '';
  let at = 0;
  await eachSampleText(
    path,
    (bytes, start, end) => {
      if (at++ !== row || !finder.find(bytes, start, end)) return;
      const value = finder.found[0];
      if (value) text = new TextDecoder().decode(bytes.subarray(value.start, value.end));
    },
    { members: memberOf(pointer) },
  );
  return text.length > MAX_SHOWN_KEY ? `${text.slice(0, MAX_SHOWN_KEY)}…` : text;
}

/** The top-level member in which a pointer leads somewhere; all of them for the pointer to the whole record. */
function memberOf(pointer: string): string[] | undefined {
  const [member] = parsePointer(pointer) ?? [];
  return member === undefined ? undefined : [member];
}
