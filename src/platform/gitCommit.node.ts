import { execFile } from 'node:child_process';
import type { ResourceDescriptor } from '../core/evidence/predicates.ts';

/** How long git may take, in milliseconds: a step is recorded without the commit rather than late. */
const TIMEOUT = 10_000;

/**
 * The git commit that is checked out where the code of a step lies, as SLSA names source code: its remote, without
 * credentials, and `gitCommit`. The annotation `modified` says that tracked files differ from it.
 *
 * @returns undefined outside of a repository, and where git is not installed or does not answer
 */
export async function gitCommit(folder: string): Promise<ResourceDescriptor | undefined> {
  const commit = (await git(folder, 'rev-parse', '--verify', 'HEAD'))?.trim();
  if (commit === undefined || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return undefined;
  const [remote, changes] = await Promise.all([
    git(folder, 'config', '--get', 'remote.origin.url'),
    git(folder, 'status', '--porcelain', '--untracked-files=no', '--ignore-submodules'),
  ]);
  const uri = remote === undefined ? undefined : remoteUri(remote.trim());
  return {
    name: 'git',
    ...(uri !== undefined && { uri }),
    digest: { gitCommit: commit },
    ...(changes !== '' && { annotations: { modified: changes === undefined ? 'unknown' : true } }),
  };
}

/**
 * A remote as a URI: `git+https://HOST/PATH`, `git+ssh://HOST/PATH`. What may be a secret, user, password, query, is left
 * out; so is a remote that is a folder, as its path says more of the machine than of the code.
 */
export function remoteUri(remote: string): string | undefined {
  // git's short form: [USER@]HOST:PATH, no slash before the colon.
  const [, host, path] = /^(?:[^@/]+@)?([\w.-]{2,}):(?!\/\/|:)(.+)$/.exec(remote) ?? [];
  const address = host === undefined ? remote : `ssh://${host}/${path!.replace(/^\/+/, '')}`;
  let url: URL;
  try {
    url = new URL(address.replace(/^git\+/, ''));
  } catch {
    return undefined;
  }
  if (!['https:', 'http:', 'ssh:', 'git:'].includes(url.protocol)) return undefined;
  return `git+${url.protocol}//${url.host}${url.pathname}`;
}

function git(folder: string, ...args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Neither the repository's file system monitor is started, nor its index written.
    const options = ['-c', 'core.fsmonitor=false', '--no-optional-locks'];
    execFile(
      'git',
      [...options, ...args],
      { cwd: folder, timeout: TIMEOUT, windowsHide: true, env: { ...process.env, GIT_TERMINAL_PROMPT: '0' } },
      (error, stdout) => {
        resolve(error ? undefined : stdout);
      },
    );
  });
}
