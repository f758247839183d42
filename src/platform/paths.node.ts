import { sep } from 'node:path';

/** A path as core writes it. On other systems than Windows, a backslash is part of a name. */
export function toSlashes(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}
