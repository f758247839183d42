import { untrustedText } from '../protocol/untrustedText.ts';
import { webAddress } from './webAddress.ts';

/**
 * Untrusted text as inline code in Markdown: nothing in it is markup, links itself or hides. Control and bidirectional
 * characters are shown as escapes; a fence longer than any run of backticks in the text encloses it.
 * @param maxLength in characters
 */
export function inlineCode(text: string, maxLength: number): string {
  // `$(name)` would become an icon, even inside code: a status could be forged with it.
  const visible = untrustedText(text, maxLength).replaceAll('$(', '\\$(');
  if (visible.trim() === '') return '``  ``';
  const longest = Math.max(0, ...Array.from(visible.matchAll(/`+/g), ([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  // CommonMark strips one space on each side; needed where the text itself starts or ends with a backtick.
  return `${fence} ${visible} ${fence}`;
}

/**
 * Text as plain words in Markdown: every character that could be markup is escaped, so that nothing in it formats, links
 * itself or becomes an icon. (MarkdownString.appendText does this too, but with no-break spaces: sentences do not wrap.)
 */
export function plainText(text: string, maxLength = 1000): string {
  return untrustedText(text, maxLength).replace(/[!-/:-@[-`{-~]/g, '\\$&');
}

/** A link to a web page that someone else named, with its address as text; undefined for any other address. */
export function webLink(address: string): string | undefined {
  const href = webAddress(address);
  if (href === undefined) return undefined;
  // What would end the address, or begin other markup in it.
  const escaped = href.replace(/[()<>\\[\]`*_~|"']/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
  return `[${plainText(href, 80)}](${escaped})`;
}
