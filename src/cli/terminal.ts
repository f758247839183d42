import type { DigestCache } from '../platform/digestCache.node.ts';
import type { DigestPool } from '../platform/digestPool.node.ts';
import type { HashAhead } from '../platform/hashAhead.node.ts';
import { untrustedText } from '../protocol/untrustedText.ts';

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a command has of the world around it. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by an interrupt. */
  readonly signal: AbortSignal;
  /** Has interrupts handled by somebody else, until the function that it gives back is called. */
  readonly takeInterrupts?: (handler: () => void) => () => void;
  /** Threads for large files. */
  readonly pool?: DigestPool | undefined;
  /** Hashes of large files that were begun while the program started. */
  readonly ahead?: HashAhead | undefined;
  /** Where the digests of large files are kept. */
  readonly cache?: DigestCache | undefined;
}

/** Good, to be looked at, bad, or of less weight. */
export type Tone = 'good' | 'warning' | 'bad' | 'quiet' | 'strong';

const SGR: Readonly<Record<Tone, string>> = { good: '32', warning: '33', bad: '31', quiet: '2', strong: '1' };

/** A text with a tone. Whatever stands in it, only the tone makes it more than text. */
export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}

/** A labelled line of a report. The label is left out where it is the same as the row's before. */
export interface Row {
  readonly label: string;
  readonly text: string;
  readonly tone?: Tone;
}

/** No line of a report is longer than this, in UTF-16 code units. */
const LINE_LIMIT = 20_000;

export function usesColour({ stdout, env }: Io): boolean {
  const { NO_COLOR, TERM } = env as { NO_COLOR?: string; TERM?: string };
  return stdout.isTTY === true && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
}

/** Prints a line. Its text is escaped here once more, so that no caller can forget to. */
export function say(io: Io, ...spans: readonly (Span | string)[]): void {
  const colour = usesColour(io);
  const parts = spans.map((span) => {
    const { text, tone } = typeof span === 'string' ? { text: span, tone: undefined } : span;
    const safe = untrustedText(text, LINE_LIMIT);
    return colour && tone && safe !== '' ? `\u001b[${SGR[tone]}m${safe}\u001b[0m` : safe;
  });
  io.stdout.write(`${parts.join('')}\n`);
}

/** Prints rows with their labels aligned. */
export function sayRows(io: Io, rows: readonly Row[]): void {
  const width = Math.max(0, ...rows.map(({ label }) => label.length));
  let before: string | undefined;
  for (const { label, text, tone } of rows) {
    const shown = (label === before ? '' : label).padEnd(width);
    before = label;
    say(io, '  ', { text: shown, tone: tone ?? 'strong' }, `  ${text}`);
  }
}

/** One sentence on stderr. */
export function complain(io: Io, sentence: string): void {
  io.stderr.write(`provenance: ${untrustedText(sentence, LINE_LIMIT)}\n`);
}

/** A note on stderr, about something that is not an error. */
export function warn(io: Io, sentence: string): void {
  complain(io, `warning: ${sentence}`);
}

/** Prints a value as JSON, with what a terminal may act on, or hide, escaped. */
export function sayJson(io: Io, value: unknown): void {
  let text = '';
  for (const part of jsonParts(value)) {
    text += part;
    if (text.length < JSON_PIECE) continue;
    io.stdout.write(escaped(text));
    text = '';
  }
  io.stdout.write(`${escaped(text)}\n`);
}

/** How much JSON is printed at once, in UTF-16 code units. */
const JSON_PIECE = 1 << 16;

/**
 * What JSON.stringify with an indent of 2 gives, piece by piece, with any iterable as an array: a list may have millions
 * of elements, and its text be longer than a string can be.
 */
export function* jsonParts(value: unknown, indent = ''): Generator<string> {
  if (typeof value !== 'object' || value === null) {
    yield JSON.stringify(value);
    return;
  }
  const inner = `${indent}  `;
  let separator = '\n';
  if (Symbol.iterator in value) {
    yield '[';
    for (const item of value as Iterable<unknown>) {
      yield `${separator}${inner}`;
      yield* jsonParts(item, inner);
      separator = ',\n';
    }
    yield separator === '\n' ? ']' : `\n${indent}]`;
    return;
  }
  yield '{';
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    yield `${separator}${inner}${JSON.stringify(name)}: `;
    yield* jsonParts(member, inner);
    separator = ',\n';
  }
  yield separator === '\n' ? '}' : `\n${indent}}`;
}

function escaped(json: string): string {
  // JSON.stringify leaves C1 controls and bidirectional marks as they are.
  return json.replace(/[^\n\P{C}]|[\u2028\u2029]/gu, escapeUnits);
}

function escapeUnits(text: string): string {
  let escaped = '';
  for (let i = 0; i < text.length; i++) escaped += `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return escaped;
}

/** How often progress is drawn, in milliseconds; files that are read sooner show none. */
const PROGRESS_INTERVAL = 100;

/** Shows the share of a file's bytes that were read, where stderr is a terminal. Call `done` before printing. */
export function progressOf(
  io: Io,
  name: string,
): { onProgress: (bytes: number, size: number) => void; done: () => void } {
  if (io.stderr.isTTY !== true) return { onProgress: () => undefined, done: () => undefined };
  let next = performance.now() + PROGRESS_INTERVAL;
  let shown = false;
  return {
    onProgress: (bytes, size) => {
      if (performance.now() < next) return;
      next = performance.now() + PROGRESS_INTERVAL;
      shown = true;
      const percent = size === 0 ? 100 : Math.floor((bytes / size) * 100);
      // The rest of the line is erased: a name may have been longer before.
      io.stderr.write(`\r${untrustedText(name, 60)} ${String(percent).padStart(3)} %\u001b[K`);
    },
    done: () => {
      if (shown) io.stderr.write('\r\u001b[K');
    },
  };
}
