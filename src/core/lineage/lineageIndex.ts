import { adjacency, components } from './circles.ts';
import type { DatasetNode, LineageGraph, StepNode } from './graph.ts';

/**
 * Finds the signed steps that made a dataset, and those that used it (docs/formats.md, "Lineage"). Where no step made
 * its bytes, a step made it that gave the same samples in the same order in other bytes: the dataset _stands in_ for
 * that step's output. What is only claimed is left out.
 */
export class LineageIndex {
  private readonly producing = new Map<string, StepNode[]>();
  private readonly consuming = new Map<string, StepNode[]>();
  /** By root: steps that gave these samples, and datasets that stand in for their outputs. */
  private readonly makers = new Map<string, ReadonlySet<StepNode>>();
  private readonly standIns = new Map<string, ReadonlySet<string>>();

  constructor(private readonly graph: Pick<LineageGraph, 'datasets' | 'steps'>) {
    for (const step of graph.steps.values()) {
      if (step.standing === 'claimed') continue;
      push(this.producing, step.output, step);
      for (const input of step.inputs) push(this.consuming, input, step);
    }
    this.findStandIns();
  }

  /** The steps that made this dataset, or what it stands in for. */
  producers(dataset: string): readonly StepNode[] {
    const byBytes = this.producing.get(dataset) ?? [];
    const root = this.rootOf(dataset);
    if (root === undefined || !this.standIns.get(root)?.has(dataset)) return byBytes;
    return [...byBytes, ...(this.makers.get(root) ?? [])];
  }

  /** The steps that used this dataset. */
  consumers(dataset: string): readonly StepNode[] {
    return this.consuming.get(dataset) ?? [];
  }

  /** The dataset that a step made, and those that stand in for it. */
  outputs(step: StepNode): readonly string[] {
    const root = this.rootOf(step.output);
    if (root === undefined || !this.makers.get(root)?.has(step)) return [step.output];
    return [step.output, ...(this.standIns.get(root) ?? [])];
  }

  private rootOf(dataset: string): string | undefined {
    return this.graph.datasets.get(dataset)?.samples?.root;
  }

  /** Whether a step made this dataset of something else than itself. */
  private isMade(dataset: string): boolean {
    return (this.producing.get(dataset) ?? []).some(
      ({ inputs }) => inputs.length === 0 || inputs.some((input) => input !== dataset),
    );
  }

  /**
   * A step that only writes the same samples otherwise does not say where they come from; and what a step was made of,
   * directly or through others, is not its output: going on with it would lead round in a circle.
   */
  private findStandIns(): void {
    const classes = new Map<string, DatasetNode[]>();
    for (const node of this.graph.datasets.values()) {
      if (node.samples && node.samples.count > 0) push(classes, node.samples.root, node);
    }
    const candidates = new Map<string, { unmade: string[]; steps: StepNode[] }>();
    for (const [root, nodes] of classes) {
      if (nodes.length < 2) continue;
      const ids = new Set(nodes.map(({ id }) => id));
      const unmade = [...ids].filter((id) => !this.isMade(id));
      const steps = [...ids]
        .flatMap((id) => this.producing.get(id) ?? [])
        .filter(({ inputs }) => !inputs.some((input) => ids.has(input)));
      if (unmade.length > 0 && steps.length > 0) candidates.set(root, { unmade, steps });
    }
    if (candidates.size === 0) return;
    const numbers = new Map<string, number>();
    const numberOf = (name: string) => {
      const known = numbers.get(name) ?? numbers.size;
      numbers.set(name, known);
      return known;
    };
    const edges: [number, number][] = [];
    for (const step of this.graph.steps.values()) {
      if (step.standing === 'claimed') continue;
      for (const input of step.inputs) edges.push([numberOf(input), numberOf(step.output)]);
    }
    for (const [root, { unmade, steps }] of candidates) {
      const samples = numberOf(`samples ${root}`);
      for (const { output } of steps) edges.push([numberOf(output), samples]);
      for (const dataset of unmade) edges.push([samples, numberOf(dataset)]);
    }
    const component = components(adjacency(numbers.size, edges));
    for (const [root, { unmade, steps }] of candidates) {
      const own = component[numberOf(`samples ${root}`)];
      const standIns = unmade.filter((dataset) => component[numberOf(dataset)] !== own);
      if (standIns.length === 0) continue;
      this.standIns.set(root, new Set(standIns));
      this.makers.set(root, new Set(steps));
    }
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
