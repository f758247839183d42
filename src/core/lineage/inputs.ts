import type { Standing } from '../trust/status.ts';

/** A recorded step as lineage needs it: which dataset it made, from which. */
export interface RecordedStep {
  /** SHA-256 (hex) of the output as the step made it. */
  readonly output: string;
  readonly kind: string;
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
}

/** A statement in scope, as far as lineage asks for it. */
export interface LineageEvidence {
  readonly kind: string;
  /** Whether it is evidence of the dataset in question. */
  readonly own: boolean;
  readonly standing: Standing;
  /** Of a step: SHA-256 (hex) of its output. */
  readonly sha256?: string;
  readonly step?: Pick<RecordedStep, 'kind' | 'inputs'>;
}

/** A recorded step with the statement that says so. */
export interface SignedStep<Evidence> extends RecordedStep {
  readonly statement: Evidence;
}

/** An input of a dataset with its own inputs, as far as the recorded steps reach. */
export interface InputNode<Step extends RecordedStep> {
  readonly name: string;
  readonly sha256: string;
  /** The step that used it. */
  readonly step: Step;
  readonly inputs: readonly InputNode<Step>[];
}

const MAX_DEPTH = 32;
/** A graph drawn as a tree repeats shared inputs; this bounds it. */
const MAX_NODES = 1000;

/**
 * What a dataset was made from, step by step back to its sources. A step that names its own output among its inputs,
 * directly or through others, is followed once: evidence may contradict itself, and must not hang anyone.
 * @param output SHA-256 (hex) of the dataset as it was signed
 * @param steps the newest last; of several for one output all are shown
 */
export function inputsOf<Step extends RecordedStep>(
  output: string,
  steps: readonly Step[],
): InputNode<Step>[] {
  const byOutput = new Map<string, Step[]>();
  for (const step of steps) byOutput.set(step.output, [...(byOutput.get(step.output) ?? []), step]);
  let nodes = 0;
  const expand = (digest: string, path: ReadonlySet<string>): InputNode<Step>[] => {
    if (path.has(digest) || path.size >= MAX_DEPTH) return [];
    const deeper = new Set(path).add(digest);
    const found: InputNode<Step>[] = [];
    for (const step of byOutput.get(digest) ?? []) {
      for (const { name, sha256 } of step.inputs) {
        if (++nodes > MAX_NODES) return found;
        found.push({ name, sha256, step, inputs: expand(sha256, deeper) });
      }
    }
    return found;
  };
  return expand(output, new Set());
}

/** A judged dataset, as far as lineage asks for it. */
export interface LineageSubject<Evidence> {
  /** The newest last. */
  readonly statements: readonly Evidence[];
  /** Index of the statement that the dataset is compared with. */
  readonly baseline?: number | undefined;
  /** SHA-256 (hex) of the dataset's bytes as they are. */
  readonly sha256?: string | undefined;
}

/**
 * What a judged dataset was made from, by the steps that the evidence in scope records. Steps know it by its bytes: as
 * they are, as they were signed, or else as the newest step of its own made them. Steps whose signature is wrong or was
 * taken back count for nothing.
 */
export function inputTree<Evidence extends LineageEvidence>({
  statements,
  baseline,
  sha256,
}: LineageSubject<Evidence>): InputNode<SignedStep<Evidence>>[] {
  const steps = statements.flatMap((statement): SignedStep<Evidence>[] => {
    if (statement.kind !== 'step' || !statement.step || statement.sha256 === undefined) return [];
    if (statement.standing === 'invalid' || statement.standing === 'revoked') return [];
    const { kind, inputs } = statement.step;
    return [{ output: statement.sha256, kind, inputs, statement }];
  });
  const own = steps.filter(({ statement }) => statement.own).map(({ output }) => output);
  const signed = baseline === undefined ? undefined : statements[baseline]?.sha256;
  const output =
    [sha256, signed].find((digest) => digest !== undefined && own.includes(digest)) ?? own.at(-1);
  return output === undefined ? [] : inputsOf(output, steps);
}
