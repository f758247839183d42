import { spawnSync } from 'node:child_process';
import { ProvenanceError, type ErrorCode } from '../../../../src/core/errors.ts';

/** False, or why a test that needs the program is skipped. */
export function missing(program: string): string | false {
  return spawnSync(program, ['--help']).error ? `${program} is not installed` : false;
}

/** For assert.throws and assert.rejects: one of our errors, with a code and words of its message. */
export function failure(code: ErrorCode, words: RegExp = /./): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof ProvenanceError)) throw error;
    if (error.code !== code || !words.test(error.message)) throw error;
    // A message in which an argument is missing shows its name in braces.
    if (/\{\w+\}/.test(error.message)) throw new Error(`Unfilled message: ${error.message}`);
    return true;
  };
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
