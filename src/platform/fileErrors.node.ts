import { ProvenanceError, type ErrorCode } from '../core/errors.ts';

/** What was tried with the file. */
export type FileAction = 'read' | 'write';

/** The system's error code, such as `ENOENT`; empty for errors without one. */
export function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}

/** The system's error about `path` as one of ours. A {@link ProvenanceError} stays as it is. */
export function fileError(error: unknown, path: string, action: FileAction = 'read'): ProvenanceError {
  if (error instanceof ProvenanceError) return error;
  const system = codeOf(error);
  const missing = system === 'ENOENT' && action === 'read';
  const [code, template] = missing ? MISSING : (SYSTEM_ERRORS[system] ?? OTHER_ERROR);
  const reason = system === '' && error instanceof Error ? error.message : system;
  const done = action === 'read' ? 'read' : 'written';
  return new ProvenanceError(code, template, { path, action: done, reason }, { cause: error });
}

type Mapping = readonly [code: ErrorCode, template: string];

const READ_ONLY: Mapping = [
  'read-only',
  '{path} cannot be written, because its file system is read-only; copy the dataset to a folder that can be written.',
];
const DENIED: Mapping = [
  'permission-denied',
  '{path} could not be {action}, because permission was denied; check the permissions of the file and of its folder.',
];
const FULL: Mapping = [
  'disk-full',
  '{path} could not be written, because the disk or your quota is full; make room and try again.',
];
const NOT_A_FILE: Mapping = [
  'not-a-file',
  '{path} could not be {action}, because a file stands where a folder should, or the reverse; move it away.',
];
const MISSING: Mapping = ['not-found', '{path} does not exist; check the path.'];
const NOT_FOUND: Mapping = [
  'not-found',
  '{path} could not be {action}, because its folder does not exist any more; restore it and try again.',
];
const OTHER_ERROR: Mapping = [
  'io',
  '{path} could not be {action} ({reason}); check the disk or the connection to it, and try again.',
];

const SYSTEM_ERRORS: Readonly<Record<string, Mapping>> = {
  EROFS: READ_ONLY,
  EACCES: DENIED,
  EPERM: DENIED,
  ENOSPC: FULL,
  EDQUOT: FULL,
  EISDIR: NOT_A_FILE,
  ENOTDIR: NOT_A_FILE,
  EEXIST: NOT_A_FILE,
  ENOENT: NOT_FOUND,
};
