import type { FileStore } from '../core/bytes/fileStore.ts';
import type { CancelSignal } from '../core/errors.ts';
import { serializeEnvelope, signEnvelope } from '../core/evidence/dsse.ts';
import { PAYLOAD_TYPE } from '../core/evidence/predicates.ts';
import type { Signer } from '../core/evidence/signer.ts';
import { statementBytes, type Statement } from '../core/evidence/statement.ts';
import { lineOf, type SampleDigests } from '../core/sample/digest.ts';
import { advisoriesInEffect } from '../core/trust/advisories.ts';
import type { StatementInScope, StatementScope } from '../core/trust/scope.ts';
import { SimilarAdvisories } from '../core/trust/similarAdvisories.ts';
import type { AdvisedSample, AdvisoryCheckData, LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import { digestFile } from './digestFile.node.ts';
import type { LineageContext } from './lineageSessions.node.ts';
import { eachSampleText } from './sampleTexts.node.ts';
import { fastSha256 } from './sha256.node.ts';
import { readAllowedSigners } from './trustRoots.node.ts';

export function advisoryHandlers({
  loader,
  pool,
  cache,
}: LineageContext): Pick<Handlers<LineageWorkerMethods>, 'checkAdvisories'> {
  return {
    async checkAdvisories({ path, bundles, advisories, allowedSigners }, { signal }) {
      const { entries: signers } = await readAllowedSigners(allowedSigners);
      const scope = await loader.loadStatements({ dataset: path, bundles, advisories, signers }, signal);
      const { samples } = await digestFile(path, { signal, pool, cache });
      return await checkAdvisories(path, samples, scope, { similar: true, signal });
    },
  };
}

export interface AdvisoryCheckOptions {
  /** Whether folded text is compared as well: another pass over the file. */
  readonly similar: boolean;
  readonly signal?: CancelSignal | undefined;
}

/**
 * Finds the samples of a dataset that advisories warn of: equal ones by digest, unless someone who may has cleared them,
 * and similar ones by folded text (docs/formats.md, "Similar samples").
 *
 * @param samples of the file at `path`
 * @throws ProvenanceError as `digestFile`
 */
export async function checkAdvisories(
  path: string,
  samples: Pick<SampleDigests, 'count' | 'digests' | 'lines' | 'malformed'>,
  { statements, reviews }: Pick<StatementScope, 'statements' | 'reviews'>,
  { similar, signal }: AdvisoryCheckOptions,
): Promise<AdvisoryCheckData> {
  const holding = advisoriesInEffect(statements).filter(
    ({ statement }) => statement.predicate.withdrawn === undefined,
  );
  const found: AdvisedSample[] = [];
  const equal = new Set<string>();
  for (let row = 0; row < samples.count; row++) {
    if (samples.malformed.has(row)) continue;
    for (const { reviews: thread, effective } of reviews.stateOf(samples.digests, row)?.threads ?? []) {
      const scoped = statements[thread[0]!.statement]!;
      if (effective.verdict !== 'flagged' || !isAdvice(scoped)) continue;
      const line = lineOf(samples, row);
      found.push({ line, match: 'equal', ...nameOf(scoped) });
      equal.add(`${String(line)} ${scoped.envelopeDigest}`);
    }
  }
  const table = new SimilarAdvisories(holding, fastSha256);
  if (similar && !table.isEmpty) {
    await eachSampleText(
      path,
      (bytes, start, end, line) => {
        for (const scoped of table.find(bytes.subarray(start, end))) {
          if (equal.has(`${String(line)} ${scoped.envelopeDigest}`)) continue;
          found.push({ line, match: 'similar', ...nameOf(scoped) });
        }
      },
      { signal },
    );
  }
  return { advisories: holding.length, samples: found.sort((a, b) => a.line - b.line) };
}

/** Whether a statement warns from elsewhere. */
function isAdvice({ statement, advisory }: StatementInScope): boolean {
  return advisory || statement.kind === 'advisory';
}

/** A flag that came as an advisory has no id or title of its own. */
function nameOf({ statement, envelopeDigest }: StatementInScope): Pick<AdvisedSample, 'id' | 'title'> {
  switch (statement.kind) {
    case 'advisory':
      return { id: statement.predicate.id, title: statement.predicate.title };
    case 'review':
      return { id: envelopeDigest.slice(0, 12), title: statement.predicate.reason };
    default:
      return { id: envelopeDigest.slice(0, 12), title: '' };
  }
}

/**
 * Signs an advisory and adds it to a file of advisories, which is made where there is none.
 *
 * @param path absolute, with `/`
 * @throws ProvenanceError `too-large`, `invalid-key`, and as {@link FileStore.appendLine}
 */
export async function appendAdvisory(
  files: FileStore,
  path: string,
  statement: Statement<'advisory'>,
  signer: Signer,
): Promise<void> {
  const envelope = await signEnvelope(statementBytes(statement), PAYLOAD_TYPE, signer);
  await files.appendLine(path, serializeEnvelope(envelope));
}
