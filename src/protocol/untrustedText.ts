/**
 * How text that others wrote (datasets, evidence) is shown: nothing invisible stays invisible, nothing reorders or
 * overprints what stands beside it, and it has an end. The result is still text, never markup: whoever shows it
 * escapes it for the place where it stands.
 */

/** The longest text that is shown at one place, in UTF-16 code units, unless the caller says otherwise. */
export const UNTRUSTED_TEXT_LIMIT = 1000;

/**
 * Group 1 is what stays although it holds invisible characters: emoji sequences and keycaps. What else matches is
 * replaced: controls, format characters (bidirectional, zero-width, tags), line and paragraph separators, lone
 * surrogates, private use, what fonts draw as nothing, and the fifth combining mark in a row, with which "Zalgo" text
 * paints over its surroundings.
 */
const KEPT_OR_HIDDEN = new RegExp(
  [
    /(\p{Extended_Pictographic}\uFE0F?\p{Emoji_Modifier}?(?:\u200D\p{Extended_Pictographic}\uFE0F?\p{Emoji_Modifier}?)*|[0-9#*]\uFE0F?\u20E3)/u,
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/u,
    /(?<=\p{M}{4})\p{M}/u,
  ]
    .map((pattern) => pattern.source)
    .join('|'),
  'gu',
);

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The text as it may be shown on one line: hidden characters as escapes (`\n`, `\u202E`, `\u{E0041}`), cut after
 * `limit` UTF-16 code units of the source with `…`.
 */
export function untrustedText(text: string, limit = UNTRUSTED_TEXT_LIMIT): string {
  const shown = text.length > limit ? text.slice(0, wholeCharacters(text, limit)) : text;
  const visible = shown.replace(KEPT_OR_HIDDEN, (match, kept?: string) => kept ?? escaped(match));
  return shown.length < text.length ? `${visible}…` : visible;
}

function escaped(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
}

/** Cutting a surrogate pair in two would show a lone surrogate that the text does not have. */
function wholeCharacters(text: string, limit: number): number {
  const last = text.charCodeAt(limit - 1);
  const next = text.charCodeAt(limit);
  return last >= 0xd800 && last < 0xdc00 && next >= 0xdc00 && next < 0xe000 ? limit - 1 : limit;
}
