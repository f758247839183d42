export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own text, without that of its children. */
  readonly text: string;
}

/** What XML 1.0 allows in a document (production 2, Char). */
const CHARACTERS = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;

/**
 * A strict reader of the XML that a report is: elements, attributes, text, the five named entities. Whatever else
 * stands there, comments and sections included, is an error.
 */
export class XmlReader {
  private at = 0;

  constructor(private readonly source: string) {
    if (!CHARACTERS.test(source)) throw new Error('a character that XML does not allow');
  }

  read(): XmlElement {
    this.take(/<\?xml version="1\.0" encoding="UTF-8"\?>\s*/y, 'a declaration');
    const root = this.element();
    this.take(/\s*/y, 'space');
    if (this.at !== this.source.length) throw this.error('the end');
    return root;
  }

  private element(): XmlElement {
    const [, name = ''] = this.take(/<([a-z]+)/y, 'an element');
    const attributes: Record<string, string> = {};
    for (
      let found = this.maybe(/ ([a-z]+)="([^"<]*)"/y);
      found;
      found = this.maybe(/ ([a-z]+)="([^"<]*)"/y)
    ) {
      const [, key = '', value = ''] = found;
      if (Object.hasOwn(attributes, key)) throw this.error(`${key} once`);
      attributes[key] = this.decoded(value);
    }
    if (this.maybe(/\/>/y)) return { name, attributes, children: [], text: '' };
    this.take(/>/y, '>');
    const children: XmlElement[] = [];
    let text = '';
    while (!this.maybe(/<\/([a-z]+)>/y, name)) {
      const found = this.maybe(/[^<]+/y);
      if (found) text += this.decoded(found[0]);
      else children.push(this.element());
    }
    return { name, attributes, children, text };
  }

  private decoded(text: string): string {
    if (text.includes(']]>')) throw this.error('no end of a section');
    return text.replace(/&([^;]*;?)/g, (_, entity: string) => {
      const known = { 'amp;': '&', 'lt;': '<', 'gt;': '>', 'quot;': '"', 'apos;': "'" }[entity];
      if (known === undefined) throw this.error(`an entity, not &${entity}`);
      return known;
    });
  }

  private maybe(pattern: RegExp, name?: string): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (!found || (name !== undefined && found[1] !== name)) return undefined;
    this.at = pattern.lastIndex;
    return found;
  }

  private take(pattern: RegExp, what: string): RegExpExecArray {
    const found = this.maybe(pattern);
    if (!found) throw this.error(what);
    return found;
  }

  private error(expected: string): Error {
    return new Error(`expected ${expected} at ${this.at}: ${this.source.slice(this.at, this.at + 60)}`);
  }
}
