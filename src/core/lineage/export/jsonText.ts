/**
 * Characters that a reader would not see, or that change the order in which the others are shown. As `\u` escapes they
 * mean the same to every JSON parser.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * JSON with two spaces of indentation and a line end, in which nothing is hidden. Lone surrogates, which neither UTF-8
 * nor RDF has, become U+FFFD.
 */
export function visibleJson(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_, member: unknown) => (typeof member === 'string' ? wellFormed(member) : member),
    2,
  );
  // What JSON.stringify itself puts between values are line feeds and spaces.
  return `${text.replace(HIDDEN, (character) => (character === '\n' ? character : escaped(character)))}\n`;
}

/** The text with U+FFFD for lone surrogates, which have no UTF-8 and no percent-encoding. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    const hex = character.charCodeAt(i).toString(16);
    return `\\u${hex.padStart(4, '0')}`;
  }).join('');
}
