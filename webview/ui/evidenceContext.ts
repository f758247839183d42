/** What the parts that show evidence ask of the page that they stand in. */
export interface EvidenceContext {
  copy(text: string): void;
  /** The text that was copied a moment ago. */
  readonly copied: string | undefined;
  /** The workspace is not trusted: signing, flagging and trusting are not offered. */
  readonly restricted: boolean;
  /** How many entries of a long list are shown. */
  shown(list: string): number;
  showMore(list: string): void;
  trustSigner(keyId: string): void;
}
