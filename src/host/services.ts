import type * as vscode from 'vscode';
import type { EvidenceStore } from '../core/evidence/evidenceStore.ts';
import type { DatasetWorkerClient } from '../platform/datasetWorkerClient.node.ts';
import type { LineageWorkerClient } from '../platform/lineageWorkerClient.node.ts';
import type { Platform } from '../platform/platform.ts';
import type { RowWorkerClient } from '../platform/rowWorkerClient.node.ts';
import type { Datasets } from './datasets.ts';
import type { KeyRing } from './keyRing.ts';
import type { OpenTables } from './openTables.ts';
import type { OriginMapping } from './originMapping.ts';
import type { SampleFocus } from './sampleFocus.ts';
import type { WorkspaceEvidence } from './workspaceEvidence.ts';

/** What features are built from. The composition root (`extension.node.ts`) makes one. */
export interface Services {
  readonly extensionUri: vscode.Uri;
  readonly platform: Platform;
  readonly worker: DatasetWorkerClient;
  readonly rowWorker: RowWorkerClient;
  readonly lineageWorker: LineageWorkerClient;
  /** Absolute path of the folder for what can be made again: indexes of large files, decompressed copies. */
  readonly cacheFolder: string;
  /** What this window remembers of the workspace. */
  readonly workspaceState: vscode.Memento;
  readonly evidence: WorkspaceEvidence;
  readonly datasets: Datasets;
  readonly tables: OpenTables;
  readonly sampleFocus: SampleFocus;
  readonly keys: KeyRing;
  readonly store: EvidenceStore;
  readonly originMapping: OriginMapping;
}
