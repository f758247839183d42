import { toBase64 } from '../bytes/base64.ts';
import { ProvenanceError, type MessageArguments } from '../errors.ts';
import { standardBase64 } from './signedNote.ts';

/** A proof that a leaf is in a log (https://c2sp.org/tlog-proof, as of 2026-07-22). Nothing of it is verified. */
export interface TlogProof {
  /** What else is needed to check it; anyone can change it. */
  readonly extra?: Uint8Array;
  /** Of the leaf, from 0. */
  readonly index: number;
  /** Inclusion proof in the tree of the checkpoint (RFC 6962 §2.1.1), from the leaf's sibling upwards. */
  readonly hashes: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: Uint8Array;
}

/** Longest proof that is read, in bytes: the statement that stands in it may be long. */
export const MAX_PROOF_BYTES = 128 * 1024 * 1024;
const MAX_HASHES = 64;
const HEADER = 'c2sp.org/tlog-proof@v1';

/**
 * Reads a proof.
 * @throws ProvenanceError `invalid-proof` with the reason
 */
export function parseTlogProof(bytes: Uint8Array): TlogProof {
  const lines = new LineReader(bytes);
  if (lines.next() !== HEADER) throw invalid('its first line is not "{header}"', { header: HEADER });
  let line = lines.next();
  let extra: Uint8Array | undefined;
  if (line.startsWith('extra ')) {
    extra = standardBase64(line.slice('extra '.length));
    if (!extra) throw invalid('its extra data is not base64');
    line = lines.next();
  }
  const [, digits = ''] = /^index (0|[1-9][0-9]{0,15})$/.exec(line) ?? [];
  const index = digits === '' ? Number.NaN : Number(digits);
  if (!Number.isSafeInteger(index)) throw invalid('its index is not a decimal number');
  const hashes: Uint8Array[] = [];
  for (line = lines.next(); line !== ''; line = lines.next()) {
    const hash = standardBase64(line);
    if (hash?.length !== 32)
      throw invalid('hash {number} of it is not SHA-256 in base64', { number: hashes.length + 1 });
    if (hashes.push(hash) > MAX_HASHES)
      throw invalid('it has more than {limit} hashes', { limit: MAX_HASHES });
  }
  return { ...(extra && { extra }), index, hashes, checkpoint: lines.rest() };
}

/** @returns the bytes of a `.tlog-proof` file */
export function formatTlogProof({ extra, index, hashes, checkpoint }: TlogProof): Uint8Array {
  const lines = [
    HEADER,
    ...(extra ? [`extra ${toBase64(extra)}`] : []),
    `index ${index}`,
    ...hashes.map(toBase64),
    '',
  ];
  const head = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
  const bytes = new Uint8Array(head.length + checkpoint.length);
  bytes.set(head);
  bytes.set(checkpoint, head.length);
  return bytes;
}

const LF = 0x0a;

class LineReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {
    if (bytes.length > MAX_PROOF_BYTES) {
      throw invalid('it has {size} bytes, more than the {limit} that are read', {
        size: bytes.length,
        limit: MAX_PROOF_BYTES,
      });
    }
  }

  /** The next line, without its end. What is not UTF-8 is no proof, and comes out as replacement characters. */
  next(): string {
    const end = this.bytes.indexOf(LF, this.at);
    if (end < 0) throw invalid('it ends too soon');
    const line = new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.bytes.subarray(this.at, end));
    this.at = end + 1;
    return line;
  }

  rest(): Uint8Array {
    return this.bytes.slice(this.at);
  }
}

function invalid(reason: string, args: MessageArguments = {}): ProvenanceError {
  return new ProvenanceError('invalid-proof', `Not a proof: ${reason}.`, args);
}
