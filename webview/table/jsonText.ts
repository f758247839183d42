/** Pretty-printed JSON as lines of coloured pieces. Only looks: text that is not JSON comes out whole and uncoloured. */
export interface JsonLine {
  /** Spaces that it is indented by. */
  readonly indent: number;
  readonly pieces: readonly JsonPiece[];
  /** Number of the line that closes what this one opens, where there are lines between. */
  readonly closedBy?: number;
}

export interface JsonPiece {
  /** `line-end`: an escaped line end within a string, after which the page begins a new line. */
  readonly kind: 'key' | 'string' | 'line-end' | 'number' | 'literal' | 'punctuation' | 'other';
  readonly text: string;
}

/** None of the alternatives can fail after a long way: the text is hostile. */
const TOKEN =
  /(?<string>"(?:[^"\\]+|\\.)*"?)|(?<number>-?\d[\d.eE+-]*)|(?<literal>\b(?:true|false|null)\b)|(?<punctuation>[{}[\],:\s]+)|(?<other>.)/gsu;

/** Splits the text. Text that does not begin like JSON is one piece a line. */
export function jsonLines(text: string): JsonLine[] {
  const isJson = /^\s*[{["\d-]|^\s*(true|false|null)/.test(text);
  const lines: (Omit<JsonLine, 'closedBy'> & { closedBy?: number })[] = text.split('\n').map((line) => {
    const content = line.trimStart();
    return {
      indent: line.length - content.length,
      pieces: isJson ? piecesOf(content) : [{ kind: 'other', text: content }],
    };
  });
  const open: number[] = [];
  lines.forEach((line, number) => {
    if (isJson && closes(line)) {
      const opener = lines[open.pop() ?? -1];
      if (opener) opener.closedBy = number;
    }
    if (isJson && opens(line)) open.push(number);
  });
  return lines;
}

function piecesOf(content: string): JsonPiece[] {
  const pieces: JsonPiece[] = [];
  for (const { groups = {}, 0: text, index } of content.matchAll(TOKEN)) {
    const kind = (Object.keys(groups).find((name) => groups[name] !== undefined) ??
      'other') as JsonPiece['kind'];
    if (kind !== 'string') pieces.push({ kind, text });
    else if (content[index + text.length] === ':') pieces.push({ kind: 'key', text });
    else pieces.push(...stringPieces(text));
  }
  return pieces;
}

/** A string, split at its escaped line ends: `\n`, but not the `\\n` that is a backslash and an n. */
function stringPieces(text: string): JsonPiece[] {
  const pieces: JsonPiece[] = [];
  let start = 0;
  for (const { 0: escape, index } of text.matchAll(/(?:\\r)?\\n|\\./gs)) {
    if (!escape.endsWith('\\n')) continue;
    if (index > start) pieces.push({ kind: 'string', text: text.slice(start, index) });
    pieces.push({ kind: 'line-end', text: escape });
    start = index + escape.length;
  }
  if (start < text.length) pieces.push({ kind: 'string', text: text.slice(start) });
  return pieces;
}

function opens({ pieces }: JsonLine): boolean {
  const last = pieces.at(-1);
  return last?.kind === 'punctuation' && /[{[]\s*$/.test(last.text);
}

function closes({ pieces }: JsonLine): boolean {
  const [first] = pieces;
  return first?.kind === 'punctuation' && /^[}\]]/.test(first.text);
}
