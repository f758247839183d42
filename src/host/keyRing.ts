import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { ProvenanceError } from '../core/errors.ts';
import type { Signer } from '../core/evidence/signer.ts';
import { formatSshPublicKey } from '../core/evidence/sshKey.ts';
import type { Platform } from '../platform/platform.ts';

/** The public half of a signing key. */
export interface KeyInfo {
  readonly keyId: string;
  /** The name that its holder gave it. */
  readonly name: string;
  /** OpenSSH public key line. */
  readonly publicKey: string;
}

const KEYS = 'provenance.keys';
const secretName = (keyId: string) => `provenance.signingKey.${keyId}`;

/**
 * The user's signing keys: private halves in SecretStorage (PKCS#8 PEM), public halves in global state. A private key
 * leaves SecretStorage only as a {@link Signer} in this process.
 */
export class KeyRing {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly secrets: vscode.SecretStorage,
    private readonly state: vscode.Memento,
    private readonly platform: Pick<Platform, 'generateKeyPem' | 'signerFromPem'>,
  ) {}

  list(): readonly KeyInfo[] {
    const keys = this.state.get<unknown>(KEYS);
    return Array.isArray(keys) ? keys.filter(isKeyInfo) : [];
  }

  /** Makes an Ed25519 key. @param name who signs with it, for example an e-mail address */
  async create(name: string): Promise<KeyInfo> {
    const pem = this.platform.generateKeyPem();
    const signer = this.platform.signerFromPem(pem, name);
    const info: KeyInfo = {
      keyId: signer.keyId,
      name,
      publicKey: formatSshPublicKey(signer.publicKey, name),
    };
    await this.secrets.store(secretName(info.keyId), pem);
    // Newest first: it is the one that is offered.
    await this.state.update(KEYS, [info, ...this.list()]);
    this.changed.fire();
    return info;
  }

  /** @throws ProvenanceError `key-missing` when its private half is gone from secret storage */
  async signer(key: KeyInfo): Promise<Signer> {
    const pem = await this.secrets.get(secretName(key.keyId));
    if (pem === undefined) {
      throw new ProvenanceError(
        'key-missing',
        'The private half of the key “{name}” ({keyId}) is no longer in secret storage; run “Create Signing Key” to make a new one.',
        { name: key.name, keyId: key.keyId },
      );
    }
    return this.platform.signerFromPem(pem, key.name);
  }

  /** Drops a key whose private half is gone. */
  async forget(key: KeyInfo): Promise<void> {
    await this.secrets.delete(secretName(key.keyId));
    await this.state.update(
      KEYS,
      this.list().filter(({ keyId }) => keyId !== key.keyId),
    );
    this.changed.fire();
  }

  /** Asks which key to use, where there are several. Undefined when there is none, or the user left. */
  async pick(placeHolder: string): Promise<KeyInfo | undefined> {
    const keys = this.list();
    if (keys.length < 2) return keys[0];
    const picked = await vscode.window.showQuickPick(
      keys.map((key) => ({ label: `$(key) ${key.name}`, description: key.keyId, key })),
      { placeHolder, title: l10n.t('Signing key') },
    );
    return picked?.key;
  }

  dispose(): void {
    this.changed.dispose();
  }
}

function isKeyInfo(value: unknown): value is KeyInfo {
  if (typeof value !== 'object' || value === null) return false;
  const { keyId, name, publicKey } = value as Record<keyof KeyInfo, unknown>;
  return typeof keyId === 'string' && typeof name === 'string' && typeof publicKey === 'string';
}
