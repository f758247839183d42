import * as vscode from 'vscode';
import { asProvenanceError, ProvenanceError } from '../core/errors.ts';
import { datasetOfBundle, EVIDENCE_FOLDER, evidencePaths } from '../core/evidence/layout.ts';
import { datasetFormatOfName } from '../core/table/datasetFormat.ts';
import { statusOf, type Status } from '../core/trust/status.ts';
import type { DatasetWorkerClient } from '../platform/datasetWorkerClient.node.ts';
import {
  NO_SAMPLE,
  type AssessmentData,
  type LineEdit,
  type LineReview,
  type LineUpstream,
  type OpenedData,
  type ReadProgress,
  type SampleData,
  type StatementData,
} from '../protocol/datasetWorker.ts';
import type { CallOptions } from '../protocol/rpc.ts';
import { DisposableStore } from './disposables.ts';
import { lineEdits, shiftLines } from './documentEdits.ts';
import { log, logError } from './messages.ts';
import { onDidChangeSettings, setting } from './settings.ts';
import { pathOf, type WorkspaceEvidence } from './workspaceEvidence.ts';

/** VS Code does not share longer texts with extensions. */
export const MAX_TEXT_BYTES = 50 * 1024 * 1024;
/** Datasets that nobody opened are verified up to this size. */
export const MAX_BACKGROUND_BYTES = 50 * 1024 * 1024;
const MAX_BACKGROUND_DATASETS = 200;
/** Typing pauses longer than this are answered at once. */
const ASSESS_DELAY_MS = 30;
/** How often progress is passed on. */
const PROGRESS_MS = 150;
/** How often the bundles of visible datasets are looked at, beside the file watchers. */
const BUNDLE_CHECK_MS = 3000;
/** Edits larger than this go over as the whole text. */
const MAX_EDIT_LINES = 20_000;
/** A document's text goes over in pieces of so many lines: some milliseconds each. */
const TEXT_PIECE_LINES = 4000;

/** A dataset whose samples are, or are being, judged. */
export interface Dataset {
  readonly uri: vscode.Uri;
  /** The document that shows it, if one is open. */
  readonly document: vscode.TextDocument | undefined;
  readonly assessment: AssessmentData | undefined;
  /** Why there is no assessment. */
  readonly error: ProvenanceError | undefined;
  /** Share of the file read, 0 to 1, while it is being read; undefined when nothing goes on. */
  readonly progress: number | undefined;
  /** Status of a line (1-based); undefined where it is no sample or not known yet. */
  status(line: number): Status | undefined;
  /** The statement that decides the status of a line. */
  covering(line: number): StatementData | undefined;
  review(line: number): LineReview | undefined;
  /** How a line that is not flagged itself was made of something flagged. */
  upstream(line: number): LineUpstream | undefined;
  malformed(line: number): AssessmentData['malformed'][number] | undefined;
  /** Digest and all covering statements of a line. */
  sample(line: number): Promise<SampleData>;
  /** Digests (hex) of lines, once everything typed so far is accounted for. */
  digests(lines: readonly number[]): Promise<(string | undefined)[]>;
}

/** Whether a file is a dataset that the product shows statuses for. */
export function isDatasetUri(uri: vscode.Uri): boolean {
  return datasetFormatOfName(uri.path) !== undefined && !isEvidence(uri);
}

/** Whether it is a dataset that a text editor can show: JSONL, not compressed. */
export function isTextDatasetUri(uri: vscode.Uri): boolean {
  const format = datasetFormatOfName(uri.path);
  return format?.format === 'jsonl' && format.compression === undefined && !isEvidence(uri);
}

function isEvidence(uri: vscode.Uri): boolean {
  return uri.path.includes(`/${EVIDENCE_FOLDER}/`);
}

function isDatasetDocument({ uri, languageId }: vscode.TextDocument): boolean {
  if (isEvidence(uri)) return false;
  if (uri.scheme === 'untitled') return languageId === 'jsonl';
  return uri.scheme === 'file' && (languageId === 'jsonl' || isTextDatasetUri(uri));
}

/**
 * All datasets that this window judges: open documents, files in sample tables, and in the background the files of the
 * workspace that have evidence. The digests live in the worker; here is the status of each line.
 */
export class Datasets {
  private readonly disposables = new DisposableStore();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<Dataset>());
  private readonly removed = this.disposables.add(new vscode.EventEmitter<vscode.Uri>());
  /** Something about a dataset is new: its statuses, its progress, its error. */
  readonly onDidChange = this.changed.event;
  /** A dataset is not judged any more. */
  readonly onDidRemove = this.removed.event;
  private readonly tracked = new Map<string, TrackedDataset>();

  constructor(
    private readonly worker: DatasetWorkerClient,
    private readonly evidence: WorkspaceEvidence,
  ) {
    this.disposables.addAll(
      vscode.workspace.onDidOpenTextDocument((document) => {
        this.trackDocument(document);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => {
        this.releaseDocument(document);
      }),
      vscode.workspace.onDidChangeTextDocument((event) => {
        this.tracked.get(event.document.uri.toString())?.onEdit(event);
      }),
      vscode.workspace.onDidSaveTextDocument((document) => {
        this.tracked.get(document.uri.toString())?.reopen();
      }),
      evidence.onDidChange(() => {
        this.evidenceChanged();
      }),
      onDidChangeSettings(() => {
        void this.trackBackground();
      }),
    );
    const watcher = this.disposables.add(
      vscode.workspace.createFileSystemWatcher('**/*.{jsonl,ndjson,jsonlines,gz,zst,parquet,pq}'),
    );
    this.disposables.addAll(
      watcher.onDidChange((uri) => {
        this.fileChanged(uri);
      }),
      watcher.onDidCreate((uri) => {
        this.fileChanged(uri);
        void this.trackBackground();
      }),
      watcher.onDidDelete((uri) => {
        this.fileChanged(uri);
        const dataset = this.tracked.get(uri.toString());
        if (dataset && !dataset.isShown()) this.drop(dataset);
      }),
    );
    for (const document of vscode.workspace.textDocuments) this.trackDocument(document);
    void this.trackBackground();
    const timer = setInterval(() => {
      void this.checkBundles();
    }, BUNDLE_CHECK_MS);
    this.disposables.add({
      dispose: () => {
        clearInterval(timer);
      },
    });
  }

  get all(): readonly Dataset[] {
    return [...this.tracked.values()];
  }

  get(uri: vscode.Uri): Dataset | undefined {
    return this.tracked.get(uri.toString());
  }

  /**
   * Judges a dataset afresh, whether or not it is open, and waits for it.
   * @throws ProvenanceError what went wrong
   */
  async verify(uri: vscode.Uri, options: CallOptions = {}): Promise<Dataset> {
    let dataset = this.tracked.get(uri.toString());
    if (dataset) {
      dataset.reopen(options);
    } else {
      if (uri.scheme !== 'file') {
        throw new ProvenanceError('not-found', '{uri} is not a file on disk.', { uri: uri.toString() });
      }
      dataset = this.add(uri, undefined, options);
    }
    dataset.asked = true;
    await dataset.settled();
    if (dataset.error) throw dataset.error;
    return dataset;
  }

  /** Keeps a dataset judged while something else than a text document shows it, until that is disposed of. */
  hold(uri: vscode.Uri): vscode.Disposable {
    const dataset = this.tracked.get(uri.toString()) ?? this.add(uri, undefined);
    dataset.holders++;
    const watcher = vscode.workspace.getWorkspaceFolder(uri) ? undefined : this.watchFile(uri);
    return new vscode.Disposable(() => {
      watcher?.dispose();
      dataset.holders--;
      void this.releaseHeld(dataset);
    });
  }

  /** Judges a dataset anew if its file is not the one that was judged, and waits for it. */
  async refresh(uri: vscode.Uri): Promise<void> {
    this.tracked.get(uri.toString())?.refresh();
    await this.settled(uri);
  }

  /** Waits until all that was typed is judged. */
  async settled(uri: vscode.Uri): Promise<void> {
    await this.tracked.get(uri.toString())?.settled();
  }

  /** The worker's sessions are gone: opens them anew. */
  reopenAll(): void {
    for (const dataset of this.tracked.values()) dataset.reopen();
  }

  dispose(): void {
    for (const dataset of this.tracked.values()) dataset.dispose();
    this.tracked.clear();
    this.disposables.dispose();
  }

  private trackDocument(document: vscode.TextDocument): void {
    if (!isDatasetDocument(document)) return;
    const existing = this.tracked.get(document.uri.toString());
    if (existing) existing.attach(document);
    else this.add(document.uri, document);
  }

  private releaseDocument(document: vscode.TextDocument): void {
    const dataset = this.tracked.get(document.uri.toString());
    if (dataset?.document !== document) return;
    if (dataset.holders > 0) {
      dataset.detach();
      return;
    }
    // A language change closes and opens the document; it is tracked again by its open event.
    this.drop(dataset);
    void this.trackBackground();
  }

  private async releaseHeld(dataset: TrackedDataset): Promise<void> {
    if (dataset.isShown()) return;
    dataset.asked = false;
    const stat = await fileStat(dataset.uri);
    if (dataset.isShown() || this.tracked.get(dataset.uri.toString()) !== dataset) return;
    // What was too large to be judged in the background still is.
    if (!stat || stat.size > MAX_BACKGROUND_BYTES) this.drop(dataset);
    else await this.trackBackground();
  }

  /** Watches a file outside the workspace. */
  private watchFile(uri: vscode.Uri): vscode.Disposable {
    const folder = vscode.Uri.joinPath(uri, '..');
    const name = uri.path.slice(uri.path.lastIndexOf('/') + 1);
    // A name may have characters that patterns use.
    const pattern = new vscode.RelativePattern(folder, name.replace(/[*?[\]{}]/g, '?'));
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const onFile = (changed: vscode.Uri) => {
      this.fileChanged(changed);
    };
    return vscode.Disposable.from(
      watcher,
      watcher.onDidCreate(onFile),
      watcher.onDidChange(onFile),
      watcher.onDidDelete(onFile),
    );
  }

  private fileChanged(uri: vscode.Uri): void {
    const dataset = this.tracked.get(uri.toString());
    // An open document brings its own event once VS Code has read the file again.
    if (dataset && !dataset.document) dataset.reopen();
  }

  private add(
    uri: vscode.Uri,
    document: vscode.TextDocument | undefined,
    options: CallOptions = {},
  ): TrackedDataset {
    const dataset = new TrackedDataset(uri, document, this.worker, this.evidence, () => {
      this.changed.fire(dataset);
    });
    this.tracked.set(uri.toString(), dataset);
    dataset.reopen(options);
    return dataset;
  }

  private drop(dataset: TrackedDataset): void {
    dataset.dispose();
    this.tracked.delete(dataset.uri.toString());
    this.removed.fire(dataset.uri);
  }

  private evidenceChanged(): void {
    for (const dataset of this.tracked.values()) dataset.assessSoon(0);
    void this.trackBackground();
  }

  /** Looks whether the evidence of visible datasets changed: file watchers miss things on network drives, and at start. */
  private async checkBundles(): Promise<void> {
    const visible = new Set(vscode.window.visibleTextEditors.map(({ document }) => document.uri.toString()));
    let changed = false;
    for (const dataset of this.tracked.values()) {
      if (dataset.uri.scheme !== 'file') continue;
      if (dataset.holders === 0 && !visible.has(dataset.uri.toString())) continue;
      const stat = await fileStat(vscode.Uri.file(evidencePaths(pathOf(dataset.uri)).bundle));
      const version = stat ? `${String(stat.size)}:${String(stat.mtime)}` : 'absent';
      if (dataset.bundleVersion !== undefined && dataset.bundleVersion !== version) changed = true;
      dataset.bundleVersion = version;
    }
    if (changed) this.evidence.refresh();
  }

  /** Tracks the files of the workspace that have evidence of their own and are not open. */
  private async trackBackground(): Promise<void> {
    try {
      const wanted = new Set<string>();
      if (setting('backgroundVerification')) {
        const { bundles } = await this.evidence.files();
        for (const bundle of bundles.slice(0, MAX_BACKGROUND_DATASETS)) {
          const path = datasetOfBundle(bundle);
          if (path === undefined) continue;
          const uri = vscode.Uri.file(path);
          if (!isDatasetUri(uri)) continue;
          wanted.add(uri.toString());
          if (this.tracked.has(uri.toString())) continue;
          const stat = await fileStat(uri);
          if (stat && stat.size <= MAX_BACKGROUND_BYTES && !this.tracked.has(uri.toString())) {
            this.add(uri, undefined);
          }
        }
      }
      for (const dataset of this.tracked.values()) {
        if (!dataset.isShown() && !wanted.has(dataset.uri.toString()) && !dataset.asked) this.drop(dataset);
      }
    } catch (error) {
      logError(error);
    }
  }
}

async function fileStat(uri: vscode.Uri): Promise<vscode.FileStat | undefined> {
  try {
    return await vscode.workspace.fs.stat(uri);
  } catch {
    return undefined;
  }
}

let sessions = 0;

class TrackedDataset implements Dataset {
  assessment: AssessmentData | undefined;
  error: ProvenanceError | undefined;
  progress: number | undefined;
  /** Whether a user asked for it by name: it stays then. */
  asked = false;
  /** How many others show it, beside a text document. */
  holders = 0;
  /** Size and time of its bundle when it was last looked at. */
  bundleVersion: string | undefined;

  private readonly session: string;
  /** Everything that talks to the worker goes through here, one after another. */
  private queue: Promise<void> = Promise.resolve();
  private readonly controller = new AbortController();
  private statuses: Uint8Array = new Uint8Array(0);
  private coveredBy: Int32Array = new Int32Array(0);
  private reviewsByLine = new Map<number, LineReview>();
  private upstreamByLine = new Map<number, LineUpstream>();
  private malformedByLine = new Map<number, AssessmentData['malformed'][number]>();
  /** Whether the last edit may have led back to what is on disk. */
  private maybeClean = false;
  /** Edits that the worker does not know of. */
  private unsent: LineEdit[] = [];
  private unsentLines = 0;
  private opened = false;
  /** Whether the worker's session began with the file's own bytes, whose SHA-256 it then knows. */
  private fromDisk = false;
  /** Whether the text was edited since the session began. */
  private edited = false;
  /** Lines that the worker's session has. */
  private lineCount = -1;
  /** While the text goes over piece by piece: the next line, and whether an edit crossed that border. */
  private reading: { next: number; torn: boolean } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private waiting: (() => void)[] = [];
  private lastAssessMs = 0;

  constructor(
    readonly uri: vscode.Uri,
    public document: vscode.TextDocument | undefined,
    private readonly worker: DatasetWorkerClient,
    private readonly evidence: WorkspaceEvidence,
    private readonly changed: () => void,
  ) {
    this.session = `${String(++sessions)}:${uri.toString()}`;
  }

  /** Whether someone looks at it. */
  isShown(): boolean {
    return this.document !== undefined || this.holders > 0;
  }

  status(line: number): Status | undefined {
    const code = this.statuses[line - 1];
    return code === undefined || code === NO_SAMPLE ? undefined : statusOf(code);
  }

  covering(line: number): StatementData | undefined {
    return this.assessment?.statements[this.coveredBy[line - 1] ?? -1];
  }

  review(line: number): LineReview | undefined {
    return this.reviewsByLine.get(line);
  }

  upstream(line: number): LineUpstream | undefined {
    return this.upstreamByLine.get(line);
  }

  malformed(line: number): AssessmentData['malformed'][number] | undefined {
    return this.malformedByLine.get(line);
  }

  async sample(line: number): Promise<SampleData> {
    await this.settled();
    return this.worker.call('sample', { session: this.session, line });
  }

  async digests(lines: readonly number[]): Promise<(string | undefined)[]> {
    await this.settled();
    if (this.error) throw this.error;
    return this.worker.call('digests', { session: this.session, lines });
  }

  /** A document opens on a file that is judged already: what is known stays, where the file is still the same. */
  attach(document: vscode.TextDocument): void {
    this.document = document;
    if (document.isDirty || document.lineCount !== this.lineCount) {
      this.reopen();
      return;
    }
    this.enqueue(async () => {
      if (!(await this.isCurrent())) await this.open({});
      await this.assess();
    });
  }

  /** Its document closes, perhaps with changes that nobody saved, while others show it: the file counts from now on. */
  detach(): void {
    this.document = undefined;
    if (this.edited) this.reopen();
    else this.refresh();
  }

  /** Reads and judges the file anew, unless it is still the one that was judged. */
  refresh(): void {
    if (this.document?.isDirty) return;
    this.enqueue(async () => {
      if (!this.error && (await this.isCurrent())) return;
      await this.open({});
      await this.assess();
    });
  }

  onEdit(event: vscode.TextDocumentChangeEvent): void {
    if (event.contentChanges.length === 0) {
      // Only the dirty state changed.
      this.assessSoon(0);
      return;
    }
    const { document } = event;
    // The first keystroke comes before the news that the document is dirty; if that never comes, the document was undone
    // back to what is saved, or read again from disk, and the file's own bytes count.
    if (!document.isDirty) this.maybeClean = true;
    this.edited = true;
    const edits = lineEdits(event.contentChanges, (line) => document.lineAt(line).text);
    this.statuses = shiftLines(this.statuses, edits, NO_SAMPLE);
    this.coveredBy = shiftLines(this.coveredBy, edits, -1);
    for (const edit of edits) this.send(edit);
    this.assessSoon(Math.max(ASSESS_DELAY_MS, this.lastAssessMs));
  }

  /** Reads the dataset anew: the file, or the text of a document with unsaved changes. */
  reopen(options: CallOptions = {}): void {
    this.opened = false;
    this.enqueue(async () => {
      if (this.opened) return;
      await this.open(options);
      await this.assess();
    });
  }

  /** Judges again after a delay that further calls put off. */
  assessSoon(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      const clean = this.maybeClean && this.document?.isDirty === false;
      this.maybeClean = false;
      if (clean) this.reopen();
      else this.enqueue(() => this.assess());
      this.wake();
    }, delay);
  }

  /** Resolves when nothing is waiting or going on. */
  async settled(): Promise<void> {
    for (;;) {
      if (this.timer) {
        await new Promise<void>((resolve) => {
          this.waiting.push(resolve);
        });
      }
      const current = this.queue;
      await current;
      if (this.queue === current && !this.timer) return;
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.controller.abort();
    this.wake();
    this.worker.call('close', { session: this.session }).catch(() => undefined);
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }

  private isDisposed(): boolean {
    return this.controller.signal.aborted;
  }

  private enqueue(work: () => Promise<void>): void {
    this.queue = this.queue.then(async () => {
      if (this.isDisposed()) return;
      try {
        await work();
      } catch (cause) {
        const error = asProvenanceError(cause);
        if (this.isDisposed() || error.code === 'disposed') return;
        this.error = error;
        if (error.code !== 'cancelled') logError(error);
      } finally {
        this.progress = undefined;
        if (!this.isDisposed()) this.changed();
      }
    });
  }

  /** Whether the worker's session is of the file as it is on disk now. */
  private async isCurrent(): Promise<boolean> {
    return this.opened && this.fromDisk && (await this.worker.call('isCurrent', { session: this.session }));
  }

  private async open(options: CallOptions): Promise<void> {
    this.unsent = [];
    this.unsentLines = 0;
    this.opened = true;
    try {
      await this.openCurrent(options);
    } catch (error) {
      this.opened = false;
      throw error;
    }
  }

  private async openCurrent(options: CallOptions): Promise<void> {
    const { document } = this;
    this.progress = 0;
    this.changed();
    if (document && (document.isDirty || document.uri.scheme !== 'file')) {
      await this.openText(document);
      return;
    }
    const expectedLines = document?.lineCount;
    const { lineCount } = await this.worker.call(
      'open',
      { session: this.session, path: pathOf(this.uri) },
      {
        signal: options.signal ?? this.controller.signal,
        onProgress: this.onReadProgress(options.onProgress),
      },
    );
    this.fromDisk = true;
    this.edited = false;
    this.lineCount = lineCount;
    if (document && lineCount !== expectedLines) {
      // VS Code splits lines at a lone CR too: what it shows is what counts then.
      log.debug(
        `${this.uri.toString()}: ${String(lineCount)} lines on disk, ${String(expectedLines)} in the editor`,
      );
      await this.openText(document);
    }
  }

  /** Sends the document's text piece by piece, so that typing goes on meanwhile. */
  private async openText(document: vscode.TextDocument): Promise<void> {
    this.unsent = [];
    this.unsentLines = 0;
    this.fromDisk = false;
    const path = this.uri.scheme === 'file' ? { path: pathOf(this.uri) } : {};
    const reading = { next: 0, torn: false };
    this.reading = reading;
    try {
      let opened: OpenedData | null;
      do {
        const from = reading.next;
        const to = Math.min(document.lineCount, from + TEXT_PIECE_LINES);
        const last = to >= document.lineCount;
        const end = last ? document.lineAt(to - 1).range.end : new vscode.Position(to, 0);
        const text = document.getText(new vscode.Range(new vscode.Position(from, 0), end));
        reading.next = to;
        opened = await this.worker.call(
          'openText',
          { session: this.session, ...path, text, first: from === 0, last },
          { signal: this.controller.signal },
        );
        if (reading.torn) {
          Object.assign(reading, { next: 0, torn: false });
          this.unsent = [];
          this.unsentLines = 0;
          opened = null;
        }
      } while (opened === null);
      this.lineCount = opened.lineCount;
    } finally {
      this.reading = undefined;
    }
  }

  /** Queues an edit for the worker. */
  private send(edit: LineEdit): void {
    const { reading } = this;
    if (reading) {
      const end = edit.start + edit.deleteCount;
      // What is still to be read is read as it is by then.
      if (edit.start >= reading.next) return;
      if (end > reading.next) {
        reading.torn = true;
        return;
      }
      reading.next += edit.lines.length - edit.deleteCount;
    }
    this.unsent.push(edit);
    this.unsentLines += edit.lines.length;
  }

  private async sendEdits(): Promise<void> {
    if (this.unsent.length === 0) return;
    if (this.unsentLines > MAX_EDIT_LINES && this.document) {
      await this.openText(this.document);
      return;
    }
    const edits = this.unsent;
    this.unsent = [];
    this.unsentLines = 0;
    const { lineCount } = await this.worker.call(
      'edit',
      { session: this.session, edits },
      { signal: this.controller.signal },
    );
    this.lineCount = lineCount;
    if (this.unsent.length === 0 && this.opened && this.document && this.document.lineCount !== lineCount) {
      await this.openText(this.document);
    }
  }

  private async assess(): Promise<void> {
    if (!this.opened) return;
    const saved = !this.document || (!this.document.isDirty && this.document.uri.scheme === 'file');
    // Undone back to what is on disk: only the file's own bytes can be called intact.
    if (saved && !this.fromDisk) await this.open({});
    await this.sendEdits();
    const started = performance.now();
    const assessment = await this.worker.call(
      'assess',
      {
        session: this.session,
        saved,
        allowedSigners: this.evidence.allowedSigners(),
        policies: this.evidence.policies(pathOf(this.uri)),
        sigstore: this.evidence.sigstore(),
        ...(await this.evidence.files()),
      },
      { signal: this.controller.signal },
    );
    this.lastAssessMs = performance.now() - started;
    this.assessment = assessment;
    this.error = undefined;
    // What was typed meanwhile moved the lines on.
    this.statuses = shiftLines(assessment.statuses, this.unsent, NO_SAMPLE);
    this.coveredBy = shiftLines(assessment.coveredBy, this.unsent, -1);
    this.reviewsByLine = new Map(assessment.reviews.map((review) => [review.line, review]));
    this.upstreamByLine = new Map(assessment.upstream.map((upstream) => [upstream.line, upstream]));
    this.malformedByLine = new Map(assessment.malformed.map((malformed) => [malformed.line, malformed]));
  }

  private onReadProgress(pass: CallOptions['onProgress']): (value: unknown) => void {
    let last = 0;
    return (value) => {
      const { bytes, size } = value as ReadProgress;
      pass?.(value);
      const now = performance.now();
      if (now - last < PROGRESS_MS) return;
      last = now;
      this.progress = size === 0 ? 1 : bytes / size;
      this.changed();
    };
  }
}
