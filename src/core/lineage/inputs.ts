/** A recorded step as lineage needs it: which dataset it made, from which. */
export interface RecordedStep {
  /** SHA-256 (hex) of the output as the step made it. */
  readonly output: string;
  readonly kind: string;
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
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
