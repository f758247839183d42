import * as crypto from 'node:crypto';
import { constants } from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import { dirname } from 'node:path';
import { asProvenanceError, ProvenanceError, type MessageArguments } from '../core/errors.ts';
import type { Signer } from '../core/evidence/signer.ts';
import {
  ED25519_TYPE,
  ed25519PublicKey,
  fingerprint,
  parseSshPublicKey,
  type SshPublicKey,
} from '../core/evidence/sshKey.ts';
import { configFolder } from './configFolder.node.ts';
import { codeOf, fileError } from './fileErrors.node.ts';
import { makeFolder } from './fileStore.node.ts';
import { readOpenSshKeyHeader } from './openSshKey.node.ts';
import type { SshAccess } from './sshAccess.ts';

const MAX_KEY_BYTES = 64 * 1024;
const MAX_TRIES = 3;

const HOW_TO_MAKE_ONE = 'make a key with "provenance keygen" or "ssh-keygen -t ed25519"';

/** What a file that was named as a key holds. */
export type KeyFile =
  | { readonly kind: 'public'; readonly publicKey: SshPublicKey; readonly comment: string }
  | { readonly kind: 'private'; readonly signer: Signer }
  | {
      /** A private key that takes {@link SshAccess.openKey} to open. */
      readonly kind: 'closed';
      readonly text: string;
      readonly encrypted: boolean;
      /** Known without opening it in OpenSSH's own format. */
      readonly publicKey?: SshPublicKey;
    };

/** Asks for the passphrase of the key file at `path`. @returns undefined when the user does not give one */
export type AskPassphrase = (request: {
  readonly path: string;
  /** 1 the first time; above, the last answer was wrong. */
  readonly attempt: number;
}) => Promise<string | undefined>;

/** What opening a key may need. */
export interface KeyAccess {
  readonly ssh: SshAccess;
  readonly askPassphrase: AskPassphrase;
  readonly signal?: AbortSignal | undefined;
  /** Called when the agent takes long to sign, as it does when it asks a person; `signed` settles when it is over. */
  readonly onAgentWait?: (signed: Promise<unknown>) => void;
}

/** Where the signing key lies unless the user says otherwise. */
export function defaultKeyPath(folder: string = configFolder()): string {
  return `${folder}/signing-key.pem`;
}

/** @returns a new Ed25519 private key in PKCS#8 PEM */
export function generateKeyPem(): string {
  return crypto.generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
}

/**
 * A signer of an Ed25519 private key in unencrypted PKCS#8 PEM (RFC 8410), as `openssl genpkey -algorithm ed25519`
 * writes it.
 *
 * @param comment for people: whose key it is
 * @param name how messages call it: the path of its file
 * @throws ProvenanceError `invalid-key`, `unsupported-key`; no part of the key is ever in a message or cause
 */
export function signerFromPem(pem: string, comment?: string, name = 'The key'): Signer {
  let key: crypto.KeyObject;
  try {
    key = crypto.createPrivateKey(pem);
  } catch {
    // OpenSSL's error is no help to people, and what it quotes is not ours to vouch for.
    throw refusal(name, `is damaged, or not a private key in PKCS#8 PEM; restore it, or ${HOW_TO_MAKE_ONE}`);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw otherType(name, String(key.asymmetricKeyType));
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

/**
 * What the text of a key file is: a public key in OpenSSH's form, or a private key in PKCS#8 PEM or in OpenSSH's format.
 *
 * @param name how messages call it: the path of its file
 * @throws ProvenanceError `invalid-key`, `unsupported-key` for a private key that cannot sign here
 */
export function readKeyText(text: string, name: string): KeyFile {
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1];
  switch (label) {
    case 'PRIVATE KEY':
      return { kind: 'private', signer: signerFromPem(text, undefined, name) };
    case 'ENCRYPTED PRIVATE KEY':
      return { kind: 'closed', text, encrypted: true };
    case 'OPENSSH PRIVATE KEY': {
      const header = readOpenSshKeyHeader(text);
      if (!header) throw refusal(name, `is damaged; restore it, or ${HOW_TO_MAKE_ONE}`);
      requireSigningKey(header.publicKey, name);
      return { kind: 'closed', text, encrypted: header.cipher !== 'none', publicKey: header.publicKey };
    }
    case 'RSA PRIVATE KEY':
    case 'EC PRIVATE KEY':
    case 'DSA PRIVATE KEY':
      throw otherType(name, label.replace(/ .*/, ''));
    case 'PUBLIC KEY':
      throw refusal(name, 'is a public key in PEM; give the private key that belongs to it');
    case undefined:
      break;
    default:
      throw refusal(name, `is no private key; ${HOW_TO_MAKE_ONE}`);
  }
  if (!/^\s*(ssh|ecdsa|sk)-/.test(text)) throw refusal(name, `is no key; ${HOW_TO_MAKE_ONE}`);
  try {
    return { kind: 'public', publicKey: parseSshPublicKey(text.trim()), comment: commentOf(text) };
  } catch {
    throw refusal(name, 'is a damaged public key; restore it, or give the private key that belongs to it');
  }
}

/** What stands behind the key of a line of a `.pub` file. */
export function commentOf(line: string): string {
  return /^\s*\S+[ \t]+\S+[ \t]+([^\r\n]*)/.exec(line)?.[1]?.trim() ?? '';
}

/** Why a key cannot sign here, and what to do instead; undefined when it can. @param name how messages call it */
export function signingObjection(key: SshPublicKey, name: string): ProvenanceError | undefined {
  if (key.type === ED25519_TYPE) return undefined;
  if (key.type.startsWith('sk-')) {
    return new ProvenanceError(
      'unsupported-key',
      '{name} is a key of a FIDO device ({type}): it adds data of its own to what it signs, so that it cannot make the raw signatures that are needed here; sign with a plain Ed25519 key: {how}.',
      { name, type: key.type, how: HOW_TO_MAKE_ONE },
    );
  }
  if (key.type.includes('-cert-')) {
    return new ProvenanceError(
      'unsupported-key',
      '{name} is a certificate ({type}); sign with the key that it was issued for.',
      { name, type: key.type },
    );
  }
  return otherType(name, key.type);
}

/** @throws ProvenanceError `unsupported-key`, see {@link signingObjection} */
export function requireSigningKey(key: SshPublicKey, name: string): void {
  const objection = signingObjection(key, name);
  if (objection) throw objection;
}

function otherType(name: string, type: string): ProvenanceError {
  return new ProvenanceError(
    'unsupported-key',
    '{name} is of type {type}, and only Ed25519 keys sign; {how}.',
    { name, type, how: HOW_TO_MAKE_ONE },
  );
}

function refusal(name: string, problem: string, args: MessageArguments = {}): ProvenanceError {
  return new ProvenanceError('invalid-key', `{name} ${problem}.`, { name, ...args });
}

/**
 * Reads a key file.
 *
 * @throws ProvenanceError `key-missing`, `key-permissions` when others may read a private key (not judged on Windows),
 *   `permission-denied`, `not-a-file`, `io`, and as {@link readKeyText}
 */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const { text, mode } = await readBounded(path);
  if (/PRIVATE KEY-----/.test(text) && process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new ProvenanceError(
      'key-permissions',
      'The private key {path} has mode {mode}, so others may read it; run chmod 600 on it, or make a new key if ' +
        'someone may have copied it.',
      { path, mode: (mode & 0o777).toString(8).padStart(4, '0') },
    );
  }
  return readKeyText(text, path);
}

async function readBounded(path: string): Promise<{ text: string; mode: number }> {
  try {
    const { O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
    const handle = await nodeFs.open(path, constants.O_RDONLY | O_NONBLOCK);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw notAFile(path);
      const { mode, size } = stat;
      if (size > MAX_KEY_BYTES) {
        throw refusal(path, 'has {size} bytes, which no key has; give another', { size });
      }
      return { text: await handle.readFile('utf8'), mode };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') {
      throw new ProvenanceError(
        'key-missing',
        'There is no key at {path}; create one, or say where it is.',
        { path },
        { cause: error },
      );
    }
    throw fileError(error, path);
  }
}

function notAFile(path: string): ProvenanceError {
  return new ProvenanceError('not-a-file', '{path} is not a regular file; give the path of a key.', { path });
}

/**
 * Opens a private key file, asking for its passphrase where it is encrypted.
 *
 * @throws ProvenanceError `wrong-passphrase` after three tries, `cancelled` when no passphrase was given,
 *   `unsupported-key`, `invalid-key`
 */
export async function openKeyFile(
  file: Exclude<KeyFile, { kind: 'public' }>,
  path: string,
  { ssh, askPassphrase, signal }: KeyAccess,
): Promise<Signer> {
  if (file.kind === 'private') return file.signer;
  const open = async (passphrase?: string) => {
    const signer = signerFromPem(await ssh.openKey(file.text, path, passphrase, signal), undefined, path);
    if (!file.publicKey || fingerprint(file.publicKey) === signer.keyId) return signer;
    throw refusal(path, 'is damaged: its two halves do not belong together; restore it from a copy');
  };
  if (!file.encrypted) return await open();
  for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
    const passphrase = await askPassphrase({ path, attempt });
    if (passphrase === undefined) throw new ProvenanceError('cancelled', 'Cancelled.');
    try {
      return await open(passphrase);
    } catch (error) {
      if (!(error instanceof ProvenanceError) || error.code !== 'wrong-passphrase') throw error;
    }
  }
  throw new ProvenanceError(
    'wrong-passphrase',
    'None of {tries} passphrases opens {path}; try again, or restore the file if it was damaged.',
    { tries: MAX_TRIES, path },
  );
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
