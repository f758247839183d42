import type { MessageArguments } from '../errors.ts';
import { adjacency, components } from './circles.ts';
import type { DatasetNode, GraphIssue, GraphIssueKind, LineageGraph, StepNode } from './graph.ts';

type Graph = Pick<LineageGraph, 'datasets' | 'steps'>;

/**
 * What a reader of a graph has to know: circles, contradictions, what is missing or has changed, and whom nobody trusts.
 *
 * @param contradicted ids of datasets of which statements that are worth the same say that they hold different samples
 */
export function graphIssues(graph: Graph, contradicted: readonly string[]): GraphIssue[] {
  const steps = [...graph.steps.values()].filter(({ standing }) => standing !== 'claimed');
  return [
    ...cycles(graph, steps),
    ...conflictingSteps(graph, steps),
    ...contradicted.map((id) => conflictingSamples(graph, id)),
    ...inputIssues(graph, steps),
    ...unknownSigners(steps),
  ];
}

/** How a sentence calls a dataset: where it is or was, or as the newest statement calls it. */
export function datasetLabel({ path, names, id }: DatasetNode): string {
  return path?.slice(path.lastIndexOf('/') + 1) ?? names.at(-1) ?? id.slice(0, 12);
}

function issue(
  kind: GraphIssueKind,
  datasets: readonly string[],
  steps: readonly StepNode[],
  template: string,
  args: MessageArguments,
): GraphIssue {
  return { kind, datasets, steps: steps.map(({ id }) => id), template, args };
}

function labelOf({ datasets }: Graph, id: string): string {
  const node = datasets.get(id);
  return node ? datasetLabel(node) : id.slice(0, 12);
}

/** Steps that left all bytes as they were lead from a dataset to itself, which is no contradiction. */
function* cycles(graph: Graph, steps: readonly StepNode[]): Generator<GraphIssue> {
  const ids = [...graph.datasets.keys()];
  const numbers = new Map(ids.map((id, i) => [id, i]));
  const edges = steps.flatMap(({ inputs, output }) =>
    inputs.map((input) => [numbers.get(input)!, numbers.get(output)!] as const),
  );
  const component = components(adjacency(ids.length, edges));
  const members = new Map<number, string[]>();
  component.forEach((found, i) => {
    const known = members.get(found);
    if (known) known.push(ids[i]!);
    else members.set(found, [ids[i]!]);
  });
  const within = new Map<number, StepNode[]>();
  for (const step of steps) {
    const found = component[numbers.get(step.output)!]!;
    if (members.get(found)!.length < 2) continue;
    if (!step.inputs.some((input) => component[numbers.get(input)!] === found)) continue;
    const known = within.get(found);
    if (known) known.push(step);
    else within.set(found, [step]);
  }
  for (const [found, round] of within) {
    const datasets = members.get(found)!;
    yield issue(
      'cycle',
      datasets,
      round,
      'The steps go round in a circle: {name} was made, in {count} steps, of itself. Either its file came back to an earlier state, or a step is recorded wrongly; the circle is followed once.',
      { name: labelOf(graph, datasets[0]!), count: round.length },
    );
  }
}

function* conflictingSteps(graph: Graph, steps: readonly StepNode[]): Generator<GraphIssue> {
  const byOutput = new Map<string, StepNode[]>();
  for (const step of steps) {
    // A step that left everything as it was contradicts nobody.
    if (step.inputs.includes(step.output)) continue;
    const known = byOutput.get(step.output);
    if (known) known.push(step);
    else byOutput.set(step.output, [step]);
  }
  for (const [output, makers] of byOutput) {
    if (makers.length < 2) continue;
    const [first] = makers;
    const doing = doingOf(first!);
    const other = makers.find((step) => doingOf(step) !== doing);
    if (!other) continue;
    yield issue(
      'conflicting-steps',
      [output],
      makers,
      '{count} steps say that they made {name}: “{kind}” from {inputs} says {signer}, “{otherKind}” from {otherInputs} says {otherSigner}. All are shown; ask the signers which one it was.',
      {
        count: makers.length,
        name: labelOf(graph, output),
        ...described(graph, first!, ''),
        ...described(graph, other, 'other'),
      },
    );
  }
}

/** Two steps that did the same to the same inputs agree, whoever signed them. */
function doingOf({ step: { kind }, inputs }: StepNode): string {
  return JSON.stringify([kind, ...[...inputs].sort()]);
}

/** How many inputs a sentence names. */
const NAMED_INPUTS = 3;

function described(graph: Graph, { step, inputs, signer }: StepNode, prefix: '' | 'other'): MessageArguments {
  const names = inputs.slice(0, NAMED_INPUTS).map((input) => labelOf(graph, input));
  const text = names.join(', ') + (inputs.length > NAMED_INPUTS ? ', …' : '');
  const inputsText = text === '' ? '–' : text;
  return prefix === ''
    ? { kind: step.kind, inputs: inputsText, signer }
    : { otherKind: step.kind, otherInputs: inputsText, otherSigner: signer };
}

function conflictingSamples(graph: Graph, id: string): GraphIssue {
  return issue(
    'conflicting-samples',
    [id],
    [],
    'Statements disagree on which samples {name} holds, so that one of them is wrong; the oldest of the most trusted is followed. Sign the file again to settle it.',
    { name: labelOf(graph, id) },
  );
}

/** Of each input that is not as it was used: once, with the steps that used it. */
function* inputIssues(graph: Graph, steps: readonly StepNode[]): Generator<GraphIssue> {
  const made = new Set(steps.map(({ output }) => output));
  const users = new Map<string, StepNode[]>();
  for (const step of steps) {
    for (const input of step.inputs) {
      const known = users.get(input);
      if (known) known.push(step);
      else users.set(input, [step]);
    }
  }
  for (const [input, using] of users) {
    const node = graph.datasets.get(input)!;
    const args = { kind: using[0]!.step.kind, output: labelOf(graph, using[0]!.output) };
    if (node.presence === 'changed') {
      yield issue(
        'changed-input',
        [input],
        using,
        '{path} has other bytes now than those that the step “{kind}” made {output} of.',
        { path: node.path ?? '', ...args },
      );
    } else if (node.presence === 'absent' && node.statements.length === 0 && !made.has(input)) {
      yield issue(
        'missing-input',
        [input],
        using,
        'Nothing here knows {name} (SHA-256 {sha256}), which the step “{kind}” made {output} of: no file has these bytes, and there is no evidence of it. Copy it here with its .provenance folder to see where it came from.',
        { name: node.names.at(-1) ?? '', sha256: input, ...args },
      );
    }
  }
}

const DOUBTS = {
  untrusted:
    'You do not trust {signer}, who signed {count} of the steps shown, the first of them “{kind}”: anyone can make such a signature.',
  expired:
    'The key of {signer} was not valid when it signed {count} of the steps shown, the first of them “{kind}”.',
  unverifiable:
    'The signature of {signer} on {count} of the steps shown, the first of them “{kind}”, could not be checked.',
} as const;

function* unknownSigners(steps: readonly StepNode[]): Generator<GraphIssue> {
  const groups = new Map<string, { standing: keyof typeof DOUBTS; signer: string; steps: StepNode[] }>();
  for (const step of steps) {
    const { standing, signer } = step;
    if (standing !== 'untrusted' && standing !== 'expired' && standing !== 'unverifiable') continue;
    const key = `${standing} ${signer}`;
    const known = groups.get(key);
    if (known) known.steps.push(step);
    else groups.set(key, { standing, signer, steps: [step] });
  }
  for (const { standing, signer, steps: signed } of groups.values()) {
    yield issue(
      'untrusted-step',
      [...new Set(signed.map(({ output }) => output))],
      signed,
      DOUBTS[standing],
      { signer: signer === '' ? 'an unknown key' : signer, count: signed.length, kind: signed[0]!.step.kind },
    );
  }
}
