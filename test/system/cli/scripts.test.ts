import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { buildPrograms, Sandbox, type Programs } from './support.ts';

const FOLDER = join(import.meta.dirname, 'testdata');

/**
 * Each file of testdata is a session as a user would see it: a line that starts with `$ ` is a command of the shell
 * (continued on lines that start with `> `), what follows is its output, stdout and stderr, and `[exit N]` its exit
 * code where that is not 0. Lines that start with `#` explain. UPDATE_GOLDEN=1 writes the output anew.
 */
describe('sessions', { concurrency: 3, skip: process.platform === 'win32' && 'they need a shell' }, () => {
  let programs: Programs;
  before(async () => {
    programs = await buildPrograms();
  });

  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
  assert.ok(names.length > 0);
  for (const name of names) {
    test(name, async () => {
      const path = join(FOLDER, name);
      const expected = readFileSync(path, 'utf8');
      const actual = await replay(expected, new Sandbox(programs));
      if (process.env['UPDATE_GOLDEN']) writeFileSync(path, actual);
      else
        assert.equal(actual, expected, `${name} differs; if it is meant to, run again with UPDATE_GOLDEN=1`);
    });
  }
});

/** Runs the commands of a session. @returns the session with the output that they had */
async function replay(session: string, sandbox: Sandbox): Promise<string> {
  const keys = new Map<string, string>();
  let result = '';
  const lines = session.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (line.startsWith('#') || (line === '' && !isOutputAhead(lines, at))) result += `${line}\n`;
    if (!line.startsWith('$ ')) continue;
    result += `${line}\n`;
    let command = line.slice(2);
    while (lines[at + 1]?.startsWith('> ')) {
      result += `${lines[++at]}\n`;
      command += `\n${lines[at]!.slice(2)}`;
    }
    const { stdout, code } = await sandbox.shell(`exec 2>&1\n${command}`);
    result += sandbox.masked(stdout, keys);
    if (code !== 0) result += `[exit ${code}]\n`;
  }
  return `${result.trimEnd()}\n`;
}

/** Blank lines within the output of a command belong to it; before a command or a comment they are layout. */
function isOutputAhead(lines: readonly string[], at: number): boolean {
  let next = at;
  while (lines[next] === '') next++;
  const line = lines[next];
  return line !== undefined && !/^[$#]/.test(line);
}
