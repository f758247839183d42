/**
 * Opens a demo folder in VS Code, with the extension as it stands here:
 *
 *     npm start                 the desktop VS Code, or where there is none, one in the browser
 *     npm start -- --browser    the one in the browser (PORT: its port)
 */
import { existsSync, mkdirSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
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
    port: '0',
    folder: demo,
    linkedExtension: root,
  });
  const first = server.fileUri(join(demo, 'data/train.jsonl'));
  const door = await frontDoor(server.url(demo, [['openFile', first]]), process.env.PORT);
  console.log(`Open http://127.0.0.1:${door.address().port}/`);
  console.log('Press Ctrl+C to stop.');
  await Promise.race([interrupted(), server.exited]);
  door.close();
  await server.stop();
}

/**
 * A short address that leads to the window. VS Code's own has a token in it, without which any page in the user's browser
 * could talk to the server; this page tells it to whoever asked for this very address, and browsers keep it from others.
 */
async function frontDoor(url, wanted) {
  const href = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Dataset Provenance</title>
<meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url=${href}">
<p>Opening the demo in <a href="${href}">VS Code</a>…</p></html>`;
  const door = createServer((request, response) => {
    // Another name for this machine would be that of a page that wants to read the token.
    const known = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '');
    response.writeHead(known ? 200 : 403, {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Frame-Options': 'DENY',
    });
    response.end(known ? page : '');
  });
  const listen = (port) =>
    new Promise((done, fail) => {
      door.once('error', fail);
      door.listen(port, '127.0.0.1', () => {
        door.off('error', fail);
        done(true);
      });
    });
  if (wanted !== undefined) await listen(Number(wanted));
  else {
    for (let port = 8000; ; port++) {
      const taken = (error) => (error.code === 'EADDRINUSE' && port < 8099 ? false : Promise.reject(error));
      if (await listen(port).catch(taken)) break;
    }
  }
  return door;
}

/** Resolves when we are to end: by a signal, or because npm, which keeps signals to itself, has gone. */
function interrupted() {
  const parent = process.ppid;
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, done);
    if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && done(), 1000).unref();
  });
}
