import type * as vscode from 'vscode';
import type { EvidenceStore } from '../core/evidence/evidenceStore.ts';
import type { DatasetWorkerClient } from '../platform/datasetWorkerClient.node.ts';
import type { Platform } from '../platform/platform.ts';
import type { Datasets } from './datasets.ts';
import type { KeyRing } from './keyRing.ts';
import type { OriginMapping } from './originMapping.ts';
import type { WorkspaceEvidence } from './workspaceEvidence.ts';

/** What features are built from. The composition root (`extension.node.ts`) makes one. */
export interface Services {
  readonly extensionUri: vscode.Uri;
  readonly platform: Platform;
  readonly worker: DatasetWorkerClient;
  readonly evidence: WorkspaceEvidence;
  readonly datasets: Datasets;
  readonly keys: KeyRing;
  readonly store: EvidenceStore;
  readonly originMapping: OriginMapping;
}
