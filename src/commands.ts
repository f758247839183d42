/**
 * The one table of command ids. The manifest's `contributes.commands` is checked against it by a test, and
 * {@link CommandHandlers} makes a command without a handler fail to compile.
 */
export const COMMANDS = {
  signDataset: 'provenance.signDataset',
  signSamples: 'provenance.signSamples',
  verifyDataset: 'provenance.verifyDataset',
  verifySample: 'provenance.verifySample',
  flagSamples: 'provenance.flagSamples',
  submitFlag: 'provenance.submitFlag',
  replyToFlag: 'provenance.replyToFlag',
  clearFlag: 'provenance.clearFlag',
  copyDigest: 'provenance.copyDigest',
  createKey: 'provenance.createKey',
  copyPublicKey: 'provenance.copyPublicKey',
  exportPublicKey: 'provenance.exportPublicKey',
  trustSigner: 'provenance.trustSigner',
  showLineage: 'provenance.showLineage',
  openEvidence: 'provenance.openEvidence',
  nextAttention: 'provenance.nextAttention',
  previousAttention: 'provenance.previousAttention',
  revealSample: 'provenance.revealSample',
  openTable: 'provenance.openTable',
  openAsText: 'provenance.openAsText',
  exportJsonl: 'provenance.exportJsonl',
  goToRow: 'provenance.goToRow',
  toggleChip: 'provenance.toggleChip',
  openWalkthrough: 'provenance.openWalkthrough',
  showLog: 'provenance.showLog',
} as const;

export type CommandName = keyof typeof COMMANDS;

/** Where a command applies; without it, the active editor and its selection. Passed by hovers, lenses, trees and tables. */
export interface SampleTarget {
  /** The dataset's URI as text: command links carry JSON. */
  readonly uri?: string;
  /** 1-based lines. */
  readonly lines?: readonly number[];
  readonly keyId?: string;
}

/** One handler a command. */
export type CommandHandlers = { [Name in CommandName]: (...args: never[]) => unknown };

/** Views, contexts and other ids that stand in the manifest as well. */
export const VIEWS = {
  container: 'provenance',
  lineage: 'provenance.lineage',
  attention: 'provenance.attention',
} as const;

/**
 * The sample table's editor types: VS Code gives all files of a type one priority. `standard`: files that no text editor
 * can show, for which it is the editor; `optional`: JSONL, for which it is one of two.
 */
export const TABLE_EDITORS = {
  standard: 'provenance.sampleTable',
  optional: 'provenance.jsonlTable',
} as const;

export const COMMENT_CONTROLLER = 'provenance.reviews';
export const WALKTHROUGH = 'dataset-provenance.dataset-provenance#provenance.start';
