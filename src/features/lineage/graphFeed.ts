import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { asProvenanceError } from '../../core/errors.ts';
import { STATUS_CODE } from '../../core/trust/status.ts';
import type { Dataset } from '../../host/datasets.ts';
import { DisposableStore } from '../../host/disposables.ts';
import { lineageScope } from '../../host/lineageScope.ts';
import { errorText, logError } from '../../host/messages.ts';
import { revealSample } from '../../host/revealSample.ts';
import type { Services } from '../../host/services.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import { NO_SAMPLE } from '../../protocol/datasetWorker.ts';
import type { LineageGraphState, LineageViewpoint } from '../../protocol/lineagePanel.ts';
import type { GraphData } from '../../protocol/lineageWorker.ts';
import {
  datasetState,
  loneId,
  loneState,
  nodeOfFile,
  sampleState,
  workspaceState,
  type DrawingContext,
  type JudgedFile,
} from './graphState.ts';

/** Moving the cursor asks for nothing until it rests. */
const SETTLE_MS = 150;
/** Reading that takes longer is shown. */
const BUSY_AFTER_MS = 400;
/** Files that nobody has looked into yet are asked for again after this. */
const PENDING_MS = 1500;

/**
 * Keeps the drawing of the Lineage panel up to date: reads the graph when evidence or files change, follows the sample
 * under the cursor, and gives up what is overtaken. While the drawing is not seen, nothing is read.
 */
export class GraphFeed {
  private readonly disposables = new DisposableStore();
  private viewpoint: LineageViewpoint | undefined;
  private graph: GraphData | undefined;
  /** Of the files that the graph was read with: their bytes decide what is present and what changed. */
  private graphOf = '';
  private reading: AbortController | undefined;
  private timer: NodeJS.Timeout | undefined;
  private last: { key: string; state: LineageGraphState } | undefined;
  /** Where the files of the datasets that are drawn are, by id. */
  private paths: ReadonlyMap<string, string> = new Map();

  constructor(
    private readonly services: Services,
    private readonly emit: (state: LineageGraphState) => void,
  ) {
    const { evidence, datasets, sampleFocus } = services;
    const soon = () => {
      this.updateSoon();
    };
    this.disposables.addAll(
      evidence.onDidChange(() => {
        this.graph = undefined;
        this.updateSoon();
      }),
      datasets.onDidChange(soon),
      datasets.onDidRemove(soon),
      sampleFocus.onDidChange(soon),
    );
  }

  /** The drawing is seen, and shows this. */
  show(viewpoint: LineageViewpoint): void {
    this.viewpoint = viewpoint;
    this.last = undefined;
    this.updateSoon(0);
  }

  /** The drawing is not seen. */
  hide(): void {
    this.viewpoint = undefined;
    this.stop();
  }

  /** Opens the file of a box that is drawn, at a row (from 1). */
  async open(id: string, row: number | undefined): Promise<void> {
    const box = this.last?.state.boxes.find((drawn) => drawn.id === id);
    const path = box?.kind === 'dataset' ? this.paths.get(box.dataset) : undefined;
    if (path === undefined) return;
    const uri = vscode.Uri.file(path);
    const { current } = this.services.sampleFocus;
    // The sample under the cursor stands where the cursor is, whatever was signed.
    if (this.last?.state.current === id && current?.line !== undefined && pathOf(current.uri) === path) {
      await revealSample(this.services, uri, current.line);
    } else if (row === undefined) {
      await vscode.commands.executeCommand('vscode.open', uri);
    } else {
      await revealSample(this.services, uri, lineOfRow(this.services.datasets.get(uri), row));
    }
  }

  dispose(): void {
    this.hide();
    this.disposables.dispose();
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.reading?.abort();
    this.reading = undefined;
  }

  private updateSoon(delay = SETTLE_MS): void {
    if (!this.viewpoint) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void this.update();
    }, delay);
  }

  private async update(): Promise<void> {
    const { viewpoint } = this;
    if (!viewpoint) return;
    this.reading?.abort();
    const reading = new AbortController();
    this.reading = reading;
    const busy = setTimeout(() => {
      if (this.last && !reading.signal.aborted) this.emit({ ...this.last.state, busy: true });
      else this.emit({ view: viewpoint.view, boxes: [], lines: [], issues: [], busy: true });
    }, BUSY_AFTER_MS);
    try {
      const state = await this.read(viewpoint, reading.signal);
      if (reading.signal.aborted) return;
      this.send(state);
      if (this.graph && this.graph.pending > 0) {
        this.graph = undefined;
        this.updateSoon(PENDING_MS);
      }
    } catch (thrown) {
      const error = asProvenanceError(thrown);
      if (reading.signal.aborted || error.code === 'cancelled') return;
      logError(error);
      this.send({ view: viewpoint.view, boxes: [], lines: [], issues: [], note: errorText(error) });
    } finally {
      clearTimeout(busy);
    }
  }

  private send(state: LineageGraphState): void {
    const key = JSON.stringify(state);
    if (this.last?.key !== key) this.emit(state);
    this.last = { key, state };
  }

  private async read({ view, at }: LineageViewpoint, signal: AbortSignal): Promise<LineageGraphState> {
    const { datasets, sampleFocus, lineageWorker } = this.services;
    const { current } = sampleFocus;
    const dataset = current && datasets.get(current.uri);
    const context = this.context();
    const file = dataset && judgedFile(dataset);
    if (view === 'sample' && at === undefined) {
      const line = current?.line;
      const { digest } = (line !== undefined && (await dataset?.sample(line))) || {};
      if (!dataset || !file || digest === undefined) {
        return {
          view,
          boxes: [],
          lines: [],
          issues: [],
          note: l10n.t('Place the cursor on a sample to see where it came from.'),
        };
      }
      const { sha256, path } = file;
      const sample = { path, digest, ...(sha256 !== undefined && { sha256 }) };
      const trace = await lineageWorker.call(
        'trace',
        { ...(await lineageScope(this.services)), sample },
        { signal },
      );
      this.keepPaths(trace.graph);
      return sampleState(context, trace);
    }
    const graph = await this.readGraph(context, signal);
    this.keepPaths(graph);
    const node = at ?? (dataset && file && nodeOfFile(graph, file, signedSha256(dataset))?.id);
    if (view === 'workspace') return workspaceState(context, graph, node);
    if (node !== undefined && graph.datasets.some(({ id }) => id === node)) {
      return datasetState(context, graph, node);
    }
    if (file) {
      this.paths = new Map([[loneId(file), file.path]]);
      return loneState(context, file);
    }
    return {
      view,
      boxes: [],
      lines: [],
      issues: [],
      note: l10n.t('Open a dataset to see where it came from.'),
    };
  }

  /** The graph of the workspace, read again when evidence or the bytes of a file changed. */
  private async readGraph({ files }: DrawingContext, signal: AbortSignal): Promise<GraphData> {
    const graphOf = [...files.values()].map(({ path, sha256 }) => `${path}\n${sha256 ?? ''}`).join('\n');
    if (this.graph && this.graphOf === graphOf) return this.graph;
    const graph = await this.services.lineageWorker.call('graph', await lineageScope(this.services), {
      signal,
    });
    this.graph = graph;
    this.graphOf = graphOf;
    return graph;
  }

  private keepPaths({ datasets }: GraphData): void {
    this.paths = new Map(
      datasets.flatMap(({ id, path, presence }) =>
        path !== undefined && (presence === 'present' || presence === 'changed') ? [[id, path] as const] : [],
      ),
    );
  }

  private context(): DrawingContext {
    const files = this.services.datasets.all.map(judgedFile);
    return {
      files: new Map(files.map((file) => [file.path, file])),
      shownPath: (path) => vscode.workspace.asRelativePath(vscode.Uri.file(path)),
      describe: errorText,
    };
  }
}

function judgedFile({ uri, assessment }: Dataset): JudgedFile {
  return {
    path: pathOf(uri),
    sha256: assessment?.sha256,
    samples: assessment?.samples,
    flagged: assessment?.flagged ?? 0,
    upstream: assessment?.upstream.length ?? 0,
  };
}

/** The bytes that the verdict on a dataset rests on. */
function signedSha256({ assessment }: Dataset): string | undefined {
  return assessment?.baseline === undefined ? undefined : assessment.statements[assessment.baseline]?.sha256;
}

/** The line (from 1) of a row (from 1) of what was signed: blank and malformed lines have no place there. */
function lineOfRow(dataset: Dataset | undefined, row: number): number {
  const statuses = dataset?.assessment?.statuses;
  if (!statuses) return row;
  let left = row;
  for (let line = 1; line <= statuses.length; line++) {
    const status = statuses[line - 1];
    if (status === NO_SAMPLE || status === STATUS_CODE.malformed) continue;
    if (--left === 0) return line;
  }
  return row;
}
