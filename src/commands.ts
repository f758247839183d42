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
  chooseKey: 'provenance.chooseKey',
  copyPublicKey: 'provenance.copyPublicKey',
  exportPublicKey: 'provenance.exportPublicKey',
  trustSigner: 'provenance.trustSigner',
  distrustSigner: 'provenance.distrustSigner',
  replaceSignerKey: 'provenance.replaceSignerKey',
  revokeKey: 'provenance.revokeKey',
  revokeStatement: 'provenance.revokeStatement',
  showSigned: 'provenance.showSigned',
  copySignerKey: 'provenance.copySignerKey',
  showSignerLine: 'provenance.showSignerLine',
  showLineage: 'provenance.showLineage',
  exportLineage: 'provenance.exportLineage',
  openEvidence: 'provenance.openEvidence',
  showMissingEvidence: 'provenance.showMissingEvidence',
  acceptMissingEvidence: 'provenance.acceptMissingEvidence',
  forgetSeenEvidence: 'provenance.forgetSeenEvidence',
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
  goToUpstream: 'provenance.goToUpstream',
  recordStep: 'provenance.recordStep',
  traceImpact: 'provenance.traceImpact',
  importAdvisory: 'provenance.importAdvisory',
  checkAdvisories: 'provenance.checkAdvisories',
  flagDataset: 'provenance.flagDataset',
  flagStep: 'provenance.flagStep',
  clearDatasetFlag: 'provenance.clearDatasetFlag',
  saveImpactReport: 'provenance.saveImpactReport',
  closeImpact: 'provenance.closeImpact',
  checkPolicy: 'provenance.checkPolicy',
  showPolicy: 'provenance.showPolicy',
  openPolicy: 'provenance.openPolicy',
} as const;

export type CommandName = keyof typeof COMMANDS;

/** Where a command applies; without it, the active editor and its selection. Passed by hovers, lenses, trees and tables. */
export interface SampleTarget {
  /** The dataset's URI as text: command links carry JSON. */
  readonly uri?: string;
  /** 1-based lines. */
  readonly lines?: readonly number[];
  readonly keyId?: string;
  /** A recorded step: digest (hex) of its envelope. */
  readonly step?: string;
  /** Any statement: digest (hex) of its envelope. */
  readonly statement?: string;
  /** Of the sample that is meant, hex: it may not stand on the line any more. */
  readonly digest?: string;
}

/** One handler a command. */
export type CommandHandlers = { [Name in CommandName]: (...args: never[]) => unknown };

/** Views, contexts and other ids that stand in the manifest as well. */
export const VIEWS = {
  container: 'provenance',
  lineage: 'provenance.lineage',
  attention: 'provenance.attention',
  impact: 'provenance.impact',
  signers: 'provenance.signers',
  policy: 'provenance.policy',
} as const;

/**
 * The sample table's editor types: VS Code gives all files of a type one priority. `standard`: files that no text editor
 * can show, for which it is the editor; `optional`: JSONL, for which it is one of two.
 */
export const TABLE_EDITORS = {
  standard: 'provenance.sampleTable',
  optional: 'provenance.jsonlTable',
} as const;

/** Whether an impact was traced: its view is shown then. */
export const HAS_IMPACT = 'provenance.hasImpact';

/** Whether the dataset that was last looked at is under a policy: its view is shown then. */
export const HAS_POLICY = 'provenance.hasPolicy';

export const COMMENT_CONTROLLER = 'provenance.reviews';
export const WALKTHROUGH = 'dataset-provenance.dataset-provenance#provenance.start';
