/**
 * Running other programs from the scripts. Node built-ins only: this must work before `npm ci`.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** An expected failure: its message is all that the user needs to see. */
export class UserError extends Error {}

/** A path as people type it: relative to the repository. */
export const short = (path) => relative(root, path) || '.';

/**
 * Runs a program and resolves with its exit code (1 when a signal ended it).
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function run(command, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
    child.on('error', fail);
    child.on('close', (code) => done(code ?? 1));
  });
}

/** Runs a Node script or one of Node's own options. */
export const runNode = (args, options) => run(process.execPath, args, options);

/**
 * Runs a program with its output in a log file, because a page of installer output hides the one line that matters.
 * Throws a {@link UserError} that names the log when the program fails.
 */
export async function runLogged(what, command, args, { log, ...options }) {
  mkdirSync(dirname(log), { recursive: true });
  const file = createWriteStream(log, { flags: 'a' });
  await new Promise((ready) => file.once('open', ready));
  file.write(`\n$ ${command} ${args.join(' ')}\n`);
  const code = await run(command, args, { ...options, stdio: ['ignore', file, file] }).catch((error) => {
    file.write(`${error}\n`);
    return 1;
  });
  await new Promise((closed) => file.end(closed));
  if (code !== 0) throw new UserError(`${what} failed. What it printed is in ${short(log)}.`);
}

/** The command and leading arguments that run npm: the very npm that started us, where one did. */
export function npm() {
  const self = process.env.npm_execpath;
  if (self?.endsWith('npm-cli.js') && existsSync(self)) return [process.execPath, self];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

/**
 * Runs a script's main function: prints expected failures as one line, others with their stack.
 * @param {() => Promise<void>} main
 */
export function cli(main) {
  main().catch((error) => {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
  });
}

/** Whether this module is the program being run, rather than imported. */
export const isMain = (meta) => realpathSync(process.argv[1] ?? '.') === fileURLToPath(meta.url);
