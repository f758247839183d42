import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { joinBytes, wireString, wireUint32 } from '../../src/core/evidence/sshWire.ts';
import { missing } from '../unit/core/evidence/support.ts';
import { temporaryFolder, until } from './processes.ts';

/** False, or why tests with OpenSSH's own programs are skipped. */
export const noOpenSsh = missing('ssh-agent') || missing('ssh-add') || missing('ssh-keygen');

/** Makes an SSH key pair at `path`. */
export function makeSshKey(path: string, passphrase = '', ...options: string[]): void {
  const type = options.includes('-t') ? [] : ['-t', 'ed25519'];
  const args = ['-q', '-f', path, '-N', passphrase, '-C', 'anna@example.org', '-a', '1', ...type, ...options];
  execFileSync('ssh-keygen', args, { stdio: 'pipe' });
}

/** A real ssh-agent of this test's own. */
export class RealAgent {
  readonly env: NodeJS.ProcessEnv;
  private readonly child: ChildProcess;

  private constructor(
    readonly path: string,
    private readonly folder: string,
  ) {
    writeFileSync(join(folder, 'askpass'), `#!/bin/sh\nprintf '%s\\n' "$TEST_PASSPHRASE"\n`, { mode: 0o755 });
    this.child = spawn('ssh-agent', ['-D', '-a', path], { stdio: 'ignore' });
    process.on('exit', () => this.child.kill());
    this.env = { ...process.env, SSH_AUTH_SOCK: path, DISPLAY: '', SSH_ASKPASS_REQUIRE: '' };
  }

  static async start(): Promise<RealAgent> {
    const folder = temporaryFolder('agent');
    const agent = new RealAgent(join(folder, 'socket'), folder);
    await until(() => existsSync(agent.path));
    return agent;
  }

  /** Runs ssh-add; what it asks for is answered with `passphrase`. */
  add(args: readonly string[], passphrase = ''): void {
    // The environment of the child, not an argument: as with people, the passphrase shows in no list of processes.
    const env = {
      ...this.env,
      SSH_ASKPASS: join(this.folder, 'askpass'),
      SSH_ASKPASS_REQUIRE: 'force',
      TEST_PASSPHRASE: passphrase,
    };
    execFileSync('ssh-add', args, { env, stdio: 'pipe', cwd: this.folder });
  }

  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.child.once('close', resolve));
    this.child.kill();
    await closed;
  }
}

const fakeAgents: { folder?: string; count: number } = { count: 0 };

/** An agent that answers as a test says: the whole message to a request, or nothing. @returns its socket */
export async function fakeAgent(answer: (request: Uint8Array) => Uint8Array | undefined): Promise<{
  readonly path: string;
  readonly close: () => void;
}> {
  fakeAgents.folder ??= temporaryFolder('fake-agents');
  const path = join(fakeAgents.folder, `${fakeAgents.count++}`);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (request) => {
      const reply = answer(request.subarray(4));
      if (reply) socket.write(reply);
    });
  });
  server.unref();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { path, close: () => server.close() };
}

export function agentMessage(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return wireString(joinBytes(Uint8Array.of(type), ...parts));
}

/** An answer to the question for keys. */
export function identities(...keys: readonly [blob: Uint8Array, comment: string][]): Uint8Array {
  const parts = keys.flatMap(([blob, comment]) => [wireString(blob), wireString(comment)]);
  return agentMessage(12, wireUint32(keys.length), ...parts);
}

/** The public half of a key in a FIDO device, which has none here. */
export function fidoBlob(): Uint8Array {
  return joinBytes(
    wireString('sk-ssh-ed25519@openssh.com'),
    wireString(new Uint8Array(32)),
    wireString('ssh:'),
  );
}
