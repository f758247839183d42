import * as crypto from 'node:crypto';
import * as net from 'node:net';
import { ProvenanceError } from '../core/errors.ts';
import { ED25519_TYPE, fingerprint, readSshKeyBlob, type SshPublicKey } from '../core/evidence/sshKey.ts';
import { readWire } from '../core/evidence/sshWire.ts';
import { codeOf } from './fileErrors.node.ts';
import type { AgentKey } from './sshAccess.ts';

/** What OpenSSH's agent takes in one message, in bytes (`AGENT_MAX_LEN`); it hangs up on longer ones. */
const MAX_MESSAGE = 256 * 1024;
/** Room for all of a sign request but the data. */
const REQUEST_OVERHEAD = 1024;

/** How long the agent may take to list its keys, and to sign, in milliseconds: for a signature it may ask a person. */
const LIST_TIMEOUT = 5000;
const SIGN_TIMEOUT = 120_000;

/** Message numbers of the agent's protocol (draft-ietf-sshm-ssh-agent §6.1). */
const FAILURE = 5;

const WINDOWS_PIPE = '\\\\.\\pipe\\openssh-ssh-agent';

export interface AgentOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** Where the agent listens: `$SSH_AUTH_SOCK`, on Windows else the pipe of OpenSSH's service. */
export function agentPath({
  env = process.env,
  platform = process.platform,
}: AgentOptions): string | undefined {
  const named = env['SSH_AUTH_SOCK'];
  if (named !== undefined && named !== '') return named;
  return platform === 'win32' ? WINDOWS_PIPE : undefined;
}

/**
 * The keys in the ssh-agent, in its order. A locked agent shows none.
 * @throws ProvenanceError `agent-unavailable`, `cancelled`
 */
export async function agentKeys(options: AgentOptions = {}): Promise<readonly AgentKey[]> {
  const { reply, failure } = await converse(options, LIST_TIMEOUT, (agent, done) => {
    agent.getIdentities(done);
  });
  if (failure !== undefined) throw unavailable(agentPath(options) ?? '', failure);
  // The library leaves out keys of types that it cannot use, and people would look for these in vain.
  const keys = readWire(reply.subarray(5), (reader) => {
    const all: AgentKey[] = [];
    for (let left = reader.uint32(); left > 0; left--) {
      const publicKey = readSshKeyBlob(reader.string());
      const comment = new TextDecoder().decode(reader.string());
      if (publicKey) all.push({ publicKey, comment });
    }
    return all;
  });
  if (!keys) throw unavailable(agentPath(options) ?? '', 'a malformed answer');
  return keys;
}

/**
 * Has the agent sign with an Ed25519 key. It may ask a person first.
 * @returns the 64 bytes of RFC 8032, which were verified
 * @throws ProvenanceError `agent-unavailable`, `agent-refused`, `invalid-signature`, `too-large`, `cancelled`
 */
export async function agentSign(
  key: SshPublicKey,
  message: Uint8Array,
  options: AgentOptions = {},
): Promise<Uint8Array> {
  if (message.length > MAX_MESSAGE - REQUEST_OVERHEAD) {
    throw new ProvenanceError(
      'too-large',
      'The statement has {size} bytes, and ssh-agent signs at most {most}; sign fewer samples at a time, or with the file of a private key.',
      { size: message.length, most: MAX_MESSAGE - REQUEST_OVERHEAD },
    );
  }
  const keyId = fingerprint(key);
  let signature: Uint8Array | undefined;
  const { reply, failure } = await converse(options, SIGN_TIMEOUT, (agent, done) => {
    agent.sign(Buffer.from(key.blob), Buffer.from(message), {}, (error, result) => {
      signature = result && new Uint8Array(result);
      done(error);
    });
  });
  if (reply[4] === FAILURE) {
    throw new ProvenanceError(
      'agent-refused',
      'The ssh-agent refused to sign with {keyId}: someone declined, or it is locked, or does not hold the key any more; confirm when it asks, unlock it with "ssh-add -X", or see what it holds with "ssh-add -l".',
      { keyId },
    );
  }
  if (failure !== undefined || !signature)
    throw unavailable(agentPath(options) ?? '', failure ?? 'no answer');
  if (!isSignature(key, message, signature)) {
    throw new ProvenanceError(
      'invalid-signature',
      'What the ssh-agent gave as a signature is not one of {keyId}, so it was not used; restart the agent, or sign with the file of a private key.',
      { keyId },
    );
  }
  return signature;
}

/** The part of the library's agent that is used. */
interface Agent {
  getIdentities(done: (error?: Error | null) => void): void;
  sign(
    key: Buffer,
    data: Buffer,
    options: object,
    done: (error?: Error | null, signature?: Buffer) => void,
  ): void;
}

/** What the agent answered, whole, and why the library would not have it; both empty when it hung up. */
interface Answer {
  readonly reply: Uint8Array;
  readonly failure?: string;
}

/** One question to the agent. The connection is ours, so that it is bounded in size and time and can be given up. */
async function converse(
  options: AgentOptions,
  defaultTimeout: number,
  ask: (agent: Agent, done: (error?: Error | null) => void) => void,
): Promise<Answer> {
  const path = agentPath(options);
  if (path === undefined) {
    throw new ProvenanceError(
      'agent-unavailable',
      'SSH_AUTH_SOCK is not set, so there is no ssh-agent to ask; start one with "eval $(ssh-agent)" and add your key with "ssh-add", or name the file of a private key.',
    );
  }
  // Loaded only here: few need it, and it takes tens of milliseconds.
  const { default: ssh2 } = await import('ssh2/lib/agent.js');
  const { signal, timeout = defaultTimeout } = options;
  const socket = new net.Socket();
  let stop: (() => void) | undefined;
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const cancel = () => {
        reject(new ProvenanceError('cancelled', 'Cancelled.'));
      };
      const timer = setTimeout(() => {
        reject(unavailable(path, `no answer in ${timeout / 1000} s`));
      }, timeout);
      signal?.addEventListener('abort', cancel);
      stop = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
      };
      if (signal?.aborted) cancel();
      const chunks: Uint8Array[] = [];
      let size = 0;
      socket.on('error', (error) => {
        reject(unavailable(path, codeOf(error) || error.message));
      });
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MAX_MESSAGE + 4) reject(unavailable(path, `an answer of more than ${MAX_MESSAGE} bytes`));
      });
      socket.connect(path, () => {
        class ConnectedAgent extends ssh2.OpenSSHAgent {
          override getStream(done: (error: null, stream: net.Socket) => void): void {
            done(null, socket);
          }
        }
        ask(new ConnectedAgent(path), (error) => {
          // Not a Buffer: its slices are no copies, and its memory is shared.
          const reply = new Uint8Array(Buffer.concat(chunks));
          resolve({ reply, ...(error && { failure: error.message }) });
        });
      });
    });
  } finally {
    stop?.();
    socket.destroy();
  }
}

function unavailable(path: string, reason: string): ProvenanceError {
  return new ProvenanceError(
    'agent-unavailable',
    'No ssh-agent answers at {path} ({reason}); start one with "eval $(ssh-agent)" and add your key with "ssh-add", or name the file of a private key.',
    { path, reason },
  );
}

/** OpenSSL's check, fast for long messages; the strict one is made before anything is written. */
function isSignature(key: SshPublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.type !== ED25519_TYPE || !key.ed25519 || signature.length !== 64) return false;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key.ed25519).toString('base64url') };
  return crypto.verify(null, message, crypto.createPublicKey({ key: jwk, format: 'jwk' }), signature);
}
