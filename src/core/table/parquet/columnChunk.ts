import type { ByteSource } from '../../bytes/byteSource.ts';
import type { Decompressors } from './compression.ts';
import { crc32 } from './crc32.ts';
import {
  decodeDataPage,
  decodedBytes,
  decodeFirstEntries,
  decodeDictionaryPage,
  pagePrefix,
  type DecodedPage,
  type PageContext,
} from './decodePage.ts';
import { damaged, tooLarge, unsupported } from './failure.ts';
import { PHYSICAL_TYPES, type ColumnChunk } from './footer.ts';
import { countLevel } from './levels.ts';
import type { SizedCache } from './memory.ts';
import { readPageHeader, type PageHeader } from './pages.ts';
import type { Leaf } from './schema.ts';
import { ThriftEnd, ThriftReader } from './thrift.ts';
import type { PlainValues } from './values.ts';

/** A data page of a chunk, not read yet. */
export interface DataPage {
  readonly header: PageHeader;
  /** Where its header starts in the file. */
  readonly offset: number;
  /** Where its stored bytes start in the file. */
  readonly dataOffset: number;
  /** Rows that start in the page; undefined until its levels are decoded. */
  rows: number | undefined;
}

export interface ReadPageOptions {
  readonly decompressors: Decompressors;
  readonly maxPageBytes: number;
}

/** Headers are small; statistics in them can make them longer. */
const HEADER_READS = [4096, 65_536, 2 ** 20, 2 ** 24] as const;
/** Chunk lengths by old writers leave out the dictionary's header (PARQUET-816). */
const LENGTH_SLACK = 100;

/** So many rows of a page are decoded at least. */
const MIN_PREFIX = 1024;

/** Decoded pages and dictionaries, by {@link ColumnChunkReader.cacheKey}. */
export type PageCache = SizedCache<DecodedPage | PlainValues>;

/**
 * The pages of a column in one row group. Headers are walked from the start of the chunk as far as needed, and remembered;
 * pages are read and decoded when asked for. The file's page index is not used: walking takes a short read a page, and an
 * index that disagrees with the pages would show other rows than those that the digests are of.
 */
export class ColumnChunkReader {
  private readonly pages: DataPage[] = [];
  private dictionaryPage: DataPage | undefined;
  private next: number;
  private readonly end: number;
  private valuesSeen = 0;
  private complete = false;
  private walking: Promise<void> | undefined;
  private readonly context: PageContext;

  /** @throws ParquetFailure */
  constructor(
    private readonly source: ByteSource,
    readonly leaf: Leaf,
    private readonly chunk: ColumnChunk,
    readonly rowCount: number,
    private readonly options: ReadPageOptions,
  ) {
    if (chunk.encrypted) throw unsupported('it is encrypted');
    if (chunk.external) throw unsupported('its pages are in another file');
    if (PHYSICAL_TYPES[chunk.type] !== leaf.physical) {
      throw damaged(
        `it has the type ${PHYSICAL_TYPES[chunk.type] ?? chunk.type}, and the schema says ${leaf.physical}`,
      );
    }
    const { start, byteLength, valueCount } = chunk;
    if (start < 4 || byteLength < 0 || start + byteLength > source.size) {
      throw damaged(
        `its pages should be ${byteLength} bytes from byte ${start} on, in a file of ${source.size} bytes`,
      );
    }
    if (valueCount < rowCount || (leaf.maxRepetition === 0 && valueCount !== rowCount)) {
      throw damaged(`it has ${valueCount} values for ${rowCount} rows`);
    }
    this.next = start;
    this.end = Math.min(source.size, start + byteLength + LENGTH_SLACK);
    this.context = { leaf, codec: chunk.codec, ...options };
    this.complete = valueCount === 0;
  }

  /** The data page with this number, or undefined behind the last one. */
  async page(index: number): Promise<DataPage | undefined> {
    while (this.pages.length <= index && !this.complete) {
      // Two readers of one chunk must not walk at the same time.
      this.walking ??= this.walk().finally(() => (this.walking = undefined));
      await this.walking;
    }
    return this.pages[index];
  }

  /** Whether `index` is the number of the chunk's last data page. */
  async isLast(index: number): Promise<boolean> {
    return (await this.page(index + 1)) === undefined;
  }

  /** Rows that start in a page. A repeated column's version 1 pages have to be decoded for it. */
  async rowsIn(page: DataPage, cache: PageCache | undefined): Promise<number> {
    return page.rows ?? startsIn(await this.decode(page, cache));
  }

  /** Bytes of memory that a page takes when it is decoded, without the dictionary. */
  cost(page: DataPage): number {
    return decodedBytes(page.header, this.leaf);
  }

  /** Bytes that the dictionary takes. */
  get dictionaryCost(): number {
    return this.dictionaryPage === undefined ? 0 : decodedBytes(this.dictionaryPage.header, this.leaf);
  }

  /** Reads and decodes a data page; `cache` holds it for the next call. */
  async decode(page: DataPage, cache: PageCache | undefined): Promise<DecodedPage> {
    const key = this.cacheKey(page);
    const cached = cache?.get(key) as DecodedPage | undefined;
    if (cached !== undefined) return cached;
    const dictionary = await this.dictionary(cache);
    const stored = await this.readStored(page);
    const decoded = decodeDataPage(page.header, stored, dictionary, this.context);
    const rows = startsIn(decoded);
    if (page.rows !== undefined && page.rows !== rows) {
      throw damaged(`the page at byte ${page.offset} has ${rows} rows, and its header says ${page.rows}`);
    }
    page.rows = rows;
    cache?.set(key, decoded, this.cost(page));
    return decoded;
  }

  /**
   * Reads and decodes the first `rows` rows of a page, or more where that is as cheap. Only for a column that does not
   * repeat, and rows that the page has.
   */
  async decodeFirst(page: DataPage, rows: number, cache: PageCache | undefined): Promise<DecodedPage> {
    const { header } = page;
    const entries = 2 ** Math.ceil(Math.log2(Math.max(rows, MIN_PREFIX)));
    const prefix = pagePrefix(header, this.context, entries);
    if (prefix === undefined) return await this.decode(page, cache);
    const key = this.cacheKey(page);
    const cached = (cache?.get(key) ?? cache?.get(`${key}+${entries}`)) as DecodedPage | undefined;
    if (cached !== undefined) return cached;
    const dictionary = await this.dictionary(cache);
    // A checksum is of the whole page.
    const stored = await (header.crc === undefined
      ? this.source.read(page.dataOffset, prefix.stored)
      : this.readStored(page));
    const decoded = decodeFirstEntries(header, stored, dictionary, this.context, prefix);
    if (decoded === undefined) return await this.decode(page, cache);
    cache?.set(`${key}+${entries}`, decoded, Math.ceil((2 * this.cost(page) * entries) / header.valueCount));
    return decoded;
  }

  private cacheKey(page: DataPage): string {
    return `${this.leaf.index}@${page.offset}`;
  }

  private lastDictionary: WeakRef<PlainValues> | undefined;

  private async dictionary(cache: PageCache | undefined): Promise<PlainValues | undefined> {
    const page = this.dictionaryPage;
    if (page === undefined) return undefined;
    // Every page of the chunk that is in use holds on to it.
    const held = this.lastDictionary?.deref() ?? (cache?.get(this.cacheKey(page)) as PlainValues | undefined);
    if (held !== undefined) return held;
    const dictionary = decodeDictionaryPage(page.header, await this.readStored(page), this.context);
    this.lastDictionary = new WeakRef(dictionary);
    cache?.set(this.cacheKey(page), dictionary, this.dictionaryCost);
    return dictionary;
  }

  private async readStored({ header, offset, dataOffset }: DataPage): Promise<Uint8Array> {
    const bytes = await this.source.read(dataOffset, header.compressedSize);
    if (header.crc !== undefined) {
      const actual = crc32(bytes);
      if (actual !== header.crc) {
        throw damaged(
          `the page at byte ${offset} has the checksum ${hex(actual)}, and its header says ${hex(header.crc)}`,
        );
      }
    }
    return bytes;
  }

  /** Reads the next header. */
  private async walk(): Promise<void> {
    const offset = this.next;
    const { header, length } = await this.readHeader(offset);
    const dataOffset = offset + length;
    if (header.compressedSize > this.end - dataOffset) {
      throw damaged(
        `the page at byte ${offset} says that it has ${header.compressedSize} bytes, and the column has ${this.end - dataOffset} left`,
      );
    }
    const { maxPageBytes } = this.options;
    if (header.uncompressedSize > maxPageBytes) {
      throw tooLarge(
        `the page at byte ${offset} has ${header.uncompressedSize} bytes decompressed, and ${maxPageBytes} are allowed`,
      );
    }
    // Levels and offsets of values come on top of the page: a few bytes can stand for any number of nulls.
    if (decodedBytes(header, this.leaf) > 2 * maxPageBytes) {
      throw tooLarge(`the page at byte ${offset} has ${header.valueCount} values, too many for one page`);
    }
    this.next = dataOffset + header.compressedSize;
    const page = { header, offset, dataOffset, rows: this.knownRows(header) };
    switch (header.kind) {
      case 'index':
        return;
      case 'dictionary':
        if (this.dictionaryPage !== undefined || this.pages.length > 0) {
          throw damaged(`the page at byte ${offset} is a dictionary in a wrong place`);
        }
        this.dictionaryPage = page;
        return;
      case 'data':
      case 'dataV2':
        this.valuesSeen += header.valueCount;
        if (this.valuesSeen > this.chunk.valueCount) {
          throw damaged(`its pages have more than the ${this.chunk.valueCount} values that the footer says`);
        }
        this.pages.push(page);
        this.complete = this.valuesSeen === this.chunk.valueCount;
    }
  }

  private knownRows(header: PageHeader): number | undefined {
    if (this.leaf.maxRepetition === 0) return header.valueCount;
    return header.kind === 'dataV2' ? header.rowCount : undefined;
  }

  private async readHeader(offset: number): Promise<{ header: PageHeader; length: number }> {
    const available = this.end - offset;
    for (const length of HEADER_READS) {
      const bytes = await this.source.read(offset, Math.min(length, available));
      const reader = new ThriftReader(bytes);
      try {
        return { header: readPageHeader(reader), length: reader.at };
      } catch (error) {
        // Behind the end that the footer gives, what is no header is nothing at all.
        if (offset >= this.chunk.start + this.chunk.byteLength) break;
        if (!(error instanceof ThriftEnd)) throw error;
        if (length >= available) break;
      }
    }
    throw damaged(
      `its pages end at byte ${offset} after ${this.valuesSeen} of ${this.chunk.valueCount} values`,
    );
  }
}

function startsIn(page: DecodedPage): number {
  return page.repetition === undefined ? page.entries : countLevel(page.repetition, 0);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
