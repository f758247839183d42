import { isSha256Hex } from '../../bytes/hex.ts';
import type { DatasetNode, StepNode } from '../graph.ts';
import type { ExportedGraph } from './exportedGraph.ts';
import { digestOf, stepKey } from './identifiers.ts';

const MAX_LABEL = 60;

/**
 * How the classes look. Colour never says it alone: what is not as it should be has a dashed line, and each step says in
 * words what its signature is worth.
 */
const CLASSES = [
  'classDef trusted fill:#e6f4ea,stroke:#1e7b34,color:#0b2e13',
  'classDef untrusted fill:#fff4ce,stroke:#8a6d00,color:#332800,stroke-dasharray:4 2',
  'classDef claimed fill:#f3f3f3,stroke:#767676,color:#333333,stroke-dasharray:2 2',
  'classDef changed fill:#fdecea,stroke:#b3261e,color:#410e0b,stroke-dasharray:6 2',
  'classDef absent fill:#ffffff,stroke:#767676,color:#333333,stroke-dasharray:6 2',
  'classDef dataset fill:#e8f0fe,stroke:#1a56b0,color:#0b1e3f',
];

/**
 * The graph as a Mermaid flow chart (https://mermaid.js.org/syntax/flowchart.html): datasets are boxes, steps rounded ones,
 * lines say how many samples went in and came out. Ids follow from digests, so that two exports of a growing graph
 * differ where it grew.
 */
export function toMermaid(graph: ExportedGraph): string {
  const ids = new Ids();
  const datasets = new Map(graph.datasets.map((node) => [node.id, node]));
  const lines = ['flowchart LR', ...CLASSES.map((line) => `  ${line}`)];
  for (const node of graph.datasets) {
    lines.push(`  ${ids.dataset(node.id)}["${datasetLabel(node)}"]:::${datasetClass(node)}`);
  }
  const steps = new Map(graph.steps.map((step) => [stepKey(step), step]));
  for (const [key, step] of steps) {
    const id = ids.step(key);
    const isClaimed = step.standing === 'claimed';
    lines.push(`  ${id}(["${stepLabel(step)}"]):::${stepClass(step)}`);
    for (const input of step.inputs) {
      lines.push(edge(ids.dataset(input), id, datasets.get(input)?.samples?.count, isClaimed));
    }
    lines.push(edge(id, ids.dataset(step.output), outCount(step, datasets), isClaimed));
  }
  return `${lines.join('\n')}\n`;
}

function outCount(
  { step, output }: StepNode,
  datasets: ReadonlyMap<string, DatasetNode>,
): number | undefined {
  return step.counts?.out ?? datasets.get(output)?.samples?.count;
}

function edge(from: string, to: string, count: number | undefined, isClaimed: boolean): string {
  const arrow = isClaimed ? '-.->' : '-->';
  return `  ${from} ${arrow}${count === undefined ? '' : `|${count}|`} ${to}`;
}

function datasetClass({ id, presence }: DatasetNode): string {
  if (!isSha256Hex(id)) return 'claimed';
  if (presence === 'changed') return 'changed';
  return presence === 'absent' ? 'absent' : 'dataset';
}

function datasetLabel({ id, path, names, presence, samples }: DatasetNode): string {
  const name = path?.slice(path.lastIndexOf('/') + 1) ?? names.at(-1) ?? id.slice(0, 12);
  const facts = [
    samples && (samples.count === 1 ? '1 sample' : `${samples.count} samples`),
    presence === 'changed' && 'changed since',
    presence === 'absent' && (isSha256Hex(id) || path !== undefined) && 'not here',
    isSha256Hex(id) ? id.slice(0, 8) : 'claimed',
  ].filter((fact) => typeof fact === 'string');
  return `${escaped(name)}<br/>${facts.join(', ')}`;
}

function stepClass({ standing }: StepNode): string {
  return standing === 'trusted' || standing === 'claimed' ? standing : 'untrusted';
}

function stepLabel({ standing, signer, step: { kind, counts } }: StepNode): string {
  const by = standing === 'claimed' ? signer.slice(signer.lastIndexOf('/') + 1) : signer;
  const did = [
    counts && counts.changed > 0 && `${counts.changed} changed`,
    counts && counts.added > 0 && `${counts.added} new`,
    counts && counts.dropped > 0 && `${counts.dropped} dropped`,
  ].filter((part) => typeof part === 'string');
  return [escaped(kind), ...(did.length > 0 ? [did.join(', ')] : []), `${standing}: ${escaped(by)}`].join(
    '<br/>',
  );
}

/** Shows as itself in a quoted label: letters, digits and marks of any script, and punctuation that Mermaid leaves alone. */
const PLAIN = /[\p{L}\p{N} .,_/+=()@-]/u;

const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Untrusted text in a quoted label: one line, cut at {@link MAX_LABEL} characters. What Mermaid, Markdown or HTML could take
 * for markup is an entity code; what is not to be seen, or would turn the line around, is shown as `\u202e`.
 */
function escaped(text: string): string {
  const characters = Array.from(text.slice(0, 4 * MAX_LABEL));
  const shown = characters.slice(0, MAX_LABEL).map((character, index) => {
    if (HIDDEN.test(character)) return `#92;u${codePoint(character).toString(16).padStart(4, '0')}`;
    if (PLAIN.test(character)) return character;
    // A combining mark needs what it stands on, and only so many of them.
    const isMark = /\p{M}/u.test(character) && index > 0 && !/\p{M}/u.test(characters[index - 1]!);
    return isMark ? character : `#${codePoint(character)};`;
  });
  return shown.join('') + (characters.length > MAX_LABEL ? '…' : '');
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}

/** Short ids, of which no two are the same even where digests begin alike. */
class Ids {
  private readonly owners = new Map<string, string>();

  dataset(id: string): string {
    return this.unique('d', id);
  }

  step(key: string): string {
    return this.unique('s', key);
  }

  private unique(prefix: string, key: string): string {
    const digest = digestOf(prefix, key);
    for (let length = 12; ; length++) {
      const id = prefix + digest.slice(0, length);
      const owner = this.owners.get(id);
      if (owner !== undefined && owner !== key) continue;
      this.owners.set(id, key);
      return id;
    }
  }
}
