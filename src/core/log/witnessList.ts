import { asProvenanceError, ProvenanceError } from '../errors.ts';
import { parseVerifierKey, type NoteKey } from './signedNote.ts';

/** Longer lines are no verifier keys. */
const MAX_LINE_LENGTH = 16 * 1024;
const MAX_WITNESSES = 1000;

export interface WitnessList {
  readonly witnesses: readonly NoteKey[];
  /** Of code `invalid-key` or `unsupported-key`; each names path and line. */
  readonly problems: readonly ProvenanceError[];
}

/**
 * Reads a file of witnesses: a verifier key a line, alone or as C2SP tlog-policy has it, `witness NAME VKEY [URL]`. Blank
 * lines and those that start with `#` are skipped. A bad line never stops the others.
 *
 * @param path for messages
 */
export function parseWitnesses(text: string, path: string): WitnessList {
  const witnesses: NoteKey[] = [];
  const problems: ProvenanceError[] = [];
  text.split('\n').forEach((whole, index) => {
    const line = whole.trim();
    if (line === '' || line.startsWith('#')) return;
    try {
      if (line.length > MAX_LINE_LENGTH || witnesses.length === MAX_WITNESSES) {
        throw new ProvenanceError('invalid-key', 'There are too many of them, or the line is too long.');
      }
      witnesses.push(parseWitness(line));
    } catch (cause) {
      const { code, message: reason } = asProvenanceError(cause);
      const template = '{path}, line {line}: no witness is trusted by this line. {reason}';
      problems.push(new ProvenanceError(code, template, { path, line: index + 1, reason }, { cause }));
    }
  });
  return { witnesses, problems };
}

function parseWitness(line: string): NoteKey {
  const words = line.split(/[ \t]+/);
  const key = parseVerifierKey((words[0] === 'witness' ? words[2] : words[0]) ?? '');
  if (key.type === 'cosignature') return key;
  throw new ProvenanceError(
    'unsupported-key',
    'The key {name} signs notes, not cosignatures; give the key that the witness publishes for cosignatures (type 4).',
    { name: key.name },
  );
}
