/**
 * Opens a demo folder in VS Code, with the extension as it stands here:
 *
 *     npm start                 the desktop VS Code, or where there is none, one in the browser
 *     npm start -- --browser    the one in the browser (PORT: its port)
 */
import { existsSync, mkdirSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { cli, root, runNode, UserError } from './lib/run.mjs';
import { ensureNodeModules } from './setup.mjs';
import { findDesktopVsCode } from './vscode-host/desktop.mjs';
import { startServer } from './vscode-host/server.mjs';

const demo = join(root, '.vscode-test/demo');

cli(async () => {
  await ensureNodeModules();
  if ((await runNode(['scripts/build.mjs'])) !== 0) throw new UserError('start: the build failed');
  await makeDemo();
  const desktop = process.argv.includes('--browser') ? undefined : findDesktopVsCode();
  if (desktop) openDesktop(desktop);
  else await serve();
});

async function makeDemo() {
  mkdirSync(demo, { recursive: true });
  if (!existsSync(join(root, 'scripts/demo.mjs'))) return;
  const code = await runNode(['scripts/demo.mjs', '--out', demo]);
  if (code !== 0) throw new UserError('start: the demo folder could not be made');
}

function openDesktop(program) {
  const args = [`--extensionDevelopmentPath=${root}`, '--new-window', demo];
  // As root, VS Code wants to be told so.
  if (process.getuid?.() === 0)
    args.push('--no-sandbox', `--user-data-dir=${join(root, '.vscode-test/desktop')}`);
  const env = { ...process.env };
  delete env.ELECTRON_RUN_AS_NODE; // Set in VS Code's own terminals: it would start as a bare Node.
  spawn(program, args, { detached: true, stdio: 'ignore', env }).unref();
  console.log(`Opened ${demo} in VS Code.`);
}

/** Serves VS Code on this machine only, until it is interrupted. The data folder stays, and with it what users set up. */
async function serve() {
  const server = await startServer({
    dataDir: join(root, '.vscode-test/start'),
    port: process.env.PORT ?? '8000-8099',
    folder: demo,
    linkedExtension: root,
  });
  console.log(`Open ${server.url()}`);
  console.log('Press Ctrl+C to stop.');
  await Promise.race([interrupted(), server.exited]);
  await server.stop();
}

/** Resolves when we are to end: by a signal, or because npm, which keeps signals to itself, has gone. */
function interrupted() {
  const parent = process.ppid;
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, done);
    if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && done(), 1000).unref();
  });
}
