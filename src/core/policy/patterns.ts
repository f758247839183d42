import { matchesPattern, matchesText } from '../lineage/claims/wildcards.ts';

/**
 * Whether a list of patterns allows a text: one matches it, and none that begins with `!` does. `*` stands for any
 * characters, `?` for one.
 */
function allowedBy(patterns: readonly string[], matches: (pattern: string) => boolean): boolean {
  let allowed = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!matches(negated ? pattern.slice(1) : pattern)) continue;
    if (negated) return false;
    allowed = true;
  }
  return allowed;
}

/**
 * Whether patterns allow a source. A pattern with a scheme and an authority (`https://*.example/*`) is compared part by
 * part: its wildcards never reach from the host into the path, so that `https://evil.example/x.acme.example/` is not in
 * `https://*.acme.example/*`. Scheme and host are compared without case (RFC 3986, section 6.2.2.1).
 */
export function allowsSource(patterns: readonly string[], source: string): boolean {
  const value = partsOf(source);
  return allowedBy(patterns, (pattern) => {
    const parts = partsOf(pattern);
    if (!parts) return matchesText(source, pattern);
    return (
      value !== undefined &&
      matchesText(value.scheme, parts.scheme) &&
      matchesText(value.authority, parts.authority) &&
      matchesText(value.rest, parts.rest)
    );
  });
}

/** Whether patterns allow a word, such as a licence, whatever its case. */
export function allowsWord(patterns: readonly string[], value: string): boolean {
  const lower = value.toLowerCase();
  return allowedBy(patterns, (pattern) => matchesText(lower, pattern.toLowerCase()));
}

/**
 * Whether patterns allow a path (absolute, with `/`). `*` stays within a folder's name, `**` does not. A pattern that
 * does not begin with `/`, a drive, or `**` is about paths below `folder`, which the policy is of.
 */
export function allowsPath(patterns: readonly string[], path: string, folder: string | undefined): boolean {
  return allowedBy(patterns, (pattern) => {
    if (/^(\/|[A-Za-z]:\/|\*\*)/.test(pattern)) return matchesPattern(path.replace(/^\//, ''), pattern);
    const below = folder === undefined ? undefined : `${folder.replace(/\/$/, '')}/`;
    return below !== undefined && path.startsWith(below) && matchesPattern(path.slice(below.length), pattern);
  });
}

/**
 * Whether patterns name a signer: by a name that `allowed_signers` gives to the key (`principals`, a list of patterns
 * itself), or by the key's fingerprint (`SHA256:…`, exactly).
 */
export function namesSigner(
  patterns: readonly string[],
  signer: { readonly principal?: string; readonly keyId: string },
): boolean {
  const names = (signer.principal ?? '').split(',').filter((name) => name !== '' && !name.startsWith('!'));
  return allowedBy(patterns, (pattern) =>
    pattern.startsWith('SHA256:')
      ? pattern === signer.keyId
      : names.some(
          // A name that is a pattern stands for more than one name: `?` must not match its `*`.
          (name) =>
            name === pattern ||
            (!(name.includes('*') && pattern.includes('?')) && matchesText(name, pattern)),
        ),
  );
}

function partsOf(uri: string): { scheme: string; authority: string; rest: string } | undefined {
  const [, scheme, authority, rest] = /^([^:/?#]+):\/\/([^/?#\\]*)([^]*)$/.exec(uri) ?? [];
  if (scheme === undefined || authority === undefined || rest === undefined) return undefined;
  return {
    scheme: scheme.toLowerCase(),
    authority: authority.toLowerCase(),
    // `https://example` and `https://example/` are one (RFC 3986, section 6.2.3).
    rest: rest === '' ? '/' : rest,
  };
}
