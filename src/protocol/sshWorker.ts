/**
 * The conversation between the editor's thread and the one that opens SSH keys and speaks to the ssh-agent. Keys travel
 * as their binary form (RFC 4253 §6.6).
 */
export type SshWorkerMethods = {
  agentKeys: (params: Record<never, never>) => readonly {
    readonly blob: Uint8Array;
    readonly comment: string;
  }[];
  agentSign: (params: { blob: Uint8Array; message: Uint8Array }) => Uint8Array;
  /** @returns PKCS#8 PEM */
  openKey: (params: { text: string; name: string; passphrase?: string }) => string;
};
