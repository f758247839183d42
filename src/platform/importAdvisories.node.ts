import { throwIfCancelled, ProvenanceError, type CancelSignal } from '../core/errors.ts';
import type { FileStore } from '../core/bytes/fileStore.ts';
import { bundleLines, MAX_BUNDLE_BYTES, parseBundle, type BundleEntry } from '../core/evidence/bundle.ts';
import { ADVISORIES, BUNDLE_SUFFIX, EVIDENCE_FOLDER } from '../core/evidence/layout.ts';
import type { KnownStatement } from '../core/evidence/statement.ts';
import type { ProblemData } from '../protocol/datasetWorker.ts';
import type {
  ImportedAdvisories,
  ImportedAdvisory,
  LineageWorkerMethods,
} from '../protocol/lineageWorker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { LineageContext } from './lineageSessions.node.ts';
import { fastSha256 } from './sha256.node.ts';

export function advisoryImportHandlers({
  files,
}: LineageContext): Pick<Handlers<LineageWorkerMethods>, 'importAdvisories'> {
  return {
    importAdvisories: ({ paths, folder }, { signal }) => importAdvisories(files, paths, folder, { signal }),
  };
}

export interface ImportOptions {
  /** Whether an envelope (by its digest, hex) is taken; all are where nothing is said. */
  readonly accept?: (envelopeDigest: string) => boolean;
  readonly signal?: CancelSignal | undefined;
}

/** The files of advisories in a folder, sorted. @throws ProvenanceError `not-found` for a folder without such files */
export async function advisoryFiles(files: FileStore, folder: string): Promise<string[]> {
  const names = (await files.list(folder)).filter((name) => name.endsWith(BUNDLE_SUFFIX)).sort();
  if (names.length > 0) return names.map((name) => `${folder}/${name}`);
  throw new ProvenanceError(
    'not-found',
    '{path} has no file that ends with {suffix}; choose the folder that holds the advisories.',
    { path: folder, suffix: BUNDLE_SUFFIX },
  );
}

/**
 * Adds the advisories in files to those of a workspace folder (docs/formats.md, "Advisory"): each file's to the one of
 * its name there, envelope by envelope, as they were signed. Those that are there already are left alone. Whether a
 * signature is valid, and of whom, is decided where advisories are used.
 *
 * @param paths absolute, with `/`
 * @param folder the workspace folder
 * @throws ProvenanceError `not-found`; `invalid-statement` where a file holds no advisory; as {@link FileStore.appendLine}
 */
export async function importAdvisories(
  files: FileStore,
  paths: readonly string[],
  folder: string,
  { accept = () => true, signal }: ImportOptions = {},
): Promise<ImportedAdvisories> {
  const advisories: ImportedAdvisory[] = [];
  const problems: ProblemData[] = [];
  for (const path of paths) {
    throwIfCancelled(signal);
    const bytes = await readFile(files, path);
    const bundle = parseBundle(bytes, fastSha256);
    const found = bundle.entries.filter(isAdvisory);
    if (found.length === 0) throw noAdvisory(path, bundle.problems[0]?.error);
    problems.push(...bundle.problems.map(({ line, error }) => ({ path, line, error })));

    const target = `${folder}/${EVIDENCE_FOLDER}/${ADVISORIES}/${targetName(path)}`;
    const known = await envelopesOf(files, target);
    const lines = linesOf(bytes, new Set(found.map(({ line }) => line)));
    for (const { line, envelopeDigest, envelope, statement } of found) {
      if (!accept(envelopeDigest)) continue;
      const added = !known.has(envelopeDigest);
      if (added) await files.appendLine(target, lines.get(line)!);
      known.add(envelopeDigest);
      const { id, title, severity, references = [], withdrawn } = statement.predicate;
      advisories.push({
        id,
        title,
        severity,
        references,
        ...(withdrawn !== undefined && { withdrawn }),
        keyId: envelope.signatures[0]?.keyid ?? '',
        envelopeDigest,
        samples: statement.subjects.length,
        added,
      });
    }
  }
  return { advisories, problems };
}

type AdvisoryEntry = BundleEntry & { readonly statement: KnownStatement<'advisory'> };

function isAdvisory(entry: BundleEntry): entry is AdvisoryEntry {
  return entry.statement.kind === 'advisory';
}

async function readFile(files: FileStore, path: string): Promise<Uint8Array> {
  const bytes = await files.read(path, MAX_BUNDLE_BYTES);
  if (bytes) return bytes;
  throw new ProvenanceError('not-found', '{path} does not exist; choose another file.', { path });
}

function noAdvisory(path: string, cause: ProvenanceError | undefined): ProvenanceError {
  return new ProvenanceError(
    'invalid-statement',
    '{path} holds no advisory; choose a file of signed advisories, one DSSE envelope a line.',
    { path },
    { cause },
  );
}

function targetName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.endsWith(BUNDLE_SUFFIX) ? name : `${name}${BUNDLE_SUFFIX}`;
}

async function envelopesOf(files: FileStore, path: string): Promise<Set<string>> {
  const bytes = await files.read(path, MAX_BUNDLE_BYTES);
  const entries = bytes ? parseBundle(bytes, fastSha256).entries : [];
  return new Set(entries.map(({ envelopeDigest }) => envelopeDigest));
}

/** The bytes of these lines, without their line ends, by number. */
function linesOf(bytes: Uint8Array, numbers: ReadonlySet<number>): Map<number, Uint8Array> {
  const lines = new Map<number, Uint8Array>();
  for (const { line, start, end } of bundleLines(bytes)) {
    if (numbers.has(line)) lines.set(line, bytes.subarray(start, end));
  }
  return lines;
}
