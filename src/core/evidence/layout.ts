import { isSha256Hex } from '../bytes/hex.ts';
import { ProvenanceError } from '../errors.ts';

/** The folder beside a dataset that holds its evidence: hidden, because loaders glob for data files. */
export const EVIDENCE_FOLDER = '.provenance';

/** Who is trusted, at the root of a workspace folder or in the user's configuration: OpenSSH's format. */
export const ALLOWED_SIGNERS = 'allowed_signers';

/** Where records carry their origin, at the root of a workspace folder. */
export const POLICY = 'policy.jsonc';

/** Warnings from elsewhere, below {@link EVIDENCE_FOLDER} at the root of a workspace folder: bundles of any name. */
export const ADVISORIES = 'advisories';

/** Revocations of keys, below {@link EVIDENCE_FOLDER} at the root of a workspace folder: a bundle of this name. */
export const REVOCATIONS = 'revocations';

export const BUNDLE_SUFFIX = '.intoto.jsonl';
const CHECKPOINT_SUFFIX = '.checkpoint';

/** Where the evidence of one dataset lives. Paths are of the same kind as the dataset's: absolute, with `/`. */
export interface EvidencePaths {
  readonly folder: string;
  /** The statements: one DSSE envelope a line, append-only. */
  readonly bundle: string;
  /** C2SP signed note over the bundle. */
  readonly checkpoint: string;
  /** SSHSIG over the checkpoint's bytes, for `ssh-keygen -Y verify`. */
  readonly checkpointSignature: string;
  /** The leaves file of a Merkle root (64 hex digits). @throws ProvenanceError `invalid-argument` for anything else */
  leaves(root: string): string;
  /** The derivation map with this SHA-256 (64 hex digits). @throws ProvenanceError `invalid-argument` for anything else */
  map(sha256: string): string;
}

/** The paths of docs/formats.md, "Where evidence lives", for the dataset at `datasetPath`. */
export function evidencePaths(datasetPath: string): EvidencePaths {
  const slash = datasetPath.lastIndexOf('/');
  const folder = `${datasetPath.slice(0, slash + 1)}${EVIDENCE_FOLDER}`;
  const name = datasetPath.slice(slash + 1);
  if (name === '' || name === '.' || name === '..') {
    throw new ProvenanceError('invalid-argument', 'The path "{path}" does not name a file.', {
      path: datasetPath,
    });
  }
  return {
    folder,
    bundle: `${folder}/${name}${BUNDLE_SUFFIX}`,
    checkpoint: `${folder}/${name}${CHECKPOINT_SUFFIX}`,
    checkpointSignature: `${folder}/${name}${CHECKPOINT_SUFFIX}.sig`,
    leaves: (root) => `${folder}/leaves/${digestName(root)}`,
    map: (sha256) => `${folder}/maps/${digestName(sha256)}`,
  };
}

/** A digest comes from a statement that anyone may have written: as a path it must not lead elsewhere. */
function digestName(digest: string): string {
  if (isSha256Hex(digest)) return digest;
  throw new ProvenanceError('invalid-argument', 'A digest is 64 lower-case hex digits, not "{digest}".', {
    digest: String(digest).slice(0, 100),
  });
}

/** Whether `path` is a dataset's bundle. Advisories, which belong to no dataset, are not. */
export function isBundlePath(path: string): boolean {
  return datasetOfBundle(path) !== undefined;
}

/** Whether `path` is a bundle of advisories of a workspace folder. */
export function isAdvisoryPath(path: string): boolean {
  return split(path)[0].endsWith(`/${EVIDENCE_FOLDER}/${ADVISORIES}`);
}

/** The dataset whose bundle `path` is, whether or not it exists; undefined when `path` is not a bundle's. */
export function datasetOfBundle(path: string): string | undefined {
  if (!path.endsWith(BUNDLE_SUFFIX)) return undefined;
  const [folder, name] = split(path.slice(0, -BUNDLE_SUFFIX.length));
  const [parent, last] = split(folder);
  if (last !== EVIDENCE_FOLDER || name === '' || name === '.' || name === '..') return undefined;
  return folder === EVIDENCE_FOLDER ? name : `${parent}/${name}`;
}

function split(path: string): [folder: string, name: string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}
