import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { asProvenanceError, ProvenanceError } from '../core/errors.ts';
import { EVIDENCE_FOLDER, POLICY } from '../core/evidence/layout.ts';
import { canonicalize, describeMalformed, parseStrictJson } from '../core/sample/canonicalJson.ts';
import { digestAt, sampleOnLine } from '../core/sample/digest.ts';
import { recordHistory, type ClaimedEvent } from '../core/lineage/claims/recordHistory.ts';
import { recordOrigin, type OriginFields, type RecordOrigin } from '../core/sample/origin.ts';
import { statementsCovering } from '../core/trust/assess.ts';
import { originOf } from '../core/trust/origin.ts';
import { MAX_POLICY_BYTES, parsePolicy } from '../core/policy/parsePolicy.ts';
import { isCovered, statusOf, type Status } from '../core/trust/status.ts';
import { explainStatus, fullSignerName } from '../language/explain.ts';
import { rowDigest } from '../platform/datasetService.node.ts';
import { cacheFolder } from '../platform/digestCache.node.ts';
import { nodeFileStore } from '../platform/fileStore.node.ts';
import { indexAll, openRowTable } from '../platform/rowTable.node.ts';
import type { Judged } from './judge.ts';
import { warn, type Io } from './terminal.ts';

/** `FILE`, `FILE:LINE` or `FILE#LINE`. A file of that whole name goes first, as names may hold colons. */
export async function parseTarget(text: string): Promise<{ file: string; line?: number }> {
  const [, file, digits] = /^(.+)[:#]([1-9]\d{0,14})$/s.exec(text) ?? [];
  if (file === undefined) return { file: text };
  const whole = await stat(text).catch(() => undefined);
  return whole ? { file: text } : { file, line: Number(digits) };
}

/** One sample, as it is shown. */
export interface Sample {
  readonly line: number;
  readonly row: number;
  readonly status: Status;
  readonly explanation: string;
  readonly digest: string | undefined;
  readonly canonicalLength: number | undefined;
  readonly origin: RecordOrigin;
  /** What the record says of its own past, unsigned. */
  readonly claimed: readonly ClaimedEvent[];
  readonly coveredBy: readonly number[];
}

/** @throws ProvenanceError `sample-not-found` */
export async function sampleOf(judged: Judged, line: number, workspace: string, io: Io): Promise<Sample> {
  const { dataset, assessment, statements, scope } = judged;
  const { samples, given: file, lineCount } = dataset;
  const row = sampleOnLine(samples, line);
  if (row < 0) {
    const template =
      line > lineCount
        ? '{file} has {count} lines, so there is no line {line}.'
        : '{file}:{line} is blank, so there is no sample.';
    throw new ProvenanceError('sample-not-found', template, { file, line, count: lineCount });
  }
  const status = statusOf(assessment.statuses[row]);
  const index = assessment.coveredBy[row]!;
  const malformed = samples.malformed.get(row);
  const digest = rowDigest(samples, row);
  const bytes = malformed ? undefined : await readLine(file, line, io);
  const covering = malformed
    ? []
    : statementsCovering(digestAt(samples.digests, row), scope.statements, scope.leaves, samples.sha256);
  // Whole files are judged by their bytes also where the leaves are missing.
  const decides = index >= 0 && isCovered(status);
  const coveredBy = [
    ...new Set([...(decides ? [index] : []), ...covering.map((statement) => statement.index)]),
  ];
  const parsed = bytes && parseStrictJson(bytes);
  const mapping = parsed === undefined ? {} : await mappingOf(workspace, io);
  const record = recordOrigin(parsed, mapping);
  return {
    line,
    row,
    status,
    explanation: malformed
      ? describeMalformed(malformed).message
      : explainStatus(status, statements[index], fullSignerName),
    digest,
    canonicalLength: bytes && canonicalize(bytes).length,
    origin: originOf(record, status, statements[index]),
    claimed: recordHistory(parsed, mapping),
    coveredBy,
  };
}

/** Which fields of records carry their origin, as the workspace's policy says. */
async function mappingOf(workspace: string, io: Io): Promise<OriginFields> {
  const path = `${workspace}/${EVIDENCE_FOLDER}/${POLICY}`;
  try {
    const bytes = await nodeFileStore().read(path, MAX_POLICY_BYTES);
    if (!bytes) return {};
    const { originFields, problems } = parsePolicy(new TextDecoder().decode(bytes), path);
    for (const { message } of problems) warn(io, message);
    return originFields;
  } catch (error) {
    warn(io, asProvenanceError(error).message);
    return {};
  }
}

/** The JSON text on one line. */
async function readLine(path: string, line: number, io: Io): Promise<Uint8Array | undefined> {
  const table = await openRowTable(resolve(path), cacheFolder(io.env));
  try {
    await indexAll(table, io.signal);
    const [row] = await table.rows.rows(line - 1, line, { signal: io.signal });
    return row?.bytes;
  } finally {
    await table.close();
  }
}
