/**
 * Matches file names against the patterns of dataset cards, Croissant and policies: `*` and `?` within a segment, `**`
 * for any number of segments. In time linear in the product of both lengths, whatever the pattern: it may be untrusted.
 */

const MAX_PATTERN_LENGTH = 1000;

/** @param path with `/`, relative to what the pattern is relative to */
export function matchesPattern(path: string, pattern: string): boolean {
  if (pattern.length > MAX_PATTERN_LENGTH) return false;
  const segments = pattern.replace(/^(?:\.?\/)+/, '').split('/');
  return matches(path.split('/'), segments, '**', (segment, part) => matchesText(segment, part));
}

/** Whether `*`, for any characters, and `?`, for one, make the whole text of a pattern; a `/` is a character like others. */
export function matchesText(text: string, pattern: string): boolean {
  return matches(
    Array.from(text),
    Array.from(pattern),
    '*',
    (char, wanted) => wanted === '?' || wanted === char,
  );
}

/** Greedy matching with one point to return to: the last `star`, which then takes one item more. */
function matches(
  list: readonly string[],
  pattern: readonly string[],
  star: string,
  same: (item: string, wanted: string) => boolean,
): boolean {
  let at = 0;
  let next = 0;
  let lastStar = -1;
  let taken = 0;
  while (at < list.length) {
    if (next < pattern.length && pattern[next] === star) {
      lastStar = next++;
      taken = at;
    } else if (next < pattern.length && same(list[at]!, pattern[next]!)) {
      at++;
      next++;
    } else if (lastStar >= 0) {
      next = lastStar + 1;
      at = ++taken;
    } else return false;
  }
  while (pattern[next] === star) next++;
  return next === pattern.length;
}
