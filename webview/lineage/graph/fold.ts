import type {
  LineageBox,
  LineageDatasetBox,
  LineageGraphState,
  LineageLine,
  LineageStepBox,
} from '../../../src/protocol/lineagePanel.ts';

/** So many datasets or steps that stand alike become one box. */
const MIN_ALIKE = 6;
/** So many steps one after another, without a branch, become one box. */
const MIN_CHAIN = 4;
/** How far alike the surroundings of boxes must be: beyond, what is folded looks the same anyway. */
const ROUNDS = 8;

/** Several boxes drawn as one until the user opens it. */
export interface FoldBox {
  readonly kind: 'fold';
  readonly id: string;
  /** A run of steps, or datasets or steps that stand alike. */
  readonly of: 'chain' | 'datasets' | 'steps';
  /** In order. Of a chain, the datasets between its steps as well. */
  readonly members: readonly (LineageDatasetBox | LineageStepBox)[];
  /** How many steps or datasets it stands for. */
  readonly count: number;
}

export type DrawnBox = LineageBox | FoldBox;

/** A graph as it is drawn. */
export interface FoldedGraph {
  /** Sources first. */
  readonly boxes: readonly DrawnBox[];
  readonly lines: readonly LineageLine[];
  /** Id of the drawn box that stands for each box of the graph. */
  readonly drawnAs: ReadonlyMap<string, string>;
  /** Id of the fold that each box belongs to, also where that is open. */
  readonly foldOf: ReadonlyMap<string, string>;
}

/** Folds what stands alike and long runs of steps, but for the folds that are open. */
export function fold(
  { boxes, lines, issues, current }: Pick<LineageGraphState, 'boxes' | 'lines' | 'issues' | 'current'>,
  open: ReadonlySet<string>,
): FoldedGraph {
  const ways = new Ways(lines);
  const depths = depthsOf(boxes, ways);
  const sorted = [...boxes].sort(
    (a, b) => (depths.get(a.id) ?? Infinity) - (depths.get(b.id) ?? Infinity) || 0,
  );
  const issuesOf = new Map<string, string>();
  for (const { kind, boxes: about } of issues) {
    for (const id of about) issuesOf.set(id, `${issuesOf.get(id) ?? ''} ${kind}`);
  }
  const foldOf = new Map<string, string>();
  const folds = new Map<string, FoldBox>();
  for (const alike of alikeBoxes(sorted, ways, (box) => {
    const depth = depths.get(box.id);
    // What goes round in a circle has no place to be folded to.
    if (box.kind === 'more' || box.id === current || depth === undefined) return undefined;
    return `${depth} ${looks(box)} ${issuesOf.get(box.id) ?? ''}`;
  })) {
    const [first] = alike;
    if (!first || alike.length < MIN_ALIKE) continue;
    const id = `alike:${first.id}`;
    for (const member of alike) foldOf.set(member.id, id);
    if (open.has(id)) continue;
    folds.set(id, {
      kind: 'fold',
      id,
      of: first.kind === 'dataset' ? 'datasets' : 'steps',
      members: alike,
      count: alike.length,
    });
  }
  const alikeFolded = merge(sorted, lines, folds, foldOf);
  const chains = chainsOf(alikeFolded.boxes, alikeFolded.lines, current);
  const chainFolds = new Map<string, FoldBox>();
  const chainOf = new Map<string, string>();
  for (const chain of chains) {
    const [first] = chain;
    if (!first) continue;
    const id = `chain:${first.id}`;
    for (const box of chain) chainOf.set(box.id, id);
    if (open.has(id)) continue;
    chainFolds.set(id, {
      kind: 'fold',
      id,
      of: 'chain',
      members: chain.flatMap((box) => (box.kind === 'fold' ? box.members : box.kind === 'more' ? [] : [box])),
      count: chain.filter(isStep).length,
    });
  }
  const { boxes: drawn, lines: drawnLines } = merge(
    alikeFolded.boxes,
    alikeFolded.lines,
    chainFolds,
    chainOf,
  );
  const drawnIds = new Set(drawn.map(({ id }) => id));
  const drawnAs = new Map<string, string>();
  for (const { id } of boxes) {
    const alike = foldOf.get(id);
    const inner = alike !== undefined && folds.has(alike) ? alike : id;
    const outer = chainOf.get(inner);
    if (outer !== undefined && !foldOf.has(id)) foldOf.set(id, outer);
    drawnAs.set(id, drawnIds.has(inner) ? inner : (outer ?? inner));
  }
  return { boxes: drawn, lines: drawnLines, drawnAs, foldOf };
}

/** The lines of a graph, in both directions. */
export class Ways {
  private readonly forth = new Map<string, string[]>();
  private readonly back = new Map<string, string[]>();

  constructor(lines: readonly LineageLine[]) {
    for (const { from, to } of lines) {
      push(this.forth, from, to);
      push(this.back, to, from);
    }
  }

  after(id: string): readonly string[] {
    return this.forth.get(id) ?? [];
  }

  before(id: string): readonly string[] {
    return this.back.get(id) ?? [];
  }
}

/** How far each box is from a source, by its longest way; without those on a circle or behind one. */
export function depthsOf(boxes: readonly { readonly id: string }[], ways: Ways): ReadonlyMap<string, number> {
  const waiting = new Map(boxes.map(({ id }) => [id, ways.before(id).length]));
  const depths = new Map<string, number>();
  const queue = boxes.filter(({ id }) => waiting.get(id) === 0).map(({ id }) => id);
  const least = new Map<string, number>();
  for (let at = 0; at < queue.length; at++) {
    const id = queue[at] ?? '';
    const depth = least.get(id) ?? 0;
    depths.set(id, depth);
    for (const next of ways.after(id)) {
      least.set(next, Math.max(least.get(next) ?? 0, depth + 1));
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      if (left === 0) queue.push(next);
    }
  }
  return depths;
}

/** Whether a box, or what is folded in it, are steps. */
export function isStep(box: DrawnBox): boolean {
  return box.kind === 'step' || (box.kind === 'fold' && box.of !== 'datasets');
}

/** What has to be the same so that one box may stand for several. Names and counts may differ. */
function looks(box: LineageDatasetBox | LineageStepBox): string {
  if (box.kind === 'step') {
    const by = 'claimedBy' in box.by ? 'claimed' : `${box.by.standing} ${box.by.signer}`;
    return JSON.stringify(['step', box.step, by, box.sample?.how]);
  }
  const { presence, claimed, vouchers, flagged = 0, upstream = 0, sample } = box;
  const vouched = vouchers.map(({ signer, standing }) => `${standing} ${signer}`).sort();
  return JSON.stringify([
    'dataset',
    presence,
    claimed === true,
    vouched,
    flagged > 0,
    upstream > 0,
    sample?.end,
    sample?.digest,
  ]);
}

/**
 * Groups boxes that look alike and whose neighbours do, several lines far: colour refinement (Weisfeiler and Leman).
 * @param lookOf undefined for a box that is always alone
 */
function alikeBoxes(
  boxes: readonly LineageBox[],
  ways: Ways,
  lookOf: (box: LineageBox) => string | undefined,
): Iterable<(LineageDatasetBox | LineageStepBox)[]> {
  let colours = numbered(boxes, (box) => lookOf(box) ?? `alone ${box.id}`);
  for (let round = 0; round < ROUNDS; round++) {
    const colourOf = (id: string) => colours.of.get(id) ?? -1;
    const sortedColours = (ids: readonly string[]) => ids.map(colourOf).sort((a, b) => a - b);
    const finer = numbered(
      boxes,
      ({ id }) =>
        `${colourOf(id)}|${sortedColours(ways.before(id)).join()}|${sortedColours(ways.after(id)).join()}`,
    );
    if (finer.count === colours.count) break;
    colours = finer;
  }
  const groups = new Map<number, (LineageDatasetBox | LineageStepBox)[]>();
  for (const box of boxes) {
    if (box.kind === 'more') continue;
    const colour = colours.of.get(box.id) ?? -1;
    const group = groups.get(colour);
    if (group) group.push(box);
    else groups.set(colour, [box]);
  }
  return groups.values();
}

function numbered(
  boxes: readonly LineageBox[],
  keyOf: (box: LineageBox) => string,
): { of: ReadonlyMap<string, number>; count: number } {
  const numbers = new Map<string, number>();
  const of = new Map<string, number>();
  for (const box of boxes) {
    const key = keyOf(box);
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    of.set(box.id, number);
  }
  return { of, count: numbers.size };
}

/** Runs of steps, with the datasets between them, that nothing leads into or out of but at their ends. */
function chainsOf(
  boxes: readonly DrawnBox[],
  lines: readonly LineageLine[],
  current: string | undefined,
): DrawnBox[][] {
  const ways = new Ways(lines);
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const isLink = (id: string | undefined): id is string => {
    const box = id === undefined ? undefined : byId.get(id);
    if (!box || box.id === current || box.kind === 'more') return false;
    return ways.before(box.id).length === 1 && ways.after(box.id).length === 1;
  };
  const chains: DrawnBox[][] = [];
  const seen = new Set<string>();
  for (const { id } of boxes) {
    if (seen.has(id) || !isLink(id) || isLink(ways.before(id)[0])) continue;
    const run: DrawnBox[] = [];
    for (let at: string | undefined = id; isLink(at) && !seen.has(at); at = ways.after(at)[0]) {
      seen.add(at);
      const box = byId.get(at);
      if (box) run.push(box);
    }
    const first = run.findIndex(isStep);
    const last = run.findLastIndex(isStep);
    const chain = run.slice(Math.max(first, 0), last + 1);
    if (chain.filter(isStep).length >= MIN_CHAIN) chains.push(chain);
  }
  return chains;
}

/** The graph with the members of each fold replaced by it. */
function merge(
  boxes: readonly DrawnBox[],
  lines: readonly LineageLine[],
  folds: ReadonlyMap<string, FoldBox>,
  foldOf: ReadonlyMap<string, string>,
): { boxes: DrawnBox[]; lines: LineageLine[] } {
  const drawnAs = (id: string) => {
    const into = foldOf.get(id);
    return into !== undefined && folds.has(into) ? into : id;
  };
  const drawn = new Map<string, DrawnBox>();
  for (const box of boxes) {
    const id = drawnAs(box.id);
    if (!drawn.has(id)) drawn.set(id, folds.get(id) ?? box);
  }
  const merged = new Map<string, LineageLine>();
  for (const line of lines) {
    const [from, to] = [drawnAs(line.from), drawnAs(line.to)];
    if (from !== to) merged.set(`${from}\n${to}`, { from, to });
  }
  return { boxes: [...drawn.values()], lines: [...merged.values()] };
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
