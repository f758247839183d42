import ELK, { type ElkNode } from 'elkjs/lib/elk.bundled.js';
import { asProvenanceError, ProvenanceError, type CancelSignal } from '../core/errors.ts';
import type { Layout, LayoutRequest, LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import type { Handlers } from '../protocol/rpc.ts';

/** More boxes than anybody can look at; laying out so many takes seconds already. */
const MAX_NODES = 4000;
const MAX_EDGES = 12_000;
/** From here on the time counts more than the last crossing. */
const MANY_NODES = 300;

/** Layered layout (Sugiyama) by the Eclipse Layout Kernel. It runs in this thread: elkjs needs no worker of its own here. */
export function layoutHandlers(): Pick<Handlers<LineageWorkerMethods>, 'layout'> {
  return {
    async layout(request, { signal, progress }) {
      const root = elkGraph(request);
      progress(0);
      // A newer drawing may have been asked for meanwhile: once it runs, a layout cannot be stopped.
      await new Promise((resolve) => setImmediate(resolve));
      requireNotCancelled(signal);
      try {
        return layoutOf(await engine().layout(root));
      } catch (error) {
        throw asProvenanceError(error);
      }
    },
  };
}

let elk: InstanceType<typeof ELK> | undefined;

/** Half a second and some memory, for those who look at a drawing. */
function engine(): InstanceType<typeof ELK> {
  return (elk ??= new ELK());
}

/** @throws ProvenanceError `too-large`; `invalid-argument` where an edge has an end that is no node */
function elkGraph({ nodes, edges, direction }: LayoutRequest): ElkNode {
  if (nodes.length > MAX_NODES || edges.length > MAX_EDGES) {
    throw new ProvenanceError(
      'too-large',
      'A drawing of {nodes} boxes and {edges} lines is too large; at most {limit} boxes can be laid out.',
      { nodes: nodes.length, edges: edges.length, limit: MAX_NODES },
    );
  }
  const ids = new Set(nodes.map(({ id }) => id));
  const loose = edges.find(({ from, to }) => !ids.has(from) || !ids.has(to));
  if (loose || ids.size < nodes.length) {
    throw new ProvenanceError('invalid-argument', 'The line {id} does not join two boxes.', {
      id: loose?.id ?? '',
    });
  }
  const many = nodes.length > MANY_NODES;
  return {
    // Ids of nodes and of the root are one namespace.
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': direction === 'right' ? 'RIGHT' : 'DOWN',
      'elk.edgeRouting': 'ORTHOGONAL',
      // As the request has them: the same graph gets the same drawing.
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
      'elk.layered.thoroughness': many ? '2' : '7',
      'elk.layered.nodePlacement.strategy': many ? 'LINEAR_SEGMENTS' : 'BRANDES_KOEPF',
      'elk.layered.nodePlacement.bk.fixedAlignment': 'BALANCED',
      'elk.spacing.nodeNode': '16',
      'elk.spacing.edgeNode': '14',
      'elk.spacing.edgeEdge': '8',
      'elk.layered.spacing.nodeNodeBetweenLayers': '28',
      'elk.layered.spacing.edgeNodeBetweenLayers': '12',
      'elk.spacing.componentComponent': '28',
      'elk.padding': '[top=12,left=12,bottom=12,right=12]',
    },
    children: nodes.map(({ id, width, height }) => ({ id: `n:${id}`, width, height })),
    edges: edges.map(({ id, from, to }) => ({ id: `e:${id}`, sources: [`n:${from}`], targets: [`n:${to}`] })),
  };
}

function layoutOf({ width = 0, height = 0, children = [], edges = [] }: ElkNode): Layout {
  return {
    width,
    height,
    nodes: children.map(({ id, x = 0, y = 0, width: w = 0, height: h = 0 }) => ({
      id: id.slice(2),
      x,
      y,
      width: w,
      height: h,
    })),
    edges: edges.map(({ id, sections = [] }) => ({
      id: id.slice(2),
      points: sections.flatMap(({ startPoint, bendPoints = [], endPoint }) =>
        [startPoint, ...bendPoints, endPoint].map(({ x, y }) => [x, y] as const),
      ),
    })),
  };
}

function requireNotCancelled({ aborted }: CancelSignal): void {
  if (aborted) throw new ProvenanceError('cancelled', 'Cancelled.');
}
