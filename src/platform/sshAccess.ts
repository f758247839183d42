import type { SshPublicKey } from '../core/evidence/sshKey.ts';

/** A key that an ssh-agent holds, of whatever type. */
export interface AgentKey {
  readonly publicKey: SshPublicKey;
  /** What its holder called it: often an e-mail address or a path. */
  readonly comment: string;
}

/**
 * What is needed of SSH's keys and agent. The program does it in its own thread; the editor in another one, as opening
 * an encrypted key takes long.
 */
export interface SshAccess {
  /**
   * The keys in the ssh-agent, in its order. A locked agent shows none.
   * @throws ProvenanceError `agent-unavailable`, `cancelled`
   */
  agentKeys(signal?: AbortSignal): Promise<readonly AgentKey[]>;
  /**
   * Has the agent sign with an Ed25519 key. It may ask a person first.
   * @returns the 64 bytes of RFC 8032, which were verified
   * @throws ProvenanceError `agent-unavailable`, `agent-refused`, `invalid-signature`, `too-large`, `cancelled`
   */
  agentSign(key: SshPublicKey, message: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Opens a private key in OpenSSH's own format, or in encrypted PKCS#8 PEM.
   * @param name how messages call it: the path of its file
   * @returns the key in PKCS#8 PEM, unencrypted
   * @throws ProvenanceError `invalid-key`, `unsupported-key`, `passphrase-needed`, `wrong-passphrase`, `cancelled`
   */
  openKey(text: string, name: string, passphrase?: string, signal?: AbortSignal): Promise<string>;
}
