import type { ClaimedDataset, LineageClaim } from './claim.ts';
import { claimedDataset, claimedPath, folderOf, isUri } from './claimedPath.ts';
import { decode, parseYaml } from './parse.ts';
import { bounded, invalidClaim, MAX_CLAIMED_INPUTS, type ClaimReading, type ClaimSource } from './source.ts';
import { defined, items, members, text } from './untrusted.ts';

type Node = Readonly<Record<string, unknown>>;

/** Dependencies that are code or settings rather than data. */
const CODE = /\.(?:py|ipynb|sh|bash|r|jl|js|mjs|ts|sql|scala|java|go|rs|ya?ml|toml|cfg|ini|lock)$/i;

/**
 * Claims of `dvc.lock` (https://dvc.org/doc/user-guide/project-structure/dvcyaml-files#dvclock-file): each output of a
 * stage was made of its dependencies. Its MD5 digests are shown and compared with nothing.
 *
 * @throws ProvenanceError `invalid-claim`
 */
export function dvcLockClaims(source: ClaimSource): ClaimReading {
  const lock = members(parseYaml(source.file, decode(source.file, source.bytes)));
  if (lock['schema'] !== undefined && lock['schema'] !== '2.0' && lock['schema'] !== 2) {
    throw invalidClaim(source.file, 'its schema is not 2.0, which is what is read');
  }
  // Before schema 2.0 the stages stood at the top.
  const stages = members(lock['schema'] === undefined ? lock : lock['stages']);
  const workFolders = stageFolders(source);
  const claims = Object.entries(stages).flatMap(([name, value]) => {
    const stage = members(value);
    const command = text(items(stage['cmd']).join(' && '));
    return madeOf(source, stage, workFolders(name), { kind: text(name) ?? 'derived', command });
  });
  return bounded(source.file, claims);
}

/**
 * Claims of a `.dvc` file that records an import (`dvc import`, `dvc import-url`): its outputs were made of the
 * dependencies that it names. One that only tracks data (`dvc add`) claims nothing.
 *
 * @throws ProvenanceError `invalid-claim`
 */
export function dvcFileClaims(source: ClaimSource): ClaimReading {
  const file = members(parseYaml(source.file, decode(source.file, source.bytes)));
  const folder = workFolder(source, file['wdir']);
  return bounded(source.file, madeOf(source, file, folder, { kind: 'import', command: undefined }));
}

function madeOf(
  source: ClaimSource,
  stage: Node,
  folder: string | undefined,
  { kind, command }: { kind: string; command: string | undefined },
): LineageClaim[] {
  const deps = items(stage['deps']).map(members);
  const isCode = (dep: Node) => CODE.test(text(dep['path']) ?? '');
  const inputs = deps
    .filter((dep) => !isCode(dep))
    .flatMap((dep) => datasets(source, folder, dep))
    .slice(0, MAX_CLAIMED_INPUTS);
  if (inputs.length === 0) return [];
  const code = text(
    deps
      .filter(isCode)
      .flatMap((dep) => text(dep['path']) ?? [])
      .join(', '),
  );
  return items(stage['outs']).flatMap((out) =>
    datasets(source, folder, members(out)).map((output): LineageClaim => ({
      format: 'dvc',
      file: source.file,
      output,
      inputs,
      kind,
      ...defined<{ command?: string }>({ command }),
      ...(code !== undefined && { details: { code } }),
    })),
  );
}

/** What a dependency or an output is: a file, the datasets in a folder, a URL, or a path in another repository. */
function datasets(source: ClaimSource, folder: string | undefined, entry: Node): ClaimedDataset[] {
  const name = text(entry['path']);
  if (name === undefined) return [];
  const md5 = entry['md5'];
  const repository = members(entry['repo']);
  const url = text(repository['url']);
  if (url !== undefined) {
    const revision = text(repository['rev_lock']) ?? text(repository['rev']);
    const at = revision === undefined ? '' : `@${revision}`;
    return [claimedDataset({ name, uri: `${url}${at}#${name}`, md5 })];
  }
  if (isUri(name)) return [claimedDataset({ name, uri: name, md5 })];
  const path = folder === undefined ? undefined : claimedPath(source, name, folder);
  const inside = path === undefined ? [] : datasetsBelow(source, path);
  // In a folder with many, which of them went where is anyone's guess.
  if (inside.length > 0 && inside.length <= MAX_CLAIMED_INPUTS) {
    return inside.map((file) =>
      claimedDataset({ name: file.slice(folderOf(source.file).length + 1), path: file }),
    );
  }
  return [claimedDataset({ name, path, md5 })];
}

function datasetsBelow(source: ClaimSource, folder: string): string[] {
  return (source.datasets ?? [])
    .map((name) => `${folderOf(source.file)}/${name}`)
    .filter((path) => path.startsWith(`${folder}/`));
}

/** Where the paths of each stage start from: `wdir` in `dvc.yaml`, which the lock file does not repeat. */
function stageFolders(source: ClaimSource): (stage: string) => string | undefined {
  const { pipeline } = source;
  if (!pipeline) return () => folderOf(source.file);
  const file = `${folderOf(source.file)}/dvc.yaml`;
  const stages = members(members(parseYaml(file, decode(file, pipeline)))['stages']);
  // A stage made by `foreach` or `matrix` is called NAME@ITEM, and its `wdir` stands below `do` for the first.
  return (name) => {
    const stage = members(stages[name] ?? stages[name.split('@', 1)[0] ?? '']);
    return workFolder(source, stage['wdir'] ?? members(stage['do'])['wdir']);
  };
}

/** Undefined where it is a template, or leads out of the workspace. */
function workFolder(source: ClaimSource, value: unknown): string | undefined {
  const name = text(value);
  if (name === undefined) return folderOf(source.file);
  if (name.includes('${')) return undefined;
  // The workspace folder itself is none of the paths below it.
  const inside = claimedPath(source, `${name}/_`);
  return inside && folderOf(inside);
}
