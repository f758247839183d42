import { toHex } from '../core/bytes/hex.ts';
import type { FileStore } from '../core/bytes/fileStore.ts';
import { ProvenanceError } from '../core/errors.ts';
import { evidencePaths } from '../core/evidence/layout.ts';
import { statedTime } from '../core/evidence/statedTime.ts';
import { LineDigests } from '../core/sample/lineDigests.ts';
import { assess, statementsCovering, type Assessment } from '../core/trust/assess.ts';
import { movedRows } from '../core/trust/report.ts';
import type { ReviewState } from '../core/trust/reviews.ts';
import { intactBaseline } from '../core/trust/baseline.ts';
import { subjectsOf, type Scope, type StatementInScope, type StatementScope } from '../core/trust/scope.ts';
import {
  NO_SAMPLE,
  type AssessmentData,
  type DatasetWorkerMethods,
  type LineReview,
  type StatementData,
} from '../protocol/datasetWorker.ts';
import { Rpc, type Handlers, type Port } from '../protocol/rpc.ts';
import { prepareDatasetStatement } from './datasetService.node.ts';
import type { DigestCache } from './digestCache.node.ts';
import { digestFile, type DigestedFile } from './digestFile.node.ts';
import type { DigestPool } from './digestPool.node.ts';
import { evidenceVersion, findEvidence } from './evidenceFinder.node.ts';
import { nodeFileStore } from './fileStore.node.ts';
import { fileVersion } from './inputFile.node.ts';
import { configFolder } from './configFolder.node.ts';
import { nodeScopeLoader } from './scopeLoader.node.ts';
import { signerHandlers } from './signers.node.ts';
import { fastSha256 } from './sha256.node.ts';
import { readSigstoreTrust } from './sigstoreTrust.node.ts';
import { TextDigester } from './textDigester.node.ts';
import { readAllowedSigners } from './trustRoots.node.ts';
import { readRoles } from './policyFile.node.ts';
import { readWitnesses, userWitnesses } from './witnesses.node.ts';
import { nodeTimers } from './workerPort.node.ts';

/** How many moved lines and removed positions an assessment lists. */
const LISTED_DIFFERENCES = 1000;

interface Session {
  readonly path: string | undefined;
  readonly lines: LineDigests;
  readonly sha256: string | undefined;
  /** Size and time of the file when it was read. */
  readonly version: string | undefined;
  scope: LoadedScope | undefined;
}

/** Evidence as it was when it was judged by. Its leaves are read when somebody asks for them. */
interface LoadedScope {
  readonly statements: StatementScope;
  /** Of the file's bytes, where they are what is judged. */
  readonly sha256: string | undefined;
  leaves: Promise<Scope> | undefined;
}

export interface DatasetWorkerOptions {
  readonly files?: FileStore;
  /** Threads for large files. */
  readonly pool?: DigestPool | undefined;
  /** Where the digests of large files are kept. */
  readonly cache?: DigestCache | undefined;
}

/** Answers the dataset worker's methods on a port. @returns a function that stops. */
export function startDatasetWorker(port: Port, options: DatasetWorkerOptions = {}): () => void {
  const { files = nodeFileStore(), pool, cache } = options;
  const sessions = new Map<string, Session>();
  const loader = nodeScopeLoader(files, cache);
  const sessionOf = (id: string): Session => {
    const session = sessions.get(id);
    if (!session) throw new ProvenanceError('not-found', 'The dataset is not open any more.');
    return session;
  };

  /** Texts of which pieces are still to come. */
  const texts = new Map<string, TextDigester>();
  const start = (
    id: string,
    path: string | undefined,
    digested: DigestedFile,
    sha256: string | undefined,
  ) => {
    const { samples, lineCount, version } = digested;
    const lines = new LineDigests(samples, lineCount, fastSha256);
    sessions.set(id, { path, lines, sha256, version, scope: undefined });
    return { lineCount, samples: samples.count };
  };

  const handlers: Handlers<DatasetWorkerMethods> = {
    async open({ session, path }, { signal, progress }) {
      const digested = await digestFile(path, {
        signal,
        pool,
        cache,
        onProgress: (bytes, size) => {
          progress({ bytes, size });
        },
      });
      const { sha256 } = digested.samples;
      return { ...start(session, path, digested, sha256), sha256 };
    },

    openText({ session, path, text, first, last }) {
      const digester = first ? new TextDigester() : texts.get(session);
      if (!digester) throw new ProvenanceError('not-found', 'The dataset is not open any more.');
      texts.set(session, digester);
      digester.push(text);
      if (!last) return null;
      texts.delete(session);
      return start(session, path, digester.finish(), undefined);
    },

    async isCurrent({ session }) {
      const { path, version } = sessionOf(session);
      return path !== undefined && version !== undefined && (await fileVersion(path)) === version;
    },

    edit({ session, edits }) {
      const { lines } = sessionOf(session);
      const encoder = new TextEncoder();
      for (const edit of edits) {
        lines.splice(
          edit.start,
          edit.deleteCount,
          edit.lines.map((line) => encoder.encode(line)),
        );
      }
      return { lineCount: lines.lineCount };
    },

    async assess(params, { signal, transfer }) {
      const session = sessionOf(params.session);
      const { entries, problems } = await readAllowedSigners(params.allowedSigners);
      const sigstore = await readSigstoreTrust(params.sigstore, files);
      const inForce = await readRoles(params.policies ?? [], files);
      const { witnesses, problems: ofWitnesses } = await readWitnesses(
        userWitnesses(configFolder()),
        [],
        files,
      );
      const loaded = await loader.loadStatements(
        {
          dataset: session.path,
          bundles: params.bundles,
          advisories: params.advisories,
          signers: entries,
          sigstore: sigstore.trust,
          witnesses,
          roles: inForce.roles,
        },
        signal,
      );
      const trustProblems = [...problems, ...sigstore.problems, ...ofWitnesses, ...inForce.problems]
        // Not having such a file is the normal case.
        .filter(({ code }) => code !== 'not-found')
        .map((error) => ({ path: String(error.args['path'] ?? ''), ...lineOf(error), error }));
      const statements = { ...loaded, problems: [...trustProblems, ...loaded.problems] };
      const sha256 = params.saved ? session.sha256 : undefined;
      const intact = intactBaseline(statements.statements, sha256) !== undefined;
      const scope = intact
        ? await loader.withoutLeaves(statements, signal)
        : await loader.loadLeaves(statements, signal);
      session.scope = { statements, sha256, leaves: intact ? undefined : Promise.resolve(scope) };
      const { rows, lines } = session.lines.rows();
      const assessment = assess({ ...scope, rows, sha256 });
      const log = session.path === undefined ? undefined : scope.logs.get(evidencePaths(session.path).bundle);
      const data = { ...toData(session.lines, lines, assessment, scope, sha256), ...(log && { log }) };
      transfer([data.statuses.buffer as ArrayBuffer, data.coveredBy.buffer as ArrayBuffer]);
      return data;
    },

    async sample({ session, line }) {
      const { lines, scope } = sessionOf(session);
      const digest = lines.digest(line - 1)?.slice();
      if (!digest) return { statements: [] };
      if (!scope) return { digest: toHex(digest), statements: [] };
      const { statements, leaves } = await (scope.leaves ??= loader.loadLeaves(scope.statements));
      const covering = statementsCovering(digest, statements, leaves, scope.sha256);
      return { digest: toHex(digest), statements: covering.map(({ index }) => index) };
    },

    digests({ session, lines }) {
      const { lines: digests } = sessionOf(session);
      return lines.map((line) => {
        const digest = digests.digest(line - 1);
        return digest && toHex(digest);
      });
    },

    close({ session }) {
      sessions.delete(session);
      texts.delete(session);
      return null;
    },

    async prepareDataset({ path, ...claim }, { signal, progress }) {
      const { samples } = await digestFile(path, {
        signal,
        pool,
        cache,
        onProgress: (bytes, size) => {
          progress({ bytes, size });
        },
      });
      const { payload, root, count } = await prepareDatasetStatement(files, path, samples, claim, cache);
      return { payload, root, samples: count, malformed: samples.malformed.size, sha256: samples.sha256 };
    },

    findEvidence({ folders }, { signal }) {
      return findEvidence(folders, signal);
    },

    evidenceVersion({ folders }, { signal }) {
      return evidenceVersion(folders, signal);
    },

    ...signerHandlers(loader, toStatementData),
  };
  const rpc = new Rpc<Record<never, never>, DatasetWorkerMethods>(port, handlers, nodeTimers);
  return () => {
    rpc.dispose();
  };
}

function lineOf(error: ProvenanceError): { line?: number } {
  const { line } = error.args;
  return typeof line === 'number' ? { line } : {};
}

function toData(
  text: LineDigests,
  lines: Uint32Array,
  assessment: Assessment,
  scope: Scope,
  sha256: string | undefined,
): AssessmentData {
  const statuses = new Uint8Array(text.lineCount).fill(NO_SAMPLE);
  const coveredBy = new Int32Array(text.lineCount).fill(-1);
  lines.forEach((line, row) => {
    statuses[line - 1] = assessment.statuses[row]!;
    coveredBy[line - 1] = assessment.coveredBy[row]!;
  });
  return {
    lineCount: text.lineCount,
    samples: lines.length,
    statuses,
    coveredBy,
    verdict: assessment.verdict,
    counts: assessment.counts,
    moved: assessment.moved,
    removed: assessment.removed,
    flagged: assessment.flagged,
    flaggedUpstream: assessment.flaggedUpstream,
    ...(assessment.baseline !== undefined && { baseline: assessment.baseline }),
    ...(sha256 !== undefined && { sha256 }),
    reviews: [...assessment.reviews].map(([row, state]) => toLineReview(lines[row]!, state, scope)),
    upstream: [...assessment.upstream].map(([row, upstream]) => ({ line: lines[row]!, ...upstream })),
    malformed: text.malformedLines(),
    statements: scope.statements.map(toStatementData),
    problems: scope.problems.map(({ path, line, error }) => ({
      path,
      ...(line !== undefined && { line }),
      error: { code: error.code, template: error.template, args: error.args },
    })),
    movedLines: firstOf(movedRows(assessment), LISTED_DIFFERENCES).map(({ row }) => lines[row]!),
    removedPositions: Array.from(
      assessment.match?.removed.subarray(0, LISTED_DIFFERENCES) ?? [],
      (leaf) => leaf + 1,
    ),
  };
}

function firstOf<T>(items: Iterable<T>, limit: number): T[] {
  const first: T[] = [];
  for (const item of items) {
    if (first.length === limit) break;
    first.push(item);
  }
  return first;
}

function toLineReview(line: number, state: ReviewState, scope: Scope): LineReview {
  return {
    line,
    state: state.state,
    category: state.category,
    severity: state.severity,
    trusted: state.trusted,
    advisory: state.threads.some(({ reviews }) => scope.statements[reviews[0]!.statement]?.advisory === true),
    threads: state.threads.map(({ reviews, effective }) => ({
      id: reviews[0]!.envelopeDigest,
      state: effective.verdict,
      category: effective.category,
      severity: effective.severity,
      reviews: reviews.map(({ statement, envelopeDigest, verdict, category, severity, reason, time }) => ({
        statement,
        envelopeDigest,
        verdict,
        category,
        severity,
        reason,
        time,
      })),
    })),
  };
}

/** A statement as it is shown: without its subjects, of which there may be millions. */
export function toStatementData(scoped: StatementInScope): StatementData {
  const { statement } = scoped;
  const time = statedTime(statement);
  const common = {
    envelopeDigest: scoped.envelopeDigest,
    bundle: scoped.bundle,
    line: scoped.line,
    dataset: scoped.dataset,
    own: scoped.own,
    advisory: scoped.advisory,
    kind: statement.kind,
    standing: scoped.standing,
    keyId: scoped.keyId,
    ...(scoped.publicKey !== undefined && { publicKey: scoped.publicKey }),
    ...(scoped.principal !== undefined && { principal: scoped.principal }),
    ...(time !== undefined && { time }),
    ...(scoped.rights && { roles: scoped.rights.roles }),
    ...(scoped.refusal !== undefined && { refusal: scoped.refusal }),
    ...(scoped.revocation && { revocation: scoped.revocation }),
  };
  const subjects = subjectsOf(statement);
  switch (statement.kind) {
    case 'dataset':
    case 'sample': {
      const { origin, note } = statement.predicate;
      return {
        ...common,
        samples: statement.kind === 'dataset' ? statement.predicate.samples.count : subjects.length,
        ...(origin && { origin }),
        ...(note !== undefined && { note }),
        ...(statement.kind === 'dataset' && { sha256: subjects[0]!.sha256 }),
      };
    }
    case 'review': {
      const { verdict, reason } = statement.predicate;
      return { ...common, samples: subjects.length, verdict, reason };
    }
    case 'step': {
      const { externalParameters, resolvedDependencies } = statement.predicate.buildDefinition;
      const inputs = resolvedDependencies.flatMap(({ name, uri, digest }) => {
        const sha256 = digest['sha256'];
        return sha256 === undefined ? [] : [{ name: name ?? uri ?? sha256, sha256 }];
      });
      return {
        ...common,
        samples: subjects.length,
        sha256: subjects[0]!.sha256,
        step: { kind: externalParameters.kind, inputs },
      };
    }
    case 'revocation':
      return { ...common, samples: subjects.length, reason: statement.predicate.reason };
    case 'acceptance':
      return { ...common, samples: 0, reason: statement.predicate.reason };
    case 'advisory': {
      const { id, title, severity, references = [], withdrawn } = statement.predicate;
      const advised = { id, title, severity, references, ...(withdrawn !== undefined && { withdrawn }) };
      return { ...common, samples: subjects.length, reason: title, advised };
    }
    case 'other': {
      const { predicateType, file } = statement;
      return { ...common, samples: 0, predicateType, ...(file && { sha256: file.sha256 }) };
    }
  }
}
