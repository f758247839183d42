import { mediaTypeOf } from '../core/evidence/mediaType.ts';
import { GENERATION_METHODS, STAGES, type Origin } from '../core/evidence/predicates.ts';
import type { Signer } from '../core/evidence/signer.ts';
import { sampleStatement } from '../core/evidence/statement.ts';
import { ProvenanceError, throwIfCancelled } from '../core/errors.ts';
import { prepareDatasetStatement } from '../platform/datasetService.node.ts';
import { nodeEvidenceStore } from '../platform/evidenceStore.node.ts';
import { nodeFileStore } from '../platform/fileStore.node.ts';
import type { Arguments } from './arguments.ts';
import { defineCommand, oneFile, oneOf } from './command.ts';
import { malformedLines, readDataset, subjectsOfLines, type DatasetFile } from './dataset.ts';
import { countOf, listLines, parseLines } from './lines.ts';
import { startThreadsFor } from './threads.ts';
import { KEY_HELP, KEY_OPTION, signingKey, timeNow } from './signingKey.ts';
import { say, sayRows, warn, type Io } from './terminal.ts';
import { nameOfSigner, readTrust } from './trust.ts';

const OPTIONS = {
  lines: { type: 'string' },
  note: { type: 'string' },
  source: { type: 'string' },
  title: { type: 'string' },
  issuer: { type: 'string' },
  licence: { type: 'string' },
  'collected-at': { type: 'string' },
  'generation-method': { type: 'string' },
  'generated-by': { type: 'string' },
  stage: { type: 'string' },
  ...KEY_OPTION,
} as const;

export const sign = defineCommand({
  summary: 'Vouch for a dataset, or for single samples',
  help: `Usage: provenance sign FILE [OPTIONS]

Vouches, with your signature, for every sample of a JSONL file, in order; with --lines only for
the samples of these lines. The statement is added to .provenance/FILE.intoto.jsonl beside it.
Lines that are malformed have no digest and are not covered.

Options:
  --lines LINES       Only these samples, such as 3,7-9
  --note TEXT         What to say with the signature
${KEY_HELP}

Where the data came from (all optional, all signed):
  --source URI        --title TEXT        --issuer TEXT       --licence SPDX-ID
  --collected-at DATE                     such as 2026-01-31
  --generation-method METHOD              ${GENERATION_METHODS.slice(0, 4).join(', ')},
                                          ${GENERATION_METHODS.slice(4).join(', ')}
  --generated-by TEXT                     the model or vendor
  --stage STAGE                           ${STAGES.join(', ')}

Examples:
  provenance sign train.jsonl
  provenance sign train.jsonl --lines 3,7-9 --note "checked by hand"
  provenance sign train.jsonl --source https://example.org/dump --licence CC-BY-4.0
`,
  options: OPTIONS,
  async run({ options, operands }, io) {
    const file = oneFile(operands, 'sign');
    const origin = originOf(options);
    const claim = { ...(options.note !== undefined && { note: options.note }), ...(origin && { origin }) };
    checkClaim(claim);
    const ranges = options.lines === undefined ? undefined : parseLines(options.lines);
    void startThreadsFor([file], io.pool);
    // Before the dataset, which may take long to read.
    const signer = await signingKey(options.key, io);
    const dataset = await readDataset(file, io);
    const store = nodeEvidenceStore(nodeFileStore(), io.cache, io.env);
    if (ranges) {
      const samples = subjectsOfLines(dataset, ranges);
      const statement = sampleStatement(samples, { dataset: dataset.name, timeCreated: timeNow(), ...claim });
      await store.append(dataset.path, statement, signer);
      const lines = listLines(samples.map(({ line }) => line));
      say(
        io,
        `Signed ${countOf(samples.length, 'sample')} of ${file}, on ${samples.length === 1 ? 'line' : 'lines'} ${lines}.`,
      );
      await saySigner(io, signer, []);
      return 0;
    }
    if (dataset.samples.malformed.size === dataset.samples.count) {
      throw new ProvenanceError('nothing-to-sign', '{file} has no samples to sign.', { file });
    }
    const prepared = await prepareDatasetStatement(
      nodeFileStore(),
      dataset.path,
      dataset.samples,
      { mediaType: mediaTypeOf(dataset.path), timeCreated: timeNow(), ...claim },
      io.cache,
    );
    throwIfCancelled(io.signal);
    await store.appendPayload(dataset.path, prepared.payload, signer);
    say(
      io,
      `Signed ${prepared.count === 1 ? 'the one sample' : `all ${prepared.count} samples`} of ${file}.`,
    );
    await saySigner(io, signer, [{ label: 'root', text: prepared.root }]);
    warnOfMalformed(io, dataset);
    return 0;
  },
});

function originOf(options: Arguments<typeof OPTIONS>['options']): Origin | undefined {
  const method = options['generation-method'];
  const { source, title, issuer, licence, stage } = options;
  const origin: Origin = {
    ...(source !== undefined && { source }),
    ...(title !== undefined && { title }),
    ...(issuer !== undefined && { issuer }),
    ...(options['collected-at'] !== undefined && { collectedAt: options['collected-at'] }),
    ...(method !== undefined && {
      generationMethod: oneOf('--generation-method', method, GENERATION_METHODS),
    }),
    ...(options['generated-by'] !== undefined && { generatedBy: options['generated-by'] }),
    ...(licence !== undefined && { licence }),
    ...(stage !== undefined && { stage: oneOf('--stage', stage, STAGES) }),
  };
  return Object.keys(origin).length > 0 ? origin : undefined;
}

/** Finds what a statement cannot say before a long read, and before anything is written. */
function checkClaim(claim: { note?: string; origin?: Origin }): void {
  sampleStatement([{ name: 'x#1', sha256: '0'.repeat(64) }], {
    dataset: 'x',
    timeCreated: timeNow(),
    ...claim,
  });
}

/** Who signed; where the signer is not trusted here, that their samples stay untrusted. */
async function saySigner(io: Io, signer: Signer, rows: { label: string; text: string }[]): Promise<void> {
  const principal = nameOfSigner(await readTrust(io), signer.keyId);
  const name = principal === undefined ? '' : `${principal}, `;
  sayRows(io, [...rows, { label: 'signer', text: `${name}${signer.keyId}` }]);
  if (principal !== undefined) return;
  warn(
    io,
    'its samples show as untrusted until an allowed_signers file names this key; see "provenance help keygen".',
  );
}

function warnOfMalformed(io: Io, dataset: DatasetFile): void {
  const { size } = dataset.samples.malformed;
  if (size === 0) return;
  const [what, verb] = size === 1 ? ['1 malformed line', 'is'] : [`${size} malformed lines`, 'are'];
  warn(io, `${what} ${verb} not covered, having no digest: ${listLines(malformedLines(dataset))}.`);
}
