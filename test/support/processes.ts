import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** A fresh folder, removed when the process ends. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Bundles a program in TypeScript, so that it starts in some tens of milliseconds. @returns where, in `folder` */
export async function bundled(source: string, folder: string): Promise<string> {
  const outfile = join(folder, `${basename(source)}.mjs`);
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  return outfile;
}

/** Bundles the script of digesting threads, as scripts/build.mjs does: threads do not run TypeScript. */
export async function bundledDigestWorker(folder: string): Promise<URL> {
  const root = join(import.meta.dirname, '../..');
  const outfile = join(folder, 'digestWorker.mjs');
  await build({
    entryPoints: [join(root, 'src/platform/digestWorker.node.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    define: { SAMPLE_KERNEL: JSON.stringify(readFileSync(join(root, 'dist/sampleKernel.wasm'), 'base64')) },
    logLevel: 'error',
  });
  return pathToFileURL(outfile);
}

export interface Child {
  readonly process: ChildProcess;
  /** Complete lines of its output so far. */
  readonly lines: () => string[];
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly errors: () => string;
}

export function start(program: string, ...args: string[]): Child {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return {
    process: child,
    lines: () => output.split('\n').slice(0, -1),
    ended: once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string),
    errors: () => errors,
  };
}

/** Waits until `condition` holds, and fails after some seconds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 5) {
    if (waited > 20_000) throw new Error(`Never came true: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
