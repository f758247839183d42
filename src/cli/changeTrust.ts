import { resolve } from 'node:path';
import { ProvenanceError } from '../core/errors.ts';
import type { AllowedSigner } from '../core/trust/allowedSigners.ts';
import { findSigner } from '../core/trust/allowedSigners.ts';
import type { FileEdit, SignersFile } from '../core/trust/editAllowedSigners.ts';
import { readSignersFiles, writeSignersFile } from '../platform/signers.node.ts';
import { shownPath } from './report.ts';
import { confirm, sayEffect, type NamedKey, type SignersHere } from './signersHere.ts';
import { say, warn, type Io } from './terminal.ts';

/** What `distrust` and `rotate` have in common: edits of allowed_signers files that are shown before they are made. */
export interface ChangeOfTrust {
  readonly here: SignersHere;
  readonly key: NamedKey;
  /** The only file to change, if the user named one. */
  readonly file: string | undefined;
  readonly yes: boolean | undefined;
  /** How the change is called in the question, for example `Distrust anna@example.org?`. */
  readonly question: string;
  /** @returns undefined where nothing in the file is to be changed */
  readonly edit: (file: SignersFile) => FileEdit | undefined;
}

/**
 * Shows the lines that change and what that does to the evidence here, asks, and writes.
 * @returns whether it was done
 * @throws ProvenanceError `key-missing` when no file names the key, and as `writeSignersFile`
 */
export async function changeTrust(io: Io, change: ChangeOfTrust): Promise<boolean> {
  const { here, key, file, edit } = change;
  const paths = file === undefined ? here.trust.files : [resolve(file)];
  const { files, problems } = await readSignersFiles(paths);
  for (const { message } of problems) warn(io, message);
  const edits = files.flatMap((one) => edit(one) ?? []);
  if (edits.length === 0) throw nothingToChange(key, paths, here.trust.entries);
  for (const { path, lines } of edits) {
    for (const { line, text, becomes } of lines) {
      say(io, `${shownPath(path)}, line ${String(line)}:`);
      say(io, { text: `  - ${text.trim()}`, tone: 'bad' });
      for (const added of becomes) say(io, { text: `  + ${added.trim()}`, tone: 'good' });
      if (isForAll(here.trust.entries, path, line)) {
        warn(io, 'that line trusts the key for everything, and so may be used by git too.');
      }
    }
  }
  const written = edits.map(({ path, edited }) => ({ path, bytes: edited }));
  sayEffect(io, await here.effect({ kind: 'files', files: written }));
  if (!(await confirm(io, change.yes, change.question))) return false;
  for (const one of edits) await writeSignersFile(one);
  return true;
}

function isForAll(entries: readonly AllowedSigner[], path: string, line: number): boolean {
  return entries.some(
    (entry) => entry.path === path && entry.line === line && entry.namespaces === undefined,
  );
}

function nothingToChange(
  { keyId }: NamedKey,
  paths: readonly string[],
  entries: readonly AllowedSigner[],
): ProvenanceError {
  const authority = entries.find((entry) => entry.certAuthority);
  return authority
    ? new ProvenanceError(
        'key-missing',
        'No line of {paths} names {keyId} to be changed so; if a certificate trusts it, revoke the key, or change the authority in {path}, line {line}.',
        {
          paths: paths.map(shownPath).join(', '),
          keyId,
          path: shownPath(authority.path),
          line: authority.line,
        },
      )
    : new ProvenanceError(
        'key-missing',
        'No line of {paths} names {keyId} to be changed so; "provenance signers --all" shows who is trusted.',
        { paths: paths.length === 0 ? 'any allowed_signers file' : paths.map(shownPath).join(', '), keyId },
      );
}

/** Says where a key is trusted still. @param entries who is trusted after the change */
export function sayWhereTrusted(io: Io, { keyId }: NamedKey, entries: readonly AllowedSigner[]): void {
  for (const entry of entries) {
    if (findSigner([entry], keyId, Date.now()).standing !== 'trusted') continue;
    warn(io, `${shownPath(entry.path)}, line ${String(entry.line)} trusts ${keyId} still.`);
  }
}
