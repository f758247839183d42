import { Composer, CST, Lexer, Parser } from 'yaml';
import { invalidClaim } from './source.ts';

/** YAML files are read up to this size, JSON and logs of JSON up to {@link MAX_JSON_BYTES}. */
export const MAX_YAML_BYTES = 1024 * 1024;
export const MAX_JSON_BYTES = 16 * 1024 * 1024;

const MAX_YAML_DEPTH = 64;
const MAX_ALIASES = 100;
const MAX_REASON_LENGTH = 200;

/** @throws ProvenanceError `invalid-claim` for bytes that are no UTF-8 */
export function decode(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw invalidClaim(file, 'it is not UTF-8', error);
  }
}

/**
 * The first document of a YAML 1.2 text, without tags of one's own. Nesting and aliases are bounded while they are
 * read: what follows is recursive, and a stack that overflows there was seen to end the whole process.
 *
 * @throws ProvenanceError `invalid-claim`
 */
export function parseYaml(file: string, text: string): unknown {
  const tokens = [...boundedTokens(file, text)];
  // uniqueKeys compares every key with every other.
  const composer = new Composer({
    uniqueKeys: false,
    schema: 'core',
    logLevel: 'silent',
    prettyErrors: false,
  });
  const [document] = composer.compose(tokens);
  if (!document) return undefined;
  const [error] = document.errors;
  if (error) {
    throw invalidClaim(file, `line ${lineAt(text, error.pos[0])} is not YAML (${reason(error)})`, error);
  }
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
  } catch (cause) {
    throw invalidClaim(file, `its YAML is wrong (${reason(cause)})`, cause);
  }
}

/** The concrete syntax tree, document by document. @throws ProvenanceError `invalid-claim` */
function* boundedTokens(file: string, text: string): Generator<CST.Token, void> {
  const parser = new Parser();
  let aliases = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (CST.tokenType(lexeme) === 'alias' && ++aliases > MAX_ALIASES) {
      throw invalidClaim(file, `its YAML has more than ${MAX_ALIASES} aliases`);
    }
    yield* parser.next(lexeme);
    // What is open: the document and the collections that the parser is in.
    if (parser.stack.length > MAX_YAML_DEPTH) {
      throw invalidClaim(file, `its YAML is nested deeper than ${MAX_YAML_DEPTH} levels`);
    }
  }
  yield* parser.end();
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** JSON as others write it: of equal keys the last one holds. @throws ProvenanceError `invalid-claim` */
export function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw invalidClaim(file, `its JSON is wrong (${reason(error)})`, error);
  }
}

/** The first line of a parser's message, which may quote the file. */
export function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [line = ''] = message.split(/[\r\n\u2028\u2029]/, 1);
  return line.replace(/:$/, '').slice(0, MAX_REASON_LENGTH);
}
