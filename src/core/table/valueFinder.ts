import { parsePointer } from '../sample/origin.ts';
import { JsonTokens, stringValue, type JsonToken } from './jsonTokens.ts';

export type ValueKind = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array';

/** Where a value stands: `bytes[start, end)`, of a string with its quotes. */
export interface FoundValue {
  readonly kind: ValueKind;
  readonly start: number;
  readonly end: number;
  /** Whether it is a string with escapes. */
  readonly escaped: boolean;
}

/** The kind of the value that begins with a token; undefined for a token that begins none. */
export function kindOf(token: JsonToken): ValueKind | undefined {
  switch (token) {
    case '{':
      return 'object';
    case '[':
      return 'array';
    case 'true':
    case 'false':
      return 'boolean';
    case 'string':
    case 'number':
    case 'null':
      return token;
    default:
      return undefined;
  }
}

/** A member or element on the way to the values looked for. */
interface Node {
  readonly key: string;
  readonly keyBytes: Uint8Array;
  /** The pointers, by index, that end here. */
  readonly pointers: number[];
  readonly children: Node[];
}

/**
 * Finds the values that JSON pointers (RFC 6901) lead to, in one pass over a record and without parsing what lies
 * beside them. Of members that are repeated in an object the last one counts, as it does for most parsers.
 */
export class ValueFinder {
  /** By index of the pointer: what the last `find` found. */
  readonly found: (FoundValue | undefined)[];
  private readonly root = newNode('');
  private readonly tokens = new JsonTokens();
  private bytes: Uint8Array = new Uint8Array(0);

  /** What is no JSON pointer leads nowhere. */
  constructor(pointers: readonly string[]) {
    this.found = pointers.map(() => undefined);
    pointers.forEach((pointer, i) => {
      let node = this.root;
      const path = parsePointer(pointer);
      if (!path) return;
      for (const key of path) {
        let child = node.children.find((candidate) => candidate.key === key);
        if (!child) node.children.push((child = newNode(key)));
        node = child;
      }
      node.pointers.push(i);
    });
  }

  /** Looks through the record `bytes[start, end)`. @returns whether all of it is JSON; else nothing counts as found */
  find(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    this.bytes = bytes;
    this.found.fill(undefined);
    const { tokens } = this;
    tokens.reset(bytes, start, end);
    if (this.value(this.root, tokens.next()) && tokens.next() === 'end') return true;
    this.found.fill(undefined);
    return false;
  }

  /** Reads the value whose first token was just read. */
  private value(node: Node, token: JsonToken): boolean {
    const { tokens } = this;
    const { start, escaped } = tokens;
    const kind = kindOf(token);
    if (kind === undefined) return false;
    if (kind === 'object' || kind === 'array') {
      if (node.children.length === 0) {
        if (!tokens.skipContainer()) return false;
      } else if (!(kind === 'object' ? this.object(node) : this.array(node))) {
        return false;
      }
    }
    for (const pointer of node.pointers) {
      this.found[pointer] = { kind, start, end: tokens.end, escaped: kind === 'string' && escaped };
    }
    return true;
  }

  private object(node: Node): boolean {
    const { tokens, bytes } = this;
    // Records mostly have their members in the order in which the columns were found.
    let expected = 0;
    for (;;) {
      const token = tokens.next();
      if (token === '}') return true;
      if (token !== 'key') return false;
      const at = childAt(node.children, expected, bytes, tokens.start, tokens.end, tokens.escaped);
      if (at >= 0) expected = at + 1;
      if (!this.child(at < 0 ? undefined : node.children[at])) return false;
    }
  }

  private array(node: Node): boolean {
    for (let i = 0; ; i++) {
      const key = String(i);
      const token = this.tokens.next();
      if (token === ']') return true;
      const child = node.children.find((candidate) => candidate.key === key);
      if (!this.child(child, token)) return false;
    }
  }

  private child(node: Node | undefined, token = this.tokens.next()): boolean {
    if (node) {
      this.forget(node);
      return this.value(node, token);
    }
    if (token === '{' || token === '[') return this.tokens.skipContainer();
    return token !== 'invalid';
  }

  /** What an earlier member of the same name had does not count. */
  private forget(node: Node): void {
    for (const pointer of node.pointers) this.found[pointer] = undefined;
    for (const child of node.children) this.forget(child);
  }
}

function newNode(key: string): Node {
  return { key, keyBytes: new TextEncoder().encode(key), pointers: [], children: [] };
}

/** Which child the key token `bytes[start, end)` names, tried from `expected` on; -1 for none. */
function childAt(
  children: readonly Node[],
  expected: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  escaped: boolean,
): number {
  const key = escaped ? stringValue(bytes, start, end, true) : undefined;
  for (let tried = 0; tried < children.length; tried++) {
    const at = (expected + tried) % children.length;
    const child = children[at]!;
    if (key === undefined ? equalBytes(child.keyBytes, bytes, start + 1, end - 1) : child.key === key)
      return at;
  }
  return -1;
}

function equalBytes(a: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (a.length !== end - start) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== bytes[start + i]) return false;
  return true;
}
