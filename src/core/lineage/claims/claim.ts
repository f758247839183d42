/**
 * Lineage that files beside the data, or the records themselves, state without a signature: a dataset card, Croissant,
 * DVC, OpenLineage, Dolma-like fields. It is shown as claimed, never as signed.
 */
export interface LineageClaim {
  readonly format: 'dataset-card' | 'croissant' | 'dvc' | 'openlineage' | 'record';
  /** Path of the file that claims it, absolute, with `/`. */
  readonly file: string;
  /** What the claim is about. */
  readonly output: ClaimedDataset;
  readonly inputs: readonly ClaimedDataset[];
  /** The file's own word for what was done: a DVC stage, an OpenLineage job; `derived` where it has none. */
  readonly kind: string;
  readonly command?: string;
  /** RFC 3339. */
  readonly time?: string;
  /** What else it says, by the format's own word: `license`, `annotations_creators`, `code`. */
  readonly details?: Readonly<Record<string, string>>;
  /** Id of the signed step that it is a copy of, by its own account: exported events that stand beside the evidence. */
  readonly restates?: string;
}

/** Untrusted, all of it. */
export interface ClaimedDataset {
  readonly name: string;
  readonly uri?: string;
  /** Where it lies, absolute, with `/`; always below the workspace folder of the claiming file. */
  readonly path?: string;
  /** SHA-256 of its bytes, hex, where the claim has one. DVC's MD5 is not one. */
  readonly sha256?: string;
  readonly md5?: string;
}
