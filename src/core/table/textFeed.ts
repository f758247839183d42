import type { ByteSource } from '../bytes/byteSource.ts';

/** Bytes that can be read at any place, into memory that is there already: new memory for each megabyte costs as much as reading it. */
export interface TextSource extends ByteSource {
  /** @param into may be used for the result; `length` bytes or more. The result is valid until it is used again. */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
}

/** A text that comes piece by piece, and can be read again at any place that has come by. */
export interface TextFeed extends Pick<TextSource, 'read'> {
  /** The next piece, valid until the next call; undefined at the end. @throws ProvenanceError as `read` */
  next(): Promise<Uint8Array | undefined>;
}

/** The first piece is small, so that the first rows are there at once. */
const FIRST_PIECE = 128 * 1024;
const PIECE = 1024 * 1024;

/** Feeds the bytes of a source from `offset` on. Reads one piece ahead. */
export function feedOf(source: TextSource, offset = 0, pieceBytes = PIECE): TextFeed {
  const buffers = [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)] as const;
  let at = offset;
  let turn: 0 | 1 = 0;
  let ahead: Promise<Uint8Array> | undefined;
  const readNext = (wanted: number): Promise<Uint8Array> | undefined => {
    if (at >= source.size) return undefined;
    const length = Math.min(wanted, source.size - at);
    const piece = source.read(at, length, buffers[turn]);
    // Whoever takes the piece hears of its failure.
    piece.catch(() => undefined);
    at += length;
    turn = turn === 0 ? 1 : 0;
    return piece;
  };
  return {
    read: (from, length, into) => source.read(from, length, into),
    async next() {
      const piece = await (ahead ?? readNext(at === 0 ? Math.min(FIRST_PIECE, pieceBytes) : pieceBytes));
      ahead = readNext(pieceBytes);
      return piece;
    },
  };
}

/** A feed of which the first piece was taken already, with that piece again. */
export function withFirst(first: Uint8Array, feed: TextFeed): TextFeed {
  let taken = false;
  return {
    read: (offset, length, into) => feed.read(offset, length, into),
    next() {
      if (taken) return feed.next();
      taken = true;
      return Promise.resolve(first);
    },
  };
}
