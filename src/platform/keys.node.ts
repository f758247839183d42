import * as crypto from 'node:crypto';
import { constants } from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute } from 'node:path';
import { asProvenanceError, ProvenanceError, type MessageArguments } from '../core/errors.ts';
import type { Signer } from '../core/evidence/signer.ts';
import { ed25519PublicKey, fingerprint } from '../core/evidence/sshKey.ts';
import { codeOf, fileError } from './fileErrors.node.ts';
import { makeFolder } from './fileStore.node.ts';

const MAX_PEM_BYTES = 64 * 1024;

const HOW_TO_MAKE_ONE = 'make a key with "openssl genpkey -algorithm ed25519 -out KEY.pem"';

/**
 * A signer of an Ed25519 private key in PKCS#8 PEM (RFC 8410), as `openssl genpkey -algorithm ed25519` writes it.
 *
 * @param comment for people: whose key it is
 * @param name how messages call it: the path of its file
 * @throws ProvenanceError `invalid-key`, which says what to do; no part of the key is ever in a message or cause
 */
export function signerFromPem(pem: string, comment?: string, name = 'The key'): Signer {
  const refuse = (problem: string, args: MessageArguments = {}) =>
    new ProvenanceError('invalid-key', `{name} ${problem}.`, { name, ...args });
  if (pem.length > MAX_PEM_BYTES) throw refuse(`is too long for a private key; ${HOW_TO_MAKE_ONE}`);
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];
  if (label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type:.*ENCRYPTED/m.test(pem)) {
    throw refuse('is encrypted; decrypt it with "openssl pkey -in KEY.pem -out NEW.pem"');
  }
  if (label === 'OPENSSH PRIVATE KEY') {
    throw refuse(`is in OpenSSH's own private format, which is not supported; ${HOW_TO_MAKE_ONE}`);
  }
  if (label === 'PUBLIC KEY' || /^(ssh|ecdsa|sk)-/.test(pem)) {
    throw refuse('is a public key; give the private key that belongs to it');
  }
  if (label === undefined) throw refuse(`is not a private key in PEM; ${HOW_TO_MAKE_ONE}`);
  let key: crypto.KeyObject;
  try {
    key = crypto.createPrivateKey(pem);
  } catch {
    // OpenSSL's error is no help to people, and what it quotes is not ours to vouch for.
    throw refuse(`is damaged, or not a private key in PKCS#8 PEM; restore it, or ${HOW_TO_MAKE_ONE}`);
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw refuse(`is of type {type}, and only Ed25519 can sign; ${HOW_TO_MAKE_ONE}`, {
      type: String(key.asymmetricKeyType),
    });
  }
  const { x } = crypto.createPublicKey(key).export({ format: 'jwk' });
  const publicKey = ed25519PublicKey(new Uint8Array(Buffer.from(x ?? '', 'base64url')));
  return {
    keyId: fingerprint(publicKey),
    publicKey,
    ...(comment !== undefined && { comment }),
    sign: (message) =>
      new Promise((resolve, reject) => {
        // With a callback OpenSSL signs on a thread of the pool.
        crypto.sign(null, message, key, (error, signature) => {
          if (error) reject(asProvenanceError(error));
          else resolve(new Uint8Array(signature));
        });
      }),
  };
}

/** @returns a new Ed25519 private key in PKCS#8 PEM */
export function generateKeyPem(): string {
  return crypto.generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
}

/**
 * The user's configuration folder, with `/`: `$XDG_CONFIG_HOME` or `~/.config` on Linux, `~/Library/Application
 * Support` on macOS, `%APPDATA%` on Windows, and in it `dataset-provenance`.
 */
export function configFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  return `${configRoot(env, platform, home).replaceAll('\\', '/')}/dataset-provenance`;
}

function configRoot(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, home: string): string {
  if (platform === 'win32') return env['APPDATA'] ?? `${home}/AppData/Roaming`;
  if (platform === 'darwin') return `${home}/Library/Application Support`;
  const xdg = env['XDG_CONFIG_HOME'];
  // The XDG specification: relative paths are to be ignored.
  return xdg !== undefined && isAbsolute(xdg) ? xdg : `${home}/.config`;
}

/** Where the signing key lies unless the user says otherwise. */
export function defaultKeyPath(folder: string = configFolder()): string {
  return `${folder}/signing-key.pem`;
}

/**
 * Reads a private key file.
 *
 * @throws ProvenanceError `key-missing`, `key-permissions` when others may read it (not judged on Windows),
 *   `invalid-key`, `permission-denied`, `not-a-file`, `io`
 */
export async function readKeyFile(path: string, comment?: string): Promise<Signer> {
  return signerFromPem(await readPem(path), comment, path);
}

async function readPem(path: string): Promise<string> {
  try {
    const { O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
    const handle = await nodeFs.open(path, constants.O_RDONLY | O_NONBLOCK);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw notAFile(path);
      const { mode, size } = stat;
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        throw new ProvenanceError(
          'key-permissions',
          'The private key {path} has mode {mode}, so others may read it; run chmod 600 on it, or make a new key if ' +
            'someone may have copied it.',
          { path, mode: (mode & 0o777).toString(8).padStart(4, '0') },
        );
      }
      if (size > MAX_PEM_BYTES) {
        throw new ProvenanceError(
          'invalid-key',
          '{path} has {size} bytes, which no private key has; give another.',
          {
            path,
            size,
          },
        );
      }
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') {
      throw new ProvenanceError(
        'key-missing',
        'There is no private key at {path}; create one, or say where it is.',
        { path },
        { cause: error },
      );
    }
    throw fileError(error, path);
  }
}

function notAFile(path: string): ProvenanceError {
  return new ProvenanceError('not-a-file', '{path} is not a regular file; give the path of a private key.', {
    path,
  });
}

/**
 * Writes a private key that only its owner may read (mode 0600), and makes its folder (0700) where needed. It never
 * overwrites, and a crash leaves the whole key or none.
 *
 * @throws ProvenanceError `key-exists`, `invalid-key`, `read-only`, `permission-denied`, `disk-full`, `io`
 */
export async function writeKeyFile(path: string, pem: string): Promise<void> {
  signerFromPem(pem);
  const temporary = `${path}.${crypto.randomBytes(8).toString('hex')}.tmp`;
  try {
    await makeFolder(nodeFs, dirname(path), 0o700).catch((error: unknown) => {
      throw fileError(error, path, 'write');
    });
    const handle = await nodeFs.open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(pem);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // Unlike a rename, a link never replaces what is there.
    await nodeFs.link(temporary, path).catch(async (error: unknown) => {
      if (codeOf(error) === 'EEXIST') throw error;
      // A file system without hard links.
      await nodeFs.copyFile(temporary, path, constants.COPYFILE_EXCL);
    });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new ProvenanceError(
        'key-exists',
        '{path} exists and was left as it is; move it away first, or write the key to another path.',
        { path },
        { cause: error },
      );
    }
    throw fileError(error, path, 'write');
  } finally {
    await nodeFs.unlink(temporary).catch(() => undefined);
  }
}
