/** A directed graph over the numbers from 0: `heads[starts[v]]` to before `starts[v + 1]` are where edges of `v` lead. */
export interface Adjacency {
  readonly starts: Uint32Array;
  readonly heads: Uint32Array;
}

/** @param edges pairs `[from, to]` of numbers below `count` */
export function adjacency(count: number, edges: readonly (readonly [number, number])[]): Adjacency {
  const starts = new Uint32Array(count + 1);
  for (const [from] of edges) starts[from + 1]!++;
  for (let v = 0; v < count; v++) starts[v + 1]! += starts[v]!;
  const heads = new Uint32Array(edges.length);
  const next = starts.slice();
  for (const [from, to] of edges) heads[next[from]!++] = to;
  return { starts, heads };
}

/**
 * The strongly connected components of a graph: two vertices have one number if each can be reached from the other.
 * Tarjan's algorithm with a stack of its own: linear, and as deep as the graph is long.
 */
export function components({ starts, heads }: Adjacency): Uint32Array {
  const count = starts.length - 1;
  const component = new Uint32Array(count);
  /** Order of discovery, from 1, and the earliest vertex on the stack that is reached. */
  const order = new Uint32Array(count);
  const low = new Uint32Array(count);
  const onStack = new Uint8Array(count);
  const cursor = starts.slice(0, count);
  const stack: number[] = [];
  const path: number[] = [];
  let discovered = 0;
  let found = 0;
  const enter = (v: number) => {
    order[v] = low[v] = ++discovered;
    onStack[v] = 1;
    stack.push(v);
    path.push(v);
  };
  for (let root = 0; root < count; root++) {
    if (order[root]! > 0) continue;
    enter(root);
    while (path.length > 0) {
      const v = path.at(-1)!;
      if (cursor[v]! < starts[v + 1]!) {
        const w = heads[cursor[v]!++]!;
        if (order[w] === 0) enter(w);
        else if (onStack[w]) low[v] = Math.min(low[v]!, order[w]!);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[v]!);
      if (low[v] !== order[v]) continue;
      for (let w = -1; w !== v;) {
        w = stack.pop()!;
        onStack[w] = 0;
        component[w] = found;
      }
      found++;
    }
  }
  return component;
}
