import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';

/**
 * The user's configuration folder, with `/`: `$XDG_CONFIG_HOME` or `~/.config` on Linux, `~/Library/Application
 * Support` on macOS, `%APPDATA%` on Windows, and in it `dataset-provenance`.
 */
export function configFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  return `${configRoot(env, platform, home).replaceAll('\\', '/')}/dataset-provenance`;
}

function configRoot(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, home: string): string {
  if (platform === 'win32') return env['APPDATA'] ?? `${home}/AppData/Roaming`;
  if (platform === 'darwin') return `${home}/Library/Application Support`;
  const xdg = env['XDG_CONFIG_HOME'];
  // The XDG specification: relative paths are to be ignored.
  return xdg !== undefined && isAbsolute(xdg) ? xdg : `${home}/.config`;
}
