/** The longest address that is made a link, in UTF-16 code units. */
const MAX_ADDRESS = 2000;

/**
 * An address that someone else wrote, as a link may carry it: of a web page, without user name or password, in the form
 * that the URL standard gives it. Undefined for everything else.
 */
export function webAddress(text: string): string | undefined {
  if (text.length > MAX_ADDRESS || !/^https?:\/\//i.test(text)) return undefined;
  try {
    const { href, username, password } = new URL(text);
    return username === '' && password === '' ? href : undefined;
  } catch {
    return undefined;
  }
}
