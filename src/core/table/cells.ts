import { decodeText, isBlank, JsonTokens, stringValue } from './jsonTokens.ts';
import type { SourceRow } from './rowSource.ts';
import type { FoundValue, ValueFinder, ValueKind } from './valueFinder.ts';

/** How many UTF-16 code units of a value a cell shows. */
export const CELL_LENGTH = 300;

/** No longer beginning of a value is decoded: even if all of it are escapes, it is more than a cell shows. */
const DECODED_BYTES = 8 * CELL_LENGTH;

/** What a cell shows; `text` is raw, and longer than {@link CELL_LENGTH} where the value does not fit. */
export interface CellValue {
  readonly kind: ValueKind | 'missing' | 'text';
  readonly text: string;
}

export interface RowValues {
  /** `too-long`: the row was cut off, so that its values are not known. */
  readonly kind: 'record' | 'blank' | 'unreadable' | 'too-long';
  /** One for each pointer of the finder; for other kinds than `record`, one with the beginning of the text. */
  readonly cells: readonly CellValue[];
}

/**
 * A row's values, by the pointers of `finder`: strings without quotes and escapes, numbers as they are written, arrays
 * and objects as JSON on one line.
 */
export function rowValues(row: SourceRow, finder: ValueFinder): RowValues {
  const { bytes, length } = row;
  if (length > bytes.length) return { kind: 'too-long', cells: [textCell(bytes)] };
  if (isBlank(bytes)) return { kind: 'blank', cells: [textCell(bytes)] };
  if (!finder.find(bytes)) return { kind: 'unreadable', cells: [textCell(bytes)] };
  return { kind: 'record', cells: finder.found.map((value) => cellValue(bytes, value)) };
}

function textCell(bytes: Uint8Array): CellValue {
  return { kind: 'text', text: decodeText(bytes, 0, Math.min(bytes.length, DECODED_BYTES)) };
}

function cellValue(bytes: Uint8Array, value: FoundValue | undefined): CellValue {
  if (!value) return { kind: 'missing', text: '' };
  const { kind, start, end, escaped } = value;
  if (kind === 'string') return { kind, text: stringBeginning(bytes, start, end, escaped) };
  if (kind === 'object' || kind === 'array') return { kind, text: preview(bytes, start, end) };
  return { kind, text: decodeText(bytes, start, Math.min(end, start + DECODED_BYTES)) };
}

/** The text of a string token, or more of its beginning than a cell shows. */
function stringBeginning(bytes: Uint8Array, start: number, end: number, escaped: boolean): string {
  if (end - start <= DECODED_BYTES) return stringValue(bytes, start, end, escaped);
  let cut = start + 1;
  while (cut < start + DECODED_BYTES) cut += bytes[cut] !== 0x5c ? 1 : bytes[cut + 1] === 0x75 ? 6 : 2;
  const text = decodeText(bytes, start + 1, cut);
  return escaped ? (JSON.parse(`"${text}"`) as string) : text;
}

/** JSON on one line, as long as a cell needs it. Escapes that only stand for a printable character are resolved. */
function preview(bytes: Uint8Array, start: number, end: number): string {
  const tokens = new JsonTokens().reset(bytes, start, end);
  let text = '';
  let afterValue = false;
  while (text.length <= CELL_LENGTH) {
    const token = tokens.next();
    if (token === 'end' || token === 'invalid') break;
    const closes = token === '}' || token === ']';
    if (afterValue && !closes) text += ', ';
    afterValue = token !== '{' && token !== '[' && token !== 'key';
    if (token === 'string' || token === 'key') {
      text += JSON.stringify(stringBeginning(bytes, tokens.start, tokens.end, tokens.escaped));
      if (token === 'key') text += ': ';
    } else {
      text += decodeText(bytes, tokens.start, Math.min(tokens.end, tokens.start + DECODED_BYTES));
    }
  }
  return text;
}
