import { damaged, unsupported } from './failure.ts';
import { copyMatch } from './snappy.ts';
import {
  backwardStart,
  bitsAt,
  decodeHuffman,
  fseOfOneSymbol,
  fseTable,
  padded,
  readFseTable,
  readHuffmanTable,
  type FseTable,
  type HuffmanTable,
  type PaddedBytes,
} from './zstdEntropy.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAX_BLOCK_BYTES = 128 * 1024;

/** Base values and extra bits of length codes (RFC 8878 §3.1.1.3.2.1.1); codes below the first are their own value. */
const LITERAL_LENGTHS = lengthCodes(
  0,
  16,
  [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  [16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536],
);
const MATCH_LENGTHS = lengthCodes(
  3,
  32,
  [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  [35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16_387, 32_771, 65_539],
);

interface LengthCodes {
  readonly bases: Uint32Array;
  readonly bits: Uint8Array;
}

function lengthCodes(
  base: number,
  plain: number,
  bits: readonly number[],
  bases: readonly number[],
): LengthCodes {
  const direct = Array.from({ length: plain }, (_, code) => code + base);
  return {
    bases: Uint32Array.from([...direct, ...bases]),
    bits: Uint8Array.from([...direct.map(() => 0), ...bits]),
  };
}

/** Predefined tables (RFC 8878 §3.1.1.3.2.2), and the limits of those that a block brings. */
const LITERAL_LENGTH_CODES = {
  predefined: fseTable(
    [
      4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1,
      -1, -1,
    ],
    6,
  ),
  maxAccuracy: 9,
  maxSymbol: 35,
};
const OFFSET_CODES = {
  predefined: fseTable(
    [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1],
    5,
  ),
  maxAccuracy: 8,
  maxSymbol: 31,
};
const MATCH_LENGTH_CODES = {
  predefined: fseTable(
    [
      1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
    6,
  ),
  maxAccuracy: 9,
  maxSymbol: 52,
};

/**
 * Decompresses Zstandard frames (RFC 8878) into an output whose size is known, strictly and in time that is bounded by
 * input and output. Content checksums are not checked: Parquet has its own for pages, and writers do not make these.
 *
 * (The library fzstd takes seconds for each block that claims sequences which do not fit, and leaves zeros where a frame
 * ends early; given an output, it compares it with a number, which prints all of its bytes.)
 *
 * @param output is filled exactly
 * @throws ParquetFailure `invalid-parquet`; `unsupported-parquet` for a frame that needs a dictionary
 */
export function decompressZstd(input: Uint8Array, output: Uint8Array): void {
  const data = padded(input);
  let at = 0;
  let out = 0;
  while (at < input.length) {
    if (input.length - at < 8) throw damaged('a Zstandard frame ends early');
    const magic = uint32(input, at);
    if ((magic & ~15) >>> 0 === SKIPPABLE_MAGIC) {
      at += 8 + uint32(input, at + 4);
      continue;
    }
    if (magic !== MAGIC) throw damaged('a page is no Zstandard frame');
    const frame = new ZstdFrame(data, input.length, at + 4, output, out);
    frame.decode();
    ({ at, out } = frame);
  }
  if (at !== input.length || out !== output.length) throw damaged('a Zstandard frame ends early');
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

class ZstdFrame {
  private readonly frameStart: number;
  private readonly input: Uint8Array;
  private huffman: HuffmanTable | undefined;
  private literalLengths: FseTable | undefined;
  private offsets: FseTable | undefined;
  private matchLengths: FseTable | undefined;
  /** The last three offsets. */
  private readonly recent = [1, 4, 8] as [number, number, number];
  private literalBuffer: Uint8Array | undefined;

  constructor(
    private readonly data: PaddedBytes,
    private readonly inputEnd: number,
    public at: number,
    private readonly output: Uint8Array,
    public out: number,
  ) {
    this.frameStart = out;
    this.input = data.bytes;
  }

  decode(): void {
    const { input } = this;
    const descriptor = this.byte();
    const singleSegment = (descriptor & 32) !== 0;
    if (descriptor & 8) throw damaged('a Zstandard frame has a reserved bit');
    if (descriptor & 3) throw unsupported('a Zstandard frame that needs a dictionary');
    // The output is there as a whole, so the window's size does not matter.
    if (!singleSegment) this.byte();
    const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
    let contentSize = sizeBytes === 2 ? 256 : 0;
    for (let index = 0; index < sizeBytes; index++) contentSize += this.byte() * 256 ** index;
    for (let last = false; !last;) {
      const header = this.byte() | (this.byte() << 8) | (this.byte() << 16);
      last = (header & 1) === 1;
      const size = header >> 3;
      switch ((header >> 1) & 3) {
        case 0:
          this.need(size);
          this.fits(size);
          this.output.set(input.subarray(this.at, this.at + size), this.out);
          this.at += size;
          this.out += size;
          break;
        case 1: {
          const byte = this.byte();
          this.fits(size);
          this.output.fill(byte, this.out, this.out + size);
          this.out += size;
          break;
        }
        case 2: {
          this.need(size);
          const end = this.at + size;
          this.decodeBlock(end);
          this.at = end;
          break;
        }
        default:
          throw damaged('a Zstandard block has a reserved type');
      }
    }
    if (sizeBytes > 0 && this.out - this.frameStart !== contentSize) {
      throw damaged(`a Zstandard frame of ${contentSize} bytes has ${this.out - this.frameStart}`);
    }
    if (descriptor & 4) {
      this.need(4);
      this.at += 4;
    }
  }

  private byte(): number {
    this.need(1);
    return this.input[this.at++]!;
  }

  private need(count: number, end = this.inputEnd): void {
    if (count > end - this.at) throw damaged('a Zstandard frame ends early');
  }

  private fits(count: number): void {
    if (count > this.output.length - this.out)
      throw damaged('a Zstandard frame holds more than its page says');
  }

  private decodeBlock(end: number): void {
    const literals = this.readLiterals(end);
    const { input } = this;
    this.need(1, end);
    let count = input[this.at++]!;
    if (count >= 128) {
      this.need(count === 255 ? 2 : 1, end);
      if (count === 255) {
        count = input[this.at]! + (input[this.at + 1]! << 8) + 0x7f00;
        this.at += 2;
      } else {
        count = ((count - 128) << 8) + input[this.at++]!;
      }
    }
    let used = 0;
    if (count > 0) {
      this.need(1, end);
      const modes = input[this.at++]!;
      if (modes & 3) throw damaged('a Zstandard block has reserved bits');
      this.literalLengths = this.readTable(modes >> 6, LITERAL_LENGTH_CODES, this.literalLengths, end);
      this.offsets = this.readTable((modes >> 4) & 3, OFFSET_CODES, this.offsets, end);
      this.matchLengths = this.readTable((modes >> 2) & 3, MATCH_LENGTH_CODES, this.matchLengths, end);
      used = this.runSequences(count, literals, end, this.literalLengths, this.offsets, this.matchLengths);
    }
    const rest = literals.length - used;
    this.fits(rest);
    this.output.set(literals.subarray(used), this.out);
    this.out += rest;
  }

  private readLiterals(end: number): Uint8Array {
    const { input } = this;
    const { view } = this.data;
    this.need(1, end);
    const head = input[this.at]!;
    const format = (head >> 2) & 3;
    const type = head & 3;
    if (type < 2) {
      const headerBytes = format === 1 ? 2 : format === 3 ? 3 : 1;
      this.need(headerBytes, end);
      const size = bitsAt(
        view,
        this.at * 8 + (headerBytes === 1 ? 3 : 4),
        headerBytes * 8 - (headerBytes === 1 ? 3 : 4),
      );
      this.at += headerBytes;
      this.checkLiteralSize(size);
      this.need(type === 0 ? size : 1, end);
      if (type === 1) return this.literals().fill(input[this.at++]!, 0, size).subarray(0, size);
      this.at += size;
      return input.subarray(this.at - size, this.at);
    }
    const headerBytes = format < 2 ? 3 : format === 2 ? 4 : 5;
    const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18;
    this.need(headerBytes, end);
    const size = bitsAt(view, this.at * 8 + 4, sizeBits);
    const compressedSize = bitsAt(view, this.at * 8 + 4 + sizeBits, sizeBits);
    this.at += headerBytes;
    this.checkLiteralSize(size);
    this.need(compressedSize, end);
    const streamsEnd = this.at + compressedSize;
    if (type === 2) {
      const { table, end: tableEnd } = readHuffmanTable(this.data, this.at, streamsEnd);
      this.huffman = table;
      this.at = tableEnd;
    }
    const { huffman } = this;
    if (huffman === undefined) throw damaged('a Zstandard block refers to a tree that is not there');
    const literals = this.literals();
    if (format === 0) {
      decodeHuffman(this.data, this.at, streamsEnd, huffman, literals, 0, size);
    } else {
      this.need(6, streamsEnd);
      let start = this.at + 6;
      const quarter = (size + 3) >> 2;
      for (let stream = 0; stream < 4; stream++) {
        const streamEnd =
          stream === 3
            ? streamsEnd
            : start + (input[this.at + 2 * stream]! | (input[this.at + 2 * stream + 1]! << 8));
        const to = stream === 3 ? size : quarter * (stream + 1);
        if (streamEnd > streamsEnd || to > size) throw damaged('a Zstandard block ends early');
        decodeHuffman(this.data, start, streamEnd, huffman, literals, quarter * stream, to);
        start = streamEnd;
      }
    }
    this.at = streamsEnd;
    return literals.subarray(0, size);
  }

  private literals(): Uint8Array {
    return (this.literalBuffer ??= new Uint8Array(MAX_BLOCK_BYTES));
  }

  private checkLiteralSize(size: number): void {
    if (size > MAX_BLOCK_BYTES) throw damaged(`a Zstandard block has ${size} bytes of literals`);
  }

  private readTable(
    mode: number,
    codes: typeof LITERAL_LENGTH_CODES,
    previous: FseTable | undefined,
    end: number,
  ): FseTable {
    switch (mode) {
      case 0:
        return codes.predefined;
      case 1: {
        this.need(1, end);
        const symbol = this.input[this.at++]!;
        if (symbol > codes.maxSymbol) throw damaged(`a Zstandard block has the unknown code ${symbol}`);
        return fseOfOneSymbol(symbol);
      }
      case 2: {
        const { table, end: tableEnd } = readFseTable(
          this.data.view,
          this.at,
          end,
          codes.maxAccuracy,
          codes.maxSymbol,
        );
        this.at = tableEnd;
        return table;
      }
      default:
        if (previous === undefined) throw damaged('a Zstandard block refers to a table that is not there');
        return previous;
    }
  }

  /**
   * Runs the sequences of a block: literals to copy, then a match.
   * @returns how many literals were used
   */
  private runSequences(
    count: number,
    literals: Uint8Array,
    end: number,
    literalLengths: FseTable,
    offsets: FseTable,
    matchLengths: FseTable,
  ): number {
    const { input, output, recent } = this;
    const { view } = this.data;
    const first = this.at * 8;
    let bit = backwardStart(input, this.at, end);
    bit -= literalLengths.accuracy;
    let literalState = bitsAt(view, bit, literalLengths.accuracy);
    bit -= offsets.accuracy;
    let offsetState = bitsAt(view, bit, offsets.accuracy);
    bit -= matchLengths.accuracy;
    let matchState = bitsAt(view, bit, matchLengths.accuracy);
    let used = 0;
    let { out } = this;
    for (let sequence = 0; sequence < count; sequence++) {
      const offsetCode = offsets.symbols[offsetState]!;
      const matchCode = matchLengths.symbols[matchState]!;
      const literalCode = literalLengths.symbols[literalState]!;
      bit -= offsetCode;
      const offsetValue =
        offsetCode <= 25
          ? (1 << offsetCode) + bitsAt(view, bit, offsetCode)
          : 2 ** offsetCode + bitsAt(view, bit + 16, offsetCode - 16) * 65_536 + bitsAt(view, bit, 16);
      const matchBits = MATCH_LENGTHS.bits[matchCode]!;
      bit -= matchBits;
      const matchLength = MATCH_LENGTHS.bases[matchCode]! + bitsAt(view, bit, matchBits);
      const literalBits = LITERAL_LENGTHS.bits[literalCode]!;
      bit -= literalBits;
      const literalLength = LITERAL_LENGTHS.bases[literalCode]! + bitsAt(view, bit, literalBits);
      if (bit < first) throw damaged('a Zstandard block ends early');
      if (sequence < count - 1) {
        let bits = literalLengths.bits[literalState]!;
        bit -= bits;
        literalState = literalLengths.bases[literalState]! + bitsAt(view, bit, bits);
        bits = matchLengths.bits[matchState]!;
        bit -= bits;
        matchState = matchLengths.bases[matchState]! + bitsAt(view, bit, bits);
        bits = offsets.bits[offsetState]!;
        bit -= bits;
        offsetState = offsets.bases[offsetState]! + bitsAt(view, bit, bits);
        if (bit < first) throw damaged('a Zstandard block ends early');
      }
      if (literalLength > literals.length - used) throw damaged('a Zstandard block has too few literals');
      if (literalLength > output.length - out)
        throw damaged('a Zstandard frame holds more than its page says');
      if (literalLength > 32) output.set(literals.subarray(used, used + literalLength), out);
      else for (let index = 0; index < literalLength; index++) output[out + index] = literals[used + index]!;
      used += literalLength;
      out += literalLength;
      const distance = nextOffset(recent, offsetValue, literalLength);
      if (distance > out - this.frameStart) throw damaged('a Zstandard match starts before its frame');
      copyMatch(output, out, distance, matchLength);
      out += matchLength;
    }
    if (bit !== first) throw damaged('a Zstandard block has bits left over');
    this.out = out;
    return used;
  }
}

/** Offset values up to 3 stand for recent offsets (RFC 8878 §3.1.1.5). */
function nextOffset(recent: [number, number, number], value: number, literalLength: number): number {
  if (value > 3) {
    recent[2] = recent[1];
    recent[1] = recent[0];
    recent[0] = value - 3;
    return recent[0];
  }
  const index = literalLength === 0 ? value : value - 1;
  if (index === 0) return recent[0];
  const offset = index === 3 ? recent[0] - 1 : recent[index]!;
  if (index > 1) recent[2] = recent[1];
  recent[1] = recent[0];
  recent[0] = offset;
  return offset;
}
