import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { ProvenanceError } from '../core/errors.ts';
import type { Signer } from '../core/evidence/signer.ts';
import { formatSshPublicKey, parseSshPublicKey } from '../core/evidence/sshKey.ts';
import type { Platform } from '../platform/platform.ts';
import type { FoundKey, KeyPlace } from '../platform/signingKeys.node.ts';
import { Passphrases } from './passphrases.ts';

/** The public half of a signing key. */
export interface KeyInfo {
  readonly keyId: string;
  /** The name that its holder gave it. */
  readonly name: string;
  /** OpenSSH public key line. */
  readonly publicKey: string;
  /** Where its private half is when it is not in secret storage. */
  readonly places?: readonly KeyPlace[];
}

const KEYS = 'provenance.keys';
const CHOSEN = 'provenance.signingKeyId';
const secretName = (keyId: string) => `provenance.signingKey.${keyId}`;

/**
 * The user's signing keys: those that were made here, with private halves in SecretStorage (PKCS#8 PEM), and those of
 * the ssh-agent and of files that were chosen here. Their public halves, and which one signs, are in global state: a
 * workspace has no say in it. A private key is only ever a {@link Signer} in this process.
 */
export class KeyRing {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  readonly passphrases: Passphrases;
  /** Encrypted keys that were opened in this window. */
  private readonly opened = new Map<string, Signer>();

  constructor(
    private readonly secrets: vscode.SecretStorage,
    private readonly state: vscode.Memento,
    private readonly platform: Pick<Platform, 'generateKeyPem' | 'signerFromPem' | 'openFoundKey'>,
  ) {
    this.passphrases = new Passphrases(secrets, state);
  }

  /** The keys that were made or chosen here. */
  list(): readonly KeyInfo[] {
    const keys = this.state.get<unknown>(KEYS);
    return Array.isArray(keys) ? keys.filter(isKeyInfo) : [];
  }

  /** The key that signs: the last one that was chosen or made, or the only one. */
  chosen(): KeyInfo | undefined {
    const keys = this.list();
    const keyId = this.state.get<unknown>(CHOSEN);
    return keys.find((key) => key.keyId === keyId) ?? (keys.length === 1 ? keys[0] : undefined);
  }

  /** Signs with this key from now on. */
  async choose(key: KeyInfo): Promise<void> {
    const others = this.list().filter(({ keyId }) => keyId !== key.keyId);
    await this.state.update(KEYS, [key, ...others]);
    await this.state.update(CHOSEN, key.keyId);
    this.changed.fire();
  }

  /** Makes an Ed25519 key, and signs with it from now on. @param name who signs with it, for example an e-mail address */
  async create(name: string): Promise<KeyInfo> {
    const pem = this.platform.generateKeyPem();
    const signer = this.platform.signerFromPem(pem, name);
    const key: KeyInfo = {
      keyId: signer.keyId,
      name,
      publicKey: formatSshPublicKey(signer.publicKey, name),
    };
    await this.secrets.store(secretName(key.keyId), pem);
    await this.choose(key);
    return key;
  }

  /**
   * May ask for a passphrase.
   * @throws ProvenanceError `key-missing` when its private half is gone, `cancelled`, and as `openFoundKey`
   */
  async signer(key: KeyInfo): Promise<Signer> {
    if (key.places) return await this.openedKey(key, key.places);
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

  private async openedKey(key: KeyInfo, places: readonly KeyPlace[]): Promise<Signer> {
    const known = this.opened.get(key.keyId);
    if (known) return known;
    const found: FoundKey = {
      keyId: key.keyId,
      publicKey: parseSshPublicKey(key.publicKey),
      comment: key.name,
      places,
    };
    const prompt = this.passphrases.promptFor(key.keyId);
    const signer = await this.platform.openFoundKey(found, {
      askPassphrase: prompt.ask,
      onAgentWait: (signed) => {
        void vscode.window.withProgress(
          { location: vscode.ProgressLocation.Notification, title: l10n.t('Waiting for ssh-agent to sign…') },
          () => signed.then(nothing, nothing),
        );
      },
    });
    if (signer.keyId !== key.keyId) {
      throw new ProvenanceError(
        'key-missing',
        'The key file of “{name}” holds another key now ({keyId}); choose it anew with “Choose Signing Key”.',
        { name: key.name, keyId: signer.keyId },
      );
    }
    // Only what a passphrase opened is worth keeping: the agent is asked each time, so that it can refuse.
    if (prompt.entered !== undefined) {
      this.opened.set(key.keyId, signer);
      prompt.offerToKeep(key.name);
    }
    return signer;
  }

  /** Drops a key whose private half is gone. */
  async forget(key: KeyInfo): Promise<void> {
    this.opened.delete(key.keyId);
    await this.passphrases.forget(key.keyId);
    await this.secrets.delete(secretName(key.keyId));
    await this.state.update(
      KEYS,
      this.list().filter(({ keyId }) => keyId !== key.keyId),
    );
    this.changed.fire();
  }

  /** Asks for one of the keys that were made or chosen here, where there are several. Undefined when the user left. */
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
    this.opened.clear();
  }
}

const nothing = () => undefined;

function isKeyInfo(value: unknown): value is KeyInfo {
  if (typeof value !== 'object' || value === null) return false;
  const { keyId, name, publicKey, places } = value as Record<keyof KeyInfo, unknown>;
  return (
    typeof keyId === 'string' &&
    typeof name === 'string' &&
    typeof publicKey === 'string' &&
    (places === undefined || Array.isArray(places))
  );
}
