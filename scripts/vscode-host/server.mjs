/** Starting and stopping the VS Code that setup.mjs installs from npm: a server, whose window is a web page. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, runLogged, short, UserError } from '../lib/run.mjs';
import { ensureVsCodeHost } from '../setup.mjs';

const logs = join(root, '.vscode-test/logs');

/** A VS Code without distractions: nothing pops up, opens by itself or asks. */
const quietSettings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'remote.autoForwardPorts': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/**
 * Starts VS Code. Every server has data and extensions of its own.
 *
 * @param {object} [options]
 * @param {string} [options.dataDir] where it keeps its data; a temporary folder, deleted at the end, if not given
 * @param {string} [options.port] `8000`, `8000-8099`, or `0` for any free one
 * @param {Record<string, unknown>} [options.settings] user settings, over the quiet defaults
 * @param {boolean} [options.restricted] leaves workspace trust on, so that folders open in restricted mode
 * @param {boolean} [options.testDriver] accepts `extensionTestsPath` and the like from the page's address
 * @param {string} [options.folder] the folder that the bare address opens
 * @param {string[]} [options.vsix] packaged extensions to install
 * @param {string} [options.linkedExtension] a folder with an extension in development, installed as a link
 * @param {NodeJS.ProcessEnv} [options.env]
 */
export async function startServer(options = {}) {
  const { node, serverMain } = await ensureVsCodeHost();
  const temporary = options.dataDir === undefined;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'provenance-vscode-'));
  const extensionsDir = join(dataDir, 'extensions');
  const tokenFile = join(dataDir, 'token');
  const token = randomBytes(12).toString('hex');

  // A list of extensions from an earlier start would hide what changed in a linked one.
  rmSync(extensionsDir, { recursive: true, force: true });
  rmSync(join(dataDir, 'data/CachedProfilesData'), { recursive: true, force: true });
  mkdirSync(extensionsDir, { recursive: true });
  mkdirSync(join(dataDir, 'data/User'), { recursive: true });
  // Without a token, any web page that the user visits could reach the server, and run programs through it.
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const settingsFile = join(dataDir, 'data/User/settings.json');
  // In a folder that stays, the settings are the user's once they are written.
  if (!existsSync(settingsFile))
    writeFileSync(settingsFile, JSON.stringify(userSettings(options), undefined, 2));
  if (options.linkedExtension) {
    symlinkSync(options.linkedExtension, join(extensionsDir, 'dataset-provenance'), 'dir');
  }

  const base = [serverMain, '--accept-server-license-terms', '--telemetry-level', 'off'];
  base.push('--server-data-dir', dataDir, '--extensions-dir', extensionsDir);
  for (const file of options.vsix ?? []) {
    const log = join(logs, 'install-extension.log');
    await runLogged(`Installing ${short(file)}`, node, [...base, '--install-extension', file], { log });
  }

  const args = [...base, '--host', '127.0.0.1', '--port', options.port ?? '0'];
  args.push('--connection-token-file', tokenFile, '--disable-getting-started-override');
  if (options.testDriver) args.push('--enable-smoke-test-driver');
  if (options.folder) args.push('--default-folder', options.folder);

  // A process group of its own, so that stopping it also stops its extension hosts.
  const env = { ...process.env, ...options.env };
  env.EXTENSIONS_GALLERY = '{"serviceUrl":""}'; // Nothing here is looked up on the internet.
  delete env.ELECTRON_RUN_AS_NODE; // Set in the terminals of a desktop VS Code.
  delete env.VSCODE_IPC_HOOK_CLI; // Set in those of a remote one: our server would take itself for its client.
  const child = spawn(node, args, { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });

  const kill = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It is gone already.
    }
  };
  const killAtExit = () => {
    kill('SIGKILL');
    if (temporary) rmSync(dataDir, { recursive: true, force: true });
  };
  process.once('exit', killAtExit);
  const exited = new Promise((done) => child.once('exit', done));

  const port = await waitUntilListening(child).catch((error) => {
    killAtExit();
    throw error;
  });

  return {
    port,
    dataDir,
    /** Resolves when the server has ended, by itself or not. */
    exited,
    /**
     * The address of a window.
     * @param {string} [folder] a folder to open, instead of the default one
     * @param {[string, string][]} [payload] what a desktop VS Code takes as command-line arguments
     */
    url(folder, payload) {
      const query = new URLSearchParams({ tkn: token });
      if (folder) query.set('folder', folder);
      if (payload) query.set('payload', JSON.stringify(payload));
      return `http://127.0.0.1:${port}/?${query}`;
    },
    /** The address of a file of this machine, as the payload wants it. */
    fileUri: (path) => `vscode-remote://127.0.0.1:${port}${path}`,
    async stop() {
      kill('SIGTERM');
      await Promise.race([exited, sleep(3000, undefined, { ref: false })]);
      kill('SIGKILL'); // Extension hosts outlive the server by a while, if they are let.
      await exited;
      process.removeListener('exit', killAtExit);
      if (temporary) rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function userSettings({ restricted = false, settings }) {
  return {
    ...quietSettings,
    'security.workspace.trust.enabled': restricted,
    'security.workspace.trust.startupPrompt': 'never', // Restricted at once, instead of a dialog that asks.
    ...settings,
  };
}

/** Resolves with the port once the server accepts connections; its output goes to a log. */
function waitUntilListening(child) {
  mkdirSync(logs, { recursive: true });
  const log = join(logs, `server-${child.pid}.log`);
  const file = createWriteStream(log);
  let output = '';
  return new Promise((done, fail) => {
    const give = (reason) => fail(new UserError(`VS Code ${reason}. What it printed is in ${short(log)}.`));
    const timer = setTimeout(() => give('did not start within a minute'), 60_000);
    const read = (chunk) => {
      file.write(chunk);
      if (output.length > 100_000) return;
      output += chunk;
      const port = /Extension host agent listening on (\d+)/.exec(output)?.[1];
      if (!port) return;
      clearTimeout(timer);
      done(Number(port));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => give(`could not be started: ${error.message}`));
    child.once('exit', (code) => {
      clearTimeout(timer);
      give(`ended with code ${code} instead of starting`);
    });
  });
}
