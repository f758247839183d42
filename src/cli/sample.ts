import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { asProvenanceError, ProvenanceError, throwIfCancelled } from '../core/errors.ts';
import { canonicalize, describeMalformed, parseStrictJson } from '../core/sample/canonicalJson.ts';
import { digestAt } from '../core/sample/digest.ts';
import { LineSplitter } from '../core/sample/lines.ts';
import { recordOrigin, type OriginFields, type RecordOrigin } from '../core/sample/origin.ts';
import { statementsCovering } from '../core/trust/assess.ts';
import { statusOf, type Status } from '../core/trust/status.ts';
import { rowDigest } from '../platform/datasetService.node.ts';
import { fileError } from '../platform/fileErrors.node.ts';
import { rowOfLine } from './dataset.ts';
import type { Judged } from './judge.ts';
import { originFields } from './originFields.ts';
import { warn, type Io } from './terminal.ts';
import { explainStatus } from './words.ts';

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
  readonly coveredBy: readonly number[];
}

/** @throws ProvenanceError `sample-not-found` */
export async function sampleOf(judged: Judged, line: number, workspace: string, io: Io): Promise<Sample> {
  const { dataset, assessment, statements, scope } = judged;
  const { samples, given: file, lineCount } = dataset;
  const row = rowOfLine(samples, line);
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
    : statementsCovering(digestAt(samples.digests, row), scope.statements, scope.leaves);
  // Whole files are judged by their bytes also where the leaves are missing.
  const decides = index >= 0 && ['verified', 'untrusted', 'revoked'].includes(status);
  const coveredBy = [
    ...new Set([...(decides ? [index] : []), ...covering.map((statement) => statement.index)]),
  ];
  const record = bytes ? recordOrigin(parseStrictJson(bytes), await mappingOf(workspace, io)) : {};
  return {
    line,
    row,
    status,
    explanation: malformed ? describeMalformed(malformed).message : explainStatus(status, statements[index]),
    digest,
    canonicalLength: bytes && canonicalize(bytes).length,
    // The statement that a modified sample is compared with says nothing about this sample.
    origin: { ...(coveredBy.includes(index) && statements[index]?.origin), ...record },
    coveredBy,
  };
}

async function mappingOf(workspace: string, io: Io): Promise<OriginFields> {
  try {
    return await originFields(workspace);
  } catch (error) {
    warn(io, asProvenanceError(error).message);
    return {};
  }
}

/** The bytes of one line. */
async function readLine(path: string, wanted: number, io: Io): Promise<Uint8Array | undefined> {
  let found: Uint8Array | undefined;
  const splitter = new LineSplitter((bytes, start, end, line) => {
    if (line === wanted) found = bytes.slice(start, end);
  });
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
      throwIfCancelled(io.signal);
      splitter.push(chunk);
      if (found) return found;
    }
  } catch (error) {
    throw fileError(error, path);
  }
  splitter.finish();
  return found;
}
