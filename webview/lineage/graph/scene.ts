import type { LineageGraphState, LineageIssue, LineageLine } from '../../../src/protocol/lineagePanel.ts';
import type { Layout, LayoutRequest } from '../../../src/protocol/lineageWorker.ts';
import { sizeOf, type BoxLook } from './boxes.ts';
import { describe } from './describe.ts';
import { fold, Ways, type DrawnBox, type FoldedGraph } from './fold.ts';
import type { Rect, Size } from './viewport.ts';

/** A graph folded and described, before it has places. */
export interface Sketch {
  readonly folded: FoldedGraph;
  readonly looks: ReadonlyMap<string, BoxLook>;
  /** The drawn box that everything is about. */
  readonly current: string | undefined;
  readonly ways: Ways;
}

/** A sketch with places: what is drawn. */
export interface Scene extends Sketch {
  readonly direction: LayoutRequest['direction'];
  readonly size: Size;
  readonly places: ReadonlyMap<string, Rect>;
  readonly lines: readonly PlacedLine[];
}

export interface PlacedLine {
  readonly id: string;
  readonly points: readonly (readonly [number, number])[];
  readonly claimed: boolean;
  /** What it covers. */
  readonly extent: Rect;
}

export function sketch(
  graph: LineageGraphState,
  open: ReadonlySet<string>,
  found: ReadonlySet<string>,
): Sketch {
  const folded = fold(graph, open);
  const issuesOf = issuesByBox(graph.issues);
  const current = graph.current === undefined ? undefined : folded.drawnAs.get(graph.current);
  const foundBoxes = new Set([...found].map((id) => folded.drawnAs.get(id)));
  const looks = new Map(
    folded.boxes.map((box) => {
      const text = describe(box, issuesOfDrawn(box, issuesOf));
      const look: BoxLook = {
        box,
        text,
        size: sizeOf(box, text),
        current: box.id === current,
        found: foundBoxes.has(box.id),
      };
      return [box.id, look] as const;
    }),
  );
  return { folded, looks, current, ways: new Ways(folded.lines) };
}

export function issuesByBox(issues: readonly LineageIssue[]): ReadonlyMap<string, readonly LineageIssue[]> {
  const byBox = new Map<string, LineageIssue[]>();
  for (const issue of issues) {
    for (const id of issue.boxes) {
      const list = byBox.get(id);
      if (list) list.push(issue);
      else byBox.set(id, [issue]);
    }
  }
  return byBox;
}

/** The issues of a box; of a fold, those of all that it stands for. */
export function issuesOfDrawn(
  box: DrawnBox,
  byBox: ReadonlyMap<string, readonly LineageIssue[]>,
): readonly LineageIssue[] {
  if (box.kind !== 'fold') return byBox.get(box.id) ?? [];
  return [...new Set(box.members.flatMap(({ id }) => byBox.get(id) ?? []))];
}

export function layoutRequest(
  { looks, folded }: Sketch,
  direction: LayoutRequest['direction'],
): LayoutRequest {
  return {
    direction,
    nodes: [...looks.values()].map(({ box, size }) => ({ id: box.id, ...size })),
    edges: folded.lines.map((line) => ({ id: lineId(line), ...line })),
  };
}

export function placed(drawn: Sketch, { direction }: LayoutRequest, layout: Layout): Scene {
  const points = new Map(layout.edges.map((edge) => [edge.id, edge.points]));
  return {
    ...drawn,
    direction,
    size: { width: Math.max(layout.width, 1), height: Math.max(layout.height, 1) },
    places: new Map(layout.nodes.map(({ id, x, y, width, height }) => [id, { x, y, width, height }])),
    lines: drawn.folded.lines.map((line) => {
      const id = lineId(line);
      const through = points.get(id) ?? [];
      return { id, points: through, claimed: isClaimedLine(drawn, line), extent: extentOf(through) };
    }),
  };
}

function lineId({ from, to }: LineageLine): string {
  return `${from}\n${to}`;
}

/** A line is as certain as the step at one of its ends; those that lead to what is not drawn are none yet. */
function isClaimedLine({ looks }: Sketch, { from, to }: LineageLine): boolean {
  return [from, to].some((id) => {
    const box = looks.get(id)?.box;
    if (box?.kind === 'fold')
      return box.members.some((member) => member.kind === 'step' && 'claimedBy' in member.by);
    return box?.kind === 'more' || (box?.kind === 'step' && 'claimedBy' in box.by);
  });
}

function extentOf(points: readonly (readonly [number, number])[]): Rect {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  // Straight lines have an extent, too.
  return { x: left - 1, y: top - 1, width: right - left + 2, height: bottom - top + 2 };
}
