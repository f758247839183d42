import { toHex } from '../core/bytes/hex.ts';
import type { FileStore } from '../core/bytes/fileStore.ts';
import { asProvenanceError, ProvenanceError, throwIfCancelled } from '../core/errors.ts';
import { MODEL_SIGNING_TYPE, signedResource } from '../core/evidence/modelSigning.ts';
import { PAYLOAD_TYPE } from '../core/evidence/predicates.ts';
import { parseStatement, type OtherStatement, type ParsedStatement } from '../core/evidence/statement.ts';
import type { ReadSigstore, SigstoreStatement } from '../core/trust/sigstoreStatements.ts';
import { fastSha256 } from './sha256.node.ts';
import {
  checkSigstoreBundle,
  isSigstoreBundle,
  readSigstoreBundle,
  readTrustedRoot,
  type SigstoreBundle,
  type SigstoreRoot,
} from './sigstoreBundle.node.ts';

/** Largest bundle, and largest trusted root, that is read, in bytes. */
const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;
const MAX_ROOT_BYTES = 4 * 1024 * 1024;

/** Folders above the dataset's own in which a `model.sig` is looked for: it may have been signed with what lies around. */
const FOLDERS_ABOVE = 3;

/** How many bundles are remembered. */
const KEPT = 1000;

/** What a signature over the bytes of a file says that it is. */
export const MESSAGE_SIGNATURE_TYPE = 'sigstore message signature';

/**
 * Kinds of statements that can make data look worse: they have to stand in a bundle, whose log shows when they are gone.
 * Of what vouches nobody gains by deleting it.
 */
const UNLOGGED: ReadonlySet<ParsedStatement['kind']> = new Set(['review', 'advisory', 'revocation', 'step']);

/** A file that may be a Sigstore bundle about a dataset. */
interface Candidate {
  readonly path: string;
  /** Names by which a Model Signing statement there means the dataset. */
  readonly names: readonly string[];
  /** Whether its name says that it is a Sigstore bundle: then it is a problem if it is none. */
  readonly isNamed: boolean;
}

type Outcome = { readonly statement?: SigstoreStatement; readonly error?: ProvenanceError };

/**
 * Finds and checks the Sigstore bundles beside datasets (docs/formats.md, "Sigstore and Model Signing"), and remembers
 * them by size and time. The library that checks them is loaded when the first one is found.
 */
export function sigstoreReader(files: FileStore): ReadSigstore {
  const outcomes = new Map<string, { readonly version: string; readonly outcome: Outcome }>();

  const versionOf = async (path: string): Promise<string> => {
    const stat = await files.stat(path);
    return stat ? `${String(stat.size)}:${String(stat.mtime)}` : '';
  };

  const read = async ({ path, names, isNamed }: Candidate, trustedRoot: string): Promise<Outcome> => {
    const bytes = await files.read(path, MAX_BUNDLE_BYTES);
    const value = bytes && parseJson(bytes);
    if (!isSigstoreBundle(value)) return isNamed && bytes ? { error: notABundle(path) } : {};
    const bundle = await readSigstoreBundle(value);
    const statement = statementIn(bundle, names);
    if (!statement) return {};
    const found = { path, line: 1, envelopeDigest: toHex(fastSha256(bytes!)) } as const;
    const root = bundle.byBareKey ? undefined : await loadRoot(files, trustedRoot);
    if (!root) return { statement: { ...found, statement, identity: undefined } };
    const { identity, signedAt } = await checkSigstoreBundle(bundle, root);
    const dated = statement.kind === 'other' ? { ...statement, signedAt } : statement;
    return { statement: { ...found, statement: dated, identity } };
  };

  const outcomeOf = async (
    candidate: Candidate,
    trustedRoot: string,
    rootVersion: string,
  ): Promise<Outcome> => {
    const { path } = candidate;
    try {
      const found = await versionOf(path);
      if (found === '') return {};
      const key = JSON.stringify([path, candidate.names]);
      const version = JSON.stringify([found, trustedRoot, rootVersion]);
      const known = outcomes.get(key);
      if (known?.version === version) return known.outcome;
      const outcome = await read(candidate, trustedRoot).catch((cause: unknown) => ({
        error: inFile(path, asProvenanceError(cause)),
      }));
      if (outcomes.size >= KEPT) outcomes.clear();
      outcomes.set(key, { version, outcome });
      return outcome;
    } catch (cause) {
      return { error: inFile(path, asProvenanceError(cause)) };
    }
  };

  return async (dataset, trustedRoot, signal) => {
    const statements: SigstoreStatement[] = [];
    const problems: { path: string; error: ProvenanceError }[] = [];
    const rootVersion = await versionOf(trustedRoot).catch(() => '');
    for (const candidate of candidatesFor(dataset)) {
      throwIfCancelled(signal);
      const { statement, error } = await outcomeOf(candidate, trustedRoot, rootVersion);
      if (statement) statements.push(statement);
      if (error) problems.push({ path: candidate.path, error });
    }
    return { statements, problems };
  };
}

function candidatesFor(dataset: string): Candidate[] {
  const parts = dataset.split('/');
  const name = parts.at(-1)!;
  // `model_signing sign` of a single file calls it ".".
  const own = [name, '.'];
  const candidates = [
    { path: `${dataset}.sigstore.json`, names: own, isNamed: true },
    { path: `${dataset}.sigstore`, names: own, isNamed: true },
    { path: `${dataset}.sig`, names: own, isNamed: false },
  ];
  for (let above = 0; above <= FOLDERS_ABOVE && parts.length - above > 1; above++) {
    const folder = parts.slice(0, parts.length - 1 - above).join('/');
    const relative = parts.slice(parts.length - 1 - above).join('/');
    candidates.push({ path: `${folder}/model.sig`, names: [relative], isNamed: false });
  }
  return candidates;
}

/** @returns undefined where it says nothing of the dataset */
function statementIn({ content }: SigstoreBundle, names: readonly string[]): ParsedStatement | undefined {
  if (content.kind === 'file') {
    return ofFile(MESSAGE_SIGNATURE_TYPE, { name: names[0]!, sha256: content.sha256 });
  }
  if (content.payloadType !== PAYLOAD_TYPE) {
    throw new ProvenanceError('invalid-sigstore', 'Its payload is “{type}”, not an in-toto statement.', {
      type: content.payloadType.slice(0, 100),
    });
  }
  const statement = parseStatement(content.payload);
  if (UNLOGGED.has(statement.kind)) {
    throw new ProvenanceError(
      'invalid-sigstore',
      'It does not vouch but says something else of the data ({kind}), which is not used from here, as nobody would notice when it is gone; have it signed into the evidence.',
      { kind: statement.kind },
    );
  }
  if (statement.kind !== 'other' || statement.predicateType !== MODEL_SIGNING_TYPE) return statement;
  const file = signedResource(content.payload, names, fastSha256);
  return file && ofFile(MODEL_SIGNING_TYPE, file);
}

function ofFile(predicateType: string, file: OtherStatement['file'] & {}): OtherStatement {
  return { kind: 'other', subjects: [], predicateType, file };
}

/** @returns undefined where there is none. @throws ProvenanceError `invalid-sigstore` about it */
async function loadRoot(files: FileStore, path: string): Promise<SigstoreRoot | undefined> {
  const bytes = await files.read(path, MAX_ROOT_BYTES);
  return bytes && (await readTrustedRoot(new TextDecoder().decode(bytes), path));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

function notABundle(path: string): ProvenanceError {
  return new ProvenanceError(
    'invalid-sigstore',
    '{path} is not a Sigstore bundle, so it vouches for nothing; get it again from where the dataset came from.',
    { path },
  );
}

/** Says which file an error is about, where it does not say so itself. */
function inFile(path: string, error: ProvenanceError): ProvenanceError {
  if (typeof error.args['path'] === 'string') return error;
  return new ProvenanceError(
    error.code === 'internal' ? 'invalid-sigstore' : error.code,
    `{path}: ${error.template}`,
    { ...error.args, path },
    { cause: error },
  );
}
