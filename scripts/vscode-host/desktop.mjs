/** Finding the desktop VS Code of this machine. */
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findOnPath, isExecutable } from '../setup.mjs';
import { UserError } from '../lib/run.mjs';

const places = {
  darwin: ['/Applications/Visual Studio Code.app/Contents/MacOS/Electron'],
  win32: ['LOCALAPPDATA', 'PROGRAMFILES'].map((name) =>
    join(process.env[name] ?? '', name === 'LOCALAPPDATA' ? 'Programs' : '', 'Microsoft VS Code/Code.exe'),
  ),
  linux: ['/usr/share/code/code', '/opt/visual-studio-code/code', '/snap/code/current/usr/share/code/code'],
};

/**
 * The program of a desktop VS Code that can open a window here, or undefined. VSCODE_PATH, which names the
 * program or its `code` command, comes first.
 * @returns {string | undefined}
 */
export function findDesktopVsCode() {
  const named = process.env.VSCODE_PATH;
  if (named) {
    if (!isExecutable(named)) throw new UserError(`VSCODE_PATH names ${named}, which cannot be run.`);
    return programOf(named) ?? named;
  }
  const hasScreen = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!hasScreen) return undefined;
  const command = findOnPath('code');
  return (command && programOf(command)) ?? (places[process.platform] ?? []).find(isExecutable);
}

/**
 * The program behind a `code` command: the command itself detaches from it, and so cannot tell how a test run ended.
 * The `code` command of a remote VS Code has no program behind it, and cannot load an extension from a folder.
 */
function programOf(command) {
  const bin = dirname(realpathSync(command));
  return [
    join(bin, '../code'), // Linux
    join(bin, '../../../MacOS/Electron'), // macOS
    join(bin, '../Code.exe'), // Windows
  ].find(isExecutable);
}
