import { dirname, join } from 'node:path';
import { asProvenanceError, ProvenanceError, throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { EVIDENCE_FOLDER, evidencePaths } from '../core/evidence/layout.ts';
import type { DatasetFacts, LineageFacts, ReadDatasetFacts } from '../core/policy/facts.ts';
import { needsOf, originTally } from '../core/policy/needs.ts';
import { PolicyCheck } from '../core/policy/policyCheck.ts';
import type { PolicyVerdict } from '../core/policy/verdict.ts';
import { lineOf } from '../core/sample/digest.ts';
import { assess, type Assessment } from '../core/trust/assess.ts';
import { intactBaseline, settledBy } from '../core/trust/baseline.ts';
import type { Scope, ScopeLoader, ScopeRequest, StatementScope } from '../core/trust/scope.ts';
import { statusOf } from '../core/trust/status.ts';
import type { EvidenceFiles } from '../protocol/datasetWorker.ts';
import type { PolicyProgress } from '../protocol/policy.ts';
import type { DigestCache } from './digestCache.node.ts';
import { digestFile, type DigestedFile } from './digestFile.node.ts';
import type { DigestPool } from './digestPool.node.ts';
import { bundlesIn } from './evidenceFinder.node.ts';
import { fileVersion } from './inputFile.node.ts';
import type { LineageReader } from './lineageReader.node.ts';
import { toSlashes } from './paths.node.ts';
import type { ReadPolicy } from './policyFile.node.ts';
import { eachSampleText } from './sampleTexts.node.ts';

/** What is to be checked, and by whose word. Paths are absolute, with `/`. */
export interface PolicyCheckRequest extends EvidenceFiles {
  readonly datasets: readonly string[];
  readonly policy: ReadPolicy;
  /** Workspace folders. */
  readonly folders: readonly string[];
  readonly trust: Pick<ScopeRequest, 'signers' | 'sigstore' | 'witnesses'>;
}

export interface PolicyCheckContext {
  /** Keeps bundles, checked signatures and leaves between datasets. */
  readonly loader: ScopeLoader;
  readonly lineage: LineageReader;
  readonly pool?: DigestPool | undefined;
  readonly cache?: DigestCache | undefined;
  readonly signal?: CancelSignal | undefined;
  readonly onProgress?: ((progress: PolicyProgress) => void) | undefined;
}

/**
 * Checks datasets together against a policy: what `provenance check` and the editor's checklist show. One dataset is held
 * at a time. What cannot be read is denied.
 *
 * @throws ProvenanceError `cancelled` only
 */
export async function checkDatasets(
  request: PolicyCheckRequest,
  context: PolicyCheckContext,
): Promise<PolicyVerdict> {
  const { policy, path, sha256 } = request.policy;
  const needs = needsOf(policy);
  const lineage = needs.lineage ? await lineageFacts(request, context) : undefined;
  const check = new PolicyCheck(policy, { path, sha256 }, { now: Date.now(), ...(lineage && { lineage }) });
  for (const [index, dataset] of request.datasets.entries()) {
    throwIfCancelled(context.signal);
    check.add(await factsOf(dataset, index + 1, request, context));
  }
  return check.verdict();
}

async function factsOf(
  dataset: string,
  nth: number,
  request: PolicyCheckRequest,
  context: PolicyCheckContext,
): Promise<DatasetFacts> {
  const onProgress = (bytes: number, size: number) =>
    context.onProgress?.({ dataset, nth, of: request.datasets.length, bytes, size });
  try {
    return await readFacts(dataset, request, context, onProgress);
  } catch (cause) {
    const error = asProvenanceError(cause);
    if (error.code === 'cancelled') throw error;
    return { path: dataset, error };
  }
}

async function readFacts(
  dataset: string,
  request: PolicyCheckRequest,
  { loader, pool, cache, signal }: PolicyCheckContext,
  onProgress: (bytes: number, size: number) => void,
): Promise<ReadDatasetFacts> {
  const { policy } = request.policy;
  const { digests } = needsOf(policy);
  const statements = await loader.loadStatements(await scopeRequest(dataset, request), signal);
  const settled = (sha256: string) => (digests ? undefined : settledBy(statements.statements, sha256));
  const digested = await digestFile(dataset, {
    signal,
    pool,
    cache,
    onProgress,
    recognise: (sha256) => Promise.resolve(settled(sha256)?.statement.predicate.samples.count),
  });
  const { samples } = digested;
  const scope = await scopeOf(loader, statements, samples.sha256, digests, signal);
  const assessment = assess({ ...scope, rows: samples, sha256: samples.sha256 });
  const origins = originTally(policy);
  if (origins) {
    await eachOrigin(dataset, digested, signal, (row, record) => {
      const deciding = scope.statements[assessment.coveredBy[row] ?? -1];
      origins.add(lineOf(samples, row), record, statusAt(assessment, row), deciding);
    });
  }
  return {
    path: dataset,
    bundle: evidencePaths(dataset).bundle,
    samples,
    scope,
    assessment,
    logs: statements.logs,
    ...(origins && { origins }),
  };
}

/** The evidence of the workspace, and what lies beside the dataset, judged by the policy's roles. */
async function scopeRequest(
  dataset: string,
  { bundles, advisories, folders, trust, policy }: PolicyCheckRequest,
): Promise<ScopeRequest> {
  const beside = await bundlesIn(join(dirname(dataset), EVIDENCE_FOLDER));
  return {
    dataset,
    bundles: [...new Set([...bundles, ...beside])],
    advisories,
    rememberedIn: folders,
    ...trust,
    roles: policy.policy.roles,
  };
}

async function scopeOf(
  loader: ScopeLoader,
  statements: StatementScope,
  sha256: string,
  needsLeaves: boolean,
  signal: CancelSignal | undefined,
): Promise<Scope> {
  return !needsLeaves && intactBaseline(statements.statements, sha256)
    ? await loader.withoutLeaves(statements, signal)
    : await loader.loadLeaves(statements, signal);
}

/** Calls `onRecord` with each sample in order; with undefined where it is malformed. */
async function eachOrigin(
  path: string,
  { samples, version }: DigestedFile,
  signal: CancelSignal | undefined,
  onRecord: (row: number, record: unknown) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let row = 0;
  await eachSampleText(
    path,
    (bytes, start, end) => {
      const at = row++;
      onRecord(
        at,
        samples.malformed.has(at) ? undefined : parsed(decoder.decode(bytes.subarray(start, end))),
      );
    },
    { signal },
  );
  // The origins have to be those of the samples that were judged.
  if (row === samples.count && (await fileVersion(path)) === version) return;
  throw new ProvenanceError(
    'changed-while-reading',
    '{path} was written to while it was being checked; check it again when it is finished.',
    { path },
  );
}

/** What is not JSON any more was written to meanwhile. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function statusAt({ statuses }: Assessment, row: number) {
  return statusOf(statuses[row]);
}

/** All evidence as one graph, with every file looked into. */
async function lineageFacts(
  { bundles, advisories, folders, datasets, trust, policy }: PolicyCheckRequest,
  { lineage, signal }: PolicyCheckContext,
): Promise<LineageFacts> {
  const places = new Set(datasets.map((dataset) => toSlashes(dirname(dataset))));
  const outside = [...places].filter(
    (place) => !folders.some((folder) => `${place}/`.startsWith(`${folder}/`)),
  );
  const beside: string[] = [];
  for (const place of places) beside.push(...(await bundlesIn(join(place, EVIDENCE_FOLDER))));
  const scope = {
    bundles: [...new Set([...bundles, ...beside])],
    advisories,
    folders: [...folders, ...outside],
  };
  const { graph, statements, logs } = await lineage.readFor(
    trust.signers,
    scope,
    { milliseconds: Infinity, signal },
    {
      roles: policy.policy.roles,
      rememberedIn: folders,
      ...(trust.witnesses && { witnesses: trust.witnesses }),
    },
  );
  return { graph, statements, logs };
}
