import { decodeText, JsonTokens } from './jsonTokens.ts';

const INDENT = '  ';

/**
 * A record spread over lines for reading, token by token as it is written: big integers, spellings of numbers, escapes,
 * the order of members and repeated ones stay. What is not JSON is left as it stands.
 *
 * @param bytes the record, or its beginning when `beginning`
 * @param maxLength of the result, in UTF-16 code units: deep nesting makes long texts of short ones
 * @returns `cut` when the result is shorter than the text it was made of, beginning or not
 */
export function prettyJson(
  bytes: Uint8Array,
  beginning: boolean,
  maxLength: number,
): { text: string; cut: boolean } {
  const tokens = new JsonTokens().reset(bytes);
  let text = '';
  let seen = 0;
  let afterKey = false;
  let previous = '';
  for (;;) {
    const { depth } = tokens;
    const token = tokens.next();
    if (token === 'end') return { text, cut: false };
    if (token === 'invalid') {
      if (!beginning || !tokens.cutOff) return shortened(decodeText(bytes), maxLength);
      return shortened(text + decodeText(bytes, seen), maxLength);
    }
    const closes = token === '}' || token === ']';
    if (closes) {
      if (previous !== '{' && previous !== '[') text += `\n${INDENT.repeat(tokens.depth)}`;
    } else if (!afterKey && depth > 0) {
      if (previous !== '{' && previous !== '[') text += ',';
      text += `\n${INDENT.repeat(depth)}`;
    }
    if (afterKey) text += ': ';
    text += decodeText(bytes, tokens.start, tokens.end);
    afterKey = token === 'key';
    previous = token;
    seen = tokens.end;
    if (text.length > maxLength) return shortened(text, maxLength);
  }
}

function shortened(text: string, maxLength: number): { text: string; cut: boolean } {
  return text.length > maxLength ? { text: text.slice(0, maxLength), cut: true } : { text, cut: false };
}
