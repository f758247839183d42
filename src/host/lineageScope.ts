import type { LineageScope } from '../protocol/lineageWorker.ts';
import type { Services } from './services.ts';
import { workspaceFolders } from './workspaceEvidence.ts';

/** Where the lineage worker is to look: the evidence, folders and trust roots of this window as they are now. */
export async function lineageScope({ evidence }: Pick<Services, 'evidence'>): Promise<LineageScope> {
  return {
    ...(await evidence.files()),
    folders: workspaceFolders(),
    allowedSigners: evidence.allowedSigners(),
    policies: evidence.policies(),
  };
}
