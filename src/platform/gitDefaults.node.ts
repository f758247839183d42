import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';

const GIT_TIMEOUT = 5000;
/** In lower case, as git compares and prints them. */
const SETTINGS = ['gpg.format', 'gpg.ssh.allowedsignersfile', 'user.signingkey', 'user.email'] as const;

/** What git says of who signs, with what, and who is trusted. */
export interface GitDefaults {
  /**
   * `user.signingkey`, where `gpg.format` is `ssh`: the absolute path of a private or public key file, or a public key
   * in OpenSSH's form, after `key::` or bare.
   */
  readonly signingKey?: string;
  readonly email?: string;
  /** `gpg.ssh.allowedSignersFile`, an absolute path. */
  readonly allowedSignersFile?: string;
}

/**
 * Git's configuration of the user and the system. A repository's own is never asked: it may have come with a download.
 * `gpg.ssh.defaultKeyCommand` is not run. Where git is missing, or its configuration is broken, it says nothing.
 */
export async function readGitDefaults(env: NodeJS.ProcessEnv = process.env): Promise<GitDefaults> {
  const [user, system] = await Promise.all([settingsOf('--global', env), settingsOf('--system', env)]);
  const setting = (name: (typeof SETTINGS)[number]) => user.get(name) ?? system.get(name);
  const email = setting('user.email');
  const key = setting('user.signingkey');
  const signers = setting('gpg.ssh.allowedsignersfile');
  const isSsh = setting('gpg.format') === 'ssh';
  return {
    ...(isSsh && key !== undefined && isUsable(key) && { signingKey: key }),
    ...(email !== undefined && { email }),
    ...(signers !== undefined && isAbsolute(signers) && { allowedSignersFile: signers }),
  };
}

/** Git takes a relative path from the folder that it runs in, which may be anyone's: so none is used. */
function isUsable(key: string): boolean {
  return isAbsolute(key) || /^(key::|(ssh|sk|ecdsa)-\S+ )/.test(key);
}

async function settingsOf(scope: string, env: NodeJS.ProcessEnv): Promise<ReadonlyMap<string, string>> {
  const pattern = `^(${SETTINGS.join('|').replaceAll('.', '\\.')})$`;
  // The type replaces a ~ at the start, which only paths have.
  const output = await git(
    ['config', scope, '--includes', '--type=path', '-z', '--get-regexp', pattern],
    env,
  );
  const settings = new Map<string, string>();
  for (const record of output.split('\0')) {
    const end = record.indexOf('\n');
    // Of a setting that is given several times, the last one counts.
    if (end > 0) settings.set(record.slice(0, end), record.slice(end + 1));
  }
  return settings;
}

async function git(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  // Loaded only here: a thread that digests would wait for it at its start.
  const { execFile } = await import('node:child_process');
  return await new Promise((done) => {
    const options = { cwd: homedir(), env, timeout: GIT_TIMEOUT, maxBuffer: 64 * 1024, windowsHide: true };
    // Fails when git or all of the settings are missing: both mean that git says nothing.
    execFile('git', args, options, (error, stdout) => {
      done(error ? '' : stdout);
    });
  });
}
