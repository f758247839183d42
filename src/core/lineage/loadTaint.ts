import { asProvenanceError, ProvenanceError, throwIfCancelled, type CancelSignal } from '../errors.ts';
import { evidencePaths } from '../evidence/layout.ts';
import { LEAF_BYTES } from '../evidence/leaves.ts';
import type { KnownStatement } from '../evidence/statement.ts';
import type { DigestTable } from '../sample/digest.ts';
import { isDataset } from '../trust/baseline.ts';
import type { ReviewTable } from '../trust/reviewTable.ts';
import type { EvidenceProblem, StatementInScope } from '../trust/scope.ts';
import type { DerivationMap } from './derivationMap.ts';
import { stepsOf, type DatasetStep, type MapReference, type SampleCommitment } from './step.ts';
import { Taint, type FlaggedDataset, type MappedStep } from './taint.ts';

/** Where leaves and maps are read from. Dataset paths are those in whose evidence they lie. */
export interface TaintFiles {
  /** @returns undefined when the file is missing. @throws ProvenanceError `invalid-map`, and as `FileStore.read` */
  map(dataset: string, reference: MapReference): Promise<DerivationMap | undefined>;
  /** @returns undefined when the file is missing. @throws ProvenanceError `invalid-leaves`, and as `FileStore.read` */
  leaves(dataset: string, samples: SampleCommitment): Promise<{ readonly table: DigestTable } | undefined>;
}

export interface LoadedTaint {
  /** Undefined where nothing is flagged, or nothing here was made of anything. */
  readonly taint: Taint | undefined;
  /** What could not be followed. Where there are some, "not flagged upstream" is not known. */
  readonly problems: readonly EvidenceProblem[];
}

/** Leaves and maps are held in memory up to this many bytes. */
export const MAX_TAINT_BYTES = 1 << 29;

/**
 * Follows all open flags in scope downstream (docs/formats.md, "Flagged upstream"): reads the derivation maps of all
 * steps whose signature is valid, and the leaves of flagged datasets. Reads nothing where nothing is flagged.
 *
 * @throws ProvenanceError `cancelled` only: what cannot be read is a problem in the result
 */
export async function loadTaint(
  statements: readonly StatementInScope[],
  flags: ReviewTable,
  files: TaintFiles,
  signal?: CancelSignal,
): Promise<LoadedTaint> {
  if (!flags.hasFlags) return { taint: undefined, problems: [] };
  const reading = new TaintReading(statements, flags, files, signal);
  const datasets = await reading.flaggedDatasets();
  const steps = await reading.mappedSteps();
  const { problems } = reading;
  if (datasets.length === 0 && steps.length === 0) return { taint: undefined, problems };
  return { taint: new Taint(flags, steps, datasets), problems };
}

type StepInScope = StatementInScope & { readonly statement: KnownStatement<'step'> };

function isStep(scoped: StatementInScope): scoped is StepInScope {
  return scoped.statement.kind === 'step';
}

/** Whether a step is followed: its signature is valid, and was not taken back. */
export function isFollowed({ standing }: Pick<StatementInScope, 'standing'>): boolean {
  return standing === 'trusted' || standing === 'untrusted' || standing === 'expired';
}

/** Which samples a dataset has, says a statement. */
interface Commitment {
  /** SHA-256 (hex) of the dataset's bytes. */
  readonly sha256: string;
  readonly name: string;
  /** None where the statement does not say. */
  readonly samples: SampleCommitment | undefined;
  /** Path in whose evidence the leaves lie. */
  readonly dataset: string;
  readonly trusted: boolean;
}

class TaintReading {
  readonly problems: EvidenceProblem[] = [];
  private bytes = 0;
  /** The steps, each once: a copied bundle brings them again. */
  private readonly steps: ReadonlyMap<string, readonly StepInScope[]>;

  constructor(
    private readonly statements: readonly StatementInScope[],
    private readonly flags: ReviewTable,
    private readonly files: TaintFiles,
    private readonly signal: CancelSignal | undefined,
  ) {
    this.steps = groupBy(
      statements.filter(isStep).filter(({ standing }) => standing !== 'invalid'),
      ({ envelopeDigest }) => envelopeDigest,
    );
  }

  /** The derivation maps of the steps that are followed. */
  async mappedSteps(): Promise<MappedStep[]> {
    const found: MappedStep[] = [];
    for (const copies of this.steps.values()) {
      const [first] = copies;
      if (!first || !isFollowed(first)) continue;
      for (const { map: reference, kind } of stepsOf(first.statement)) {
        if (!reference || reference.pairs === 0) continue;
        const map = await this.firstOf(copies, (copy) => this.files.map(copy.dataset, reference), {
          bytes: reference.pairs * 2 * LEAF_BYTES,
          path: evidencePaths(first.dataset).map(reference.sha256),
          missing: (path) =>
            new ProvenanceError(
              'map-missing',
              '{path} is missing, so what the step “{kind}” made of flagged samples is not known; copy it back from where the dataset came from, or record the step again.',
              { path, kind: kind.slice(0, 100) },
            ),
        });
        if (!map) continue;
        const trusted = first.standing === 'trusted';
        found.push({ statement: first.index, trusted, pairing: reference.pairing, map });
      }
    }
    return found;
  }

  /** The samples of flagged datasets, and of what flagged steps made. */
  async flaggedDatasets(): Promise<FlaggedDataset[]> {
    const found: FlaggedDataset[] = [];
    const known = groupBy(this.commitments(), ({ sha256 }) => sha256);
    for (const [sha256, commitments] of known) {
      const flag = this.flagOn(sha256);
      if (flag) found.push(...(await this.withLeaves({ flagged: 'dataset', ...flag }, commitments)));
    }
    for (const [digest, [first]] of this.steps) {
      const flag = first && this.flagOn(digest);
      if (!flag) continue;
      for (const { output } of stepsOf(first.statement)) {
        const made = known.get(output.sha256) ?? [];
        found.push(...(await this.withLeaves({ flagged: 'step', step: first.index, ...flag }, made)));
      }
    }
    return found;
  }

  private flagOn(digest: string): Pick<FlaggedDataset, 'digest' | 'name' | 'state'> | undefined {
    const state = this.flags.stateOfHex(digest);
    if (state?.state !== 'flagged') return undefined;
    return { digest, name: this.flags.nameOfHex(digest, state.deciding.statement), state };
  }

  /** Statements may disagree on which samples the same bytes have; all of them count. */
  private async withLeaves(
    flag: Omit<FlaggedDataset, 'table' | 'trusted'>,
    commitments: readonly Commitment[],
  ): Promise<FlaggedDataset[]> {
    const found: FlaggedDataset[] = [];
    const named = commitments.filter(({ samples }) => samples !== undefined);
    const byRoot = groupBy(named, ({ samples }) => samples!.root);
    for (const same of byRoot.values()) {
      const { samples, dataset, name } = same[0]!;
      const leaves = await this.firstOf(same, (copy) => this.files.leaves(copy.dataset, samples!), {
        bytes: samples!.count * LEAF_BYTES,
        path: evidencePaths(dataset).leaves(samples!.root),
        missing: (path) => unknownSamples(path, name),
      });
      if (leaves) found.push({ ...flag, trusted: same.some(({ trusted }) => trusted), table: leaves.table });
    }
    if (byRoot.size === 0) {
      const [first] = commitments;
      this.problems.push({
        path: first?.dataset ?? '',
        error: new ProvenanceError(
          'leaves-missing',
          'No statement here says which samples {name} has, so where they went is not known; sign the dataset as it was flagged.',
          { name: (first?.name ?? flag.name).slice(0, 200) },
        ),
      });
    }
    return found;
  }

  /** What statements in scope say of the samples of datasets, by the datasets' bytes. */
  private *commitments(): Generator<Commitment> {
    for (const scoped of this.statements) {
      if (scoped.standing === 'invalid') continue;
      const { dataset } = scoped;
      const trusted = scoped.standing === 'trusted';
      if (isDataset(scoped)) {
        const [subject] = scoped.statement.subjects;
        if (subject) yield { ...subject, samples: scoped.statement.predicate.samples, dataset, trusted };
      } else if (isStep(scoped)) {
        for (const { output, inputs } of stepsOf(scoped.statement)) {
          for (const reference of [output, ...inputs]) yield { ...withSamples(reference), dataset, trusted };
        }
      }
    }
  }

  /** What the first of several copies of the evidence has; where none has it, a problem. */
  private async firstOf<C extends { readonly dataset: string }, T extends object>(
    copies: readonly C[],
    read: (copy: C) => Promise<T | undefined>,
    about: { bytes: number; path: string; missing: (path: string) => ProvenanceError },
  ): Promise<T | undefined> {
    const { path } = about;
    if ((this.bytes += about.bytes) > MAX_TAINT_BYTES) {
      this.bytes -= about.bytes;
      this.problems.push({
        path,
        error: new ProvenanceError(
          'too-large',
          '{path} was left out: what flagged samples were made into takes more than {limit} bytes here.',
          { path, limit: MAX_TAINT_BYTES },
        ),
      });
      return undefined;
    }
    let failure: ProvenanceError | undefined;
    for (const copy of copies) {
      throwIfCancelled(this.signal);
      try {
        const found = await read(copy);
        if (found) return found;
      } catch (cause) {
        failure ??= asProvenanceError(cause);
      }
    }
    this.problems.push({ path, error: failure ?? about.missing(path) });
    return undefined;
  }
}

function withSamples({
  sha256,
  name,
  samples,
}: DatasetStep['output']): Omit<Commitment, 'dataset' | 'trusted'> {
  return { sha256, name, samples };
}

function unknownSamples(path: string, name: string): ProvenanceError {
  return new ProvenanceError(
    'leaves-missing',
    '{path} is missing, so which samples the flagged dataset {name} has is not known; copy it back from where the dataset came from.',
    { path, name: name.slice(0, 200) },
  );
}

function groupBy<K, V>(items: Iterable<V>, keyOf: (item: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
