import { isSha256Hex } from '../../bytes/hex.ts';
import type { ClaimedDataset } from './claim.ts';
import { defined, text } from './untrusted.ts';

/** Where a claiming file lies. Paths are absolute, with `/`. */
export interface ClaimPlace {
  readonly file: string;
  /** The workspace folder that it is in: no claimed path leads out of it. */
  readonly root: string;
}

const MAX_PATH_LENGTH = 4096;

/** `https:`, `s3:` …; a drive letter is none. */
const SCHEME = /^[a-z][a-z0-9+.-]+:/i;

/** Whether a text names something by a URI with a scheme. */
export function isUri(value: string): boolean {
  return SCHEME.test(value);
}

/** The folder of a path, without a slash at its end. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/**
 * The absolute path that a claim means by `path`, or undefined when it is no path, or leads out of the workspace folder.
 *
 * @param folder what a relative path starts from
 */
export function claimedPath(
  { file, root }: ClaimPlace,
  path: string,
  folder = folderOf(file),
): string | undefined {
  if (path === '' || path.length > MAX_PATH_LENGTH || /[\0\\]/.test(path)) return undefined;
  const isAbsolute = path.startsWith('/') || /^[a-z]:\//i.test(path);
  if (!isAbsolute && isUri(path)) return undefined;
  const full = normalized(isAbsolute ? path : `${folder}/${path}`);
  const below = root.endsWith('/') ? root : `${root}/`;
  return full?.startsWith(below) && full.length > below.length ? full : undefined;
}

function normalized(path: string): string | undefined {
  const kept: string[] = [];
  for (const [index, segment] of path.split('/').entries()) {
    if (segment === '..') {
      if (kept.length <= 1) return undefined;
      kept.pop();
    } else if (index === 0 || (segment !== '' && segment !== '.')) kept.push(segment);
  }
  return kept.join('/');
}

/** The path of a `file:` URI on this machine, or undefined. */
export function fileUriPath(uri: string): string | undefined {
  const path = /^file:(?:\/\/(?:localhost)?)?(\/[^?#]*)$/i.exec(uri)?.[1];
  if (path === undefined) return undefined;
  const decoded = decodedPath(path);
  // file:///C:/data
  return decoded !== undefined && /^\/[a-z]:\//i.test(decoded) ? decoded.slice(1) : decoded;
}

/** A path whose characters may be percent-encoded, or undefined when the encoding is wrong. */
export function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** What a claim says of a dataset, as far as it can be shown: texts cut, digests only where they are such. */
export function claimedDataset(says: {
  readonly name: string;
  readonly uri?: string | undefined;
  readonly path?: string | undefined;
  readonly sha256?: unknown;
  readonly md5?: unknown;
}): ClaimedDataset {
  const sha256 = typeof says.sha256 === 'string' ? says.sha256.toLowerCase() : undefined;
  const md5 = typeof says.md5 === 'string' ? says.md5.toLowerCase() : undefined;
  return defined<ClaimedDataset>({
    name: text(says.name) ?? '?',
    uri: text(says.uri),
    path: says.path,
    sha256: isSha256Hex(sha256) ? sha256 : undefined,
    md5: md5 !== undefined && /^[0-9a-f]{32}$/.test(md5) ? md5 : undefined,
  });
}
