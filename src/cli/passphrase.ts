import { execFile } from 'node:child_process';
import { openSync, writeSync } from 'node:fs';
import process from 'node:process';
import { ReadStream } from 'node:tty';
import { ProvenanceError } from '../core/errors.ts';
import type { AskPassphrase } from '../platform/keyFiles.node.ts';
import { untrustedText } from '../protocol/untrustedText.ts';
import type { Io } from './terminal.ts';

/** Longest passphrase that is read, in UTF-16 code units: a terminal may send a pasted file. */
const MAX_LENGTH = 1024;
const ASKPASS_TIMEOUT = 120_000;

const isWindows = process.platform === 'win32';

/**
 * Asks for a passphrase as `ssh` does: on the terminal, without echo, whatever stdin is; without a terminal by the program
 * that `SSH_ASKPASS` names, where there is a display, or first of all where `SSH_ASKPASS_REQUIRE` says so.
 *
 * @throws ProvenanceError `passphrase-needed` when there is no one to ask, `cancelled`
 */
export function passphraseAsker(io: Io): AskPassphrase {
  return async ({ path, attempt }) => {
    const again = attempt > 1 ? 'Wrong passphrase. ' : '';
    const prompt = `${again}Passphrase of ${untrustedText(path, 500)}: `;
    const { SSH_ASKPASS: program = '', SSH_ASKPASS_REQUIRE: when = '' } = io.env as Record<string, string>;
    const hasDisplay = ['DISPLAY', 'WAYLAND_DISPLAY'].some((name) => (io.env[name] ?? '') !== '');
    const mayAskProgram = program !== '' && when !== 'never';
    if (mayAskProgram && (when === 'force' || when === 'prefer'))
      return await askProgram(program, prompt, io);
    const terminal = openTerminal();
    if (terminal !== undefined) return await askTerminal(terminal, prompt, io.signal);
    if (mayAskProgram && hasDisplay) return await askProgram(program, prompt, io);
    throw new ProvenanceError(
      'passphrase-needed',
      '{path} is encrypted, and there is no terminal to ask for its passphrase; add it to ssh-agent with "ssh-add {path}", or set SSH_ASKPASS to a program that prints the passphrase, and SSH_ASKPASS_REQUIRE=force.',
      { path },
    );
  };
}

/** Where people are, even when stdin and stdout are something else. @returns a file descriptor */
function openTerminal(): number | undefined {
  try {
    return openSync(isWindows ? '\\\\.\\CONIN$' : '/dev/tty', 'r+');
  } catch {
    return undefined;
  }
}

async function askTerminal(terminal: number, prompt: string, signal: AbortSignal): Promise<string> {
  const keyboard = new ReadStream(terminal);
  // Raw: nothing that is typed is shown, and an interrupt comes as a character.
  keyboard.setRawMode(true);
  const say = (text: string) => (isWindows ? process.stderr.write(text) : writeSync(terminal, text));
  say(prompt);
  try {
    return await new Promise((resolve, reject) => {
      let typed = '';
      const cancel = () => {
        reject(new ProvenanceError('cancelled', 'Cancelled.'));
      };
      signal.addEventListener('abort', cancel, { once: true });
      keyboard.setEncoding('utf8').on('data', (text) => {
        for (const character of text.toString()) {
          if (character === '\r' || character === '\n') return resolve(typed);
          // Ctrl-C and Ctrl-D.
          if (character === '\u0003' || character === '\u0004') return cancel();
          if (character === '\u007f' || character === '\b') typed = [...typed].slice(0, -1).join('');
          else if (character === '\u0015') typed = '';
          else if (typed.length < MAX_LENGTH) typed += character;
        }
      });
      keyboard.on('error', reject).on('end', cancel);
    });
  } finally {
    say('\n');
    keyboard.setRawMode(false);
    keyboard.destroy();
  }
}

/** @returns the first line that the program prints; undefined when it fails, as it does when the user leaves it */
async function askProgram(program: string, prompt: string, { env, signal }: Io): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const options = { env, signal, timeout: ASKPASS_TIMEOUT, maxBuffer: 64 * 1024, windowsHide: true };
    execFile(program, [prompt], options, (error, stdout) => {
      resolve(error ? undefined : stdout.replace(/\r?\n[^]*$/, ''));
    });
  });
}
