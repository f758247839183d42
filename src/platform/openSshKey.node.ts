import { ProvenanceError } from '../core/errors.ts';
import { fromBase64 } from '../core/bytes/base64.ts';
import { readSshKeyBlob, type SshPublicKey } from '../core/evidence/sshKey.ts';
import { equalBytes, readWire } from '../core/evidence/sshWire.ts';

/** More rounds of bcrypt than anyone uses: each takes some 15 ms, and `ssh-keygen` makes 16 unless told otherwise. */
const MAX_ROUNDS = 1000;

const MAGIC = new TextEncoder().encode('openssh-key-v1\0');

/** What OpenSSH's private key format says without a passphrase. */
export interface OpenSshKeyHeader {
  readonly publicKey: SshPublicKey;
  /** `none` when the key is not encrypted. */
  readonly cipher: string;
  /** Rounds of bcrypt_pbkdf that make a key of the passphrase; 0 when it is not encrypted. */
  readonly rounds: number;
}

/**
 * Reads what stands in clear in a private key of OpenSSH's own format (`PROTOCOL.key` of its sources).
 * @returns undefined when the text is not one
 */
export function readOpenSshKeyHeader(text: string): OpenSshKeyHeader | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1];
  const bytes = body === undefined ? undefined : fromBase64(body.replace(/\s/g, ''));
  if (!bytes || !equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return undefined;
  return readWire(bytes.subarray(MAGIC.length), (reader) => {
    const cipher = reader.text();
    const kdf = reader.text();
    const kdfOptions = reader.string();
    const count = reader.uint32();
    const publicKey = readSshKeyBlob(reader.string());
    reader.rest();
    if (count !== 1 || !publicKey) return undefined;
    if (cipher === 'none') return kdf === 'none' ? { publicKey, cipher, rounds: 0 } : undefined;
    const rounds = readWire(kdfOptions, (options) => {
      options.string(); // The salt.
      return options.uint32();
    });
    return kdf !== 'bcrypt' || rounds === undefined ? undefined : { publicKey, cipher, rounds };
  });
}

/**
 * Opens an Ed25519 key in OpenSSH's own format: unencrypted, or with a passphrase, where the cipher is AES in CTR, CBC or
 * GCM mode. Deriving the key from the passphrase keeps the thread busy for some 15 ms a round.
 *
 * @param name how messages call it: the path of its file
 * @returns the key in PKCS#8 PEM
 * @throws ProvenanceError `invalid-key`, `unsupported-key`, `passphrase-needed`, `wrong-passphrase`
 */
export async function openOpenSshKey(text: string, name: string, passphrase?: string): Promise<string> {
  const header = readOpenSshKeyHeader(text);
  if (!header) throw damaged(name);
  const encrypted = header.cipher !== 'none';
  if (encrypted && !/^aes(128|192|256)-(ctr|cbc|gcm@openssh\.com)$/.test(header.cipher)) {
    throw new ProvenanceError(
      'unsupported-key',
      '{name} is encrypted with {cipher}, which cannot be opened here; add it to ssh-agent with "ssh-add {name}", or encrypt it anew with "ssh-keygen -p -Z aes256-ctr -f {name}".',
      { name, cipher: header.cipher },
    );
  }
  if (header.rounds > MAX_ROUNDS) {
    throw new ProvenanceError(
      'unsupported-key',
      '{name} takes {rounds} rounds to open, and at most {most} are made here; add it to ssh-agent with "ssh-add {name}".',
      { name, rounds: header.rounds, most: MAX_ROUNDS },
    );
  }
  if (encrypted && passphrase === undefined) {
    throw new ProvenanceError('passphrase-needed', '{name} is encrypted; give its passphrase.', { name });
  }
  // Loaded only here: few need it, and it takes tens of milliseconds.
  const { default: parser } = await import('ssh2/lib/protocol/keyParser.js');
  const key = parser.parseKey(text, passphrase);
  // Its errors tell a wrong passphrase from damage by nothing but words.
  if (key instanceof Error) throw encrypted ? wrongPassphrase(name) : damaged(name);
  if (!equalBytes(key.getPublicSSH(), header.publicKey.blob)) throw damaged(name);
  return key.getPrivatePEM();
}

/** Whether it really is the passphrase cannot be known: a damaged key looks the same. */
export function wrongPassphrase(name: string): ProvenanceError {
  return new ProvenanceError('wrong-passphrase', 'The passphrase does not open {name}.', { name });
}

function damaged(name: string): ProvenanceError {
  return new ProvenanceError(
    'invalid-key',
    '{name} is damaged, or not a private key in OpenSSH’s format; restore it from a copy, or make a new key with "ssh-keygen -t ed25519".',
    { name },
  );
}
