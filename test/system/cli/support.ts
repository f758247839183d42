import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { buildTestPrograms } from '../../../scripts/lib/testPrograms.mjs';
import { temporaryFolder } from '../../support/processes.ts';

export const ROOT = join(import.meta.dirname, '../../..');

export interface Outcome {
  /** Exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program as it is shipped, and a helper for evidence that it cannot make itself (`evidence.child.ts`). */
export interface Programs {
  readonly provenance: string;
  readonly evidence: string;
}

/** The programs, which `npm test` has built once for all files; a file that runs alone builds them for itself. */
export async function buildPrograms(): Promise<Programs> {
  let folder = process.env['PROVENANCE_TEST_PROGRAMS'];
  if (folder === undefined) {
    folder = temporaryFolder('provenance-cli');
    await buildTestPrograms(folder);
  }
  return { provenance: join(folder, 'provenance.mjs'), evidence: join(folder, 'evidence.mjs') };
}

/** A home and a workspace of their own, into which nothing of the machine leaks. */
export class Sandbox {
  readonly folder = temporaryFolder('provenance-sandbox');
  readonly home = join(this.folder, 'home');
  readonly work = join(this.folder, 'work');
  readonly env: NodeJS.ProcessEnv;

  constructor(private readonly programs: Programs) {
    const bin = join(this.folder, 'bin');
    // A .provenance folder of its own, so that none above the temporary folder is taken for the workspace's.
    for (const folder of [this.home, join(this.work, '.provenance'), bin])
      mkdirSync(folder, { recursive: true });
    for (const [name, program] of Object.entries(programs) as [string, string][]) {
      writeFileSync(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
      chmodSync(join(bin, name), 0o755);
    }
    this.env = {
      PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: this.home,
      XDG_CONFIG_HOME: join(this.home, '.config'),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      LC_ALL: 'C',
      TZ: 'UTC',
    };
  }

  /** A path in the workspace. */
  path(...parts: string[]): string {
    return join(this.work, ...parts);
  }

  write(path: string, content: string | Uint8Array): void {
    writeFileSync(this.path(path), content);
  }

  /** Runs the program in the workspace. */
  provenance(...args: string[]): Promise<Outcome> {
    return this.run(process.execPath, this.programs.provenance, ...args);
  }

  /** As {@link provenance}; its JSON. */
  async json(...args: string[]): Promise<unknown> {
    const { stdout, stderr } = await this.provenance(...args, '--json');
    if (stdout === '') throw new Error(`no output: ${stderr}`);
    return JSON.parse(stdout);
  }

  /** Runs a command of the shell in the workspace, with the programs on its path. */
  shell(command: string): Promise<Outcome> {
    return this.run('sh', '-c', command);
  }

  private run(command: string, ...args: string[]): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        cwd: this.work,
        env: this.env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code: code ?? signal ?? 'unknown', stdout, stderr }));
    });
  }

  /** Output with what differs from run to run replaced: times, keys, temporary folders. */
  masked(text: string, keys: Map<string, string>): string {
    const nameOf = (fingerprint: string): string => {
      if (!keys.has(fingerprint)) keys.set(fingerprint, `<key ${keys.size + 1}>`);
      return keys.get(fingerprint)!;
    };
    return text
      .replaceAll(this.work, '/work')
      .replaceAll(this.home, '~')
      .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
      .replaceAll(new Date().toISOString().slice(0, 10), '<today>')
      .replace(/ssh-ed25519 ([A-Za-z0-9+/=]{68})/g, (_, blob: string) => {
        const hash = createHash('sha256')
          .update(Buffer.from(blob, 'base64'))
          .digest('base64')
          .replace('=', '');
        return `ssh-ed25519 AAAA…${nameOf(hash)}`;
      })
      .replace(/SHA256:([A-Za-z0-9+/]{43})/g, (_, hash: string) => `SHA256:${nameOf(hash)}`);
  }
}
