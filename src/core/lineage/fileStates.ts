import type { StatementInScope } from '../trust/scope.ts';

/** What stands at a path: bytes by their SHA-256 (hex), no file, or something that nobody has looked into yet. */
export type FileState = { readonly sha256: string } | 'absent' | 'unknown';

/** By absolute path, with `/`. A path that is not in it was not asked for. */
export type FileStates = ReadonlyMap<string, FileState>;

/**
 * Where the file of this name would lie, if the name is a path from the folder of `dataset` or from one of `folders`. The
 * name is a hint that anyone may have written: it never leads out of `folders`.
 */
export function pathsByName(dataset: string, name: string, folders: readonly string[]): string[] {
  if (folders.length === 0 || name === '' || name.includes('\0') || name.includes('\\')) return [];
  const bases = name.startsWith('/') ? [''] : [dataset.slice(0, dataset.lastIndexOf('/')), ...folders];
  const paths = bases.map((base) => resolved(base, name));
  return [...new Set(paths)].filter((path) =>
    folders.some((folder) => path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)),
  );
}

function resolved(base: string, name: string): string {
  const parts = base.split('/').filter((part) => part !== '');
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return `${/^[A-Za-z]:$/.test(parts[0] ?? '') ? '' : '/'}${parts.join('/')}`;
}

/** The files that evidence is about, or that steps call their inputs: what has to be looked into to see which are here. */
export function pathsInQuestion(
  statements: readonly StatementInScope[],
  folders: readonly string[],
): Set<string> {
  const paths = new Set<string>();
  for (const { statement, dataset, advisory, standing } of statements) {
    if (advisory || standing === 'invalid') continue;
    if (statement.kind !== 'dataset' && statement.kind !== 'step') continue;
    paths.add(dataset);
    if (statement.kind !== 'step') continue;
    const { resolvedDependencies } = statement.predicate.buildDefinition;
    const names = [
      ...statement.subjects.map(({ name }) => name),
      ...resolvedDependencies.map(({ name }) => name),
    ];
    for (const name of names) {
      for (const path of name === undefined ? [] : pathsByName(dataset, name, folders)) paths.add(path);
      if (paths.size >= MAX_PATHS) return paths;
    }
  }
  return paths;
}

/** More files than this are not looked into. */
const MAX_PATHS = 100_000;
