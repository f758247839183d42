import type { SignedDataset, SignerLine, SignerState, SignerSummary } from '../../core/trust/signers.ts';

/** A node of the Signers tree. */
export type SignerNode =
  | { readonly kind: 'signer'; readonly keyId: string; readonly signer: SignerSummary }
  /** Those who are trusted and signed nothing here. */
  | { readonly kind: 'idle'; readonly signers: readonly SignerSummary[] }
  | { readonly kind: 'fact'; readonly keyId: string; readonly text: string; readonly line?: SignerLine }
  | { readonly kind: 'dataset'; readonly keyId: string; readonly signed: SignedDataset };

/** How many datasets of a signer are listed. */
const LISTED = 200;

/** Those who signed something here, one by one; the others together. */
export function signerRoots(signers: readonly SignerSummary[]): SignerNode[] {
  const idle = signers.filter(({ statements }) => statements === 0);
  return [
    ...signers.filter(({ statements }) => statements > 0).map(signerNode),
    ...(idle.length > 0 ? [{ kind: 'idle' as const, signers: idle }] : []),
  ];
}

/** How the parts of a signer's standing are said. */
export interface SignerWords {
  /** What is not about a line of an allowed_signers file. */
  readonly reasons: (signer: SignerSummary) => readonly string[];
  readonly line: (line: SignerLine) => string;
}

/** Why a signer is trusted or not, and what it signed. */
export function signerChildren(node: SignerNode, words: SignerWords): SignerNode[] {
  switch (node.kind) {
    case 'idle':
      return node.signers.map(signerNode);
    case 'signer': {
      const { keyId, signer } = node;
      return [
        ...words.reasons(signer).map((text): SignerNode => ({ kind: 'fact', keyId, text })),
        ...signer.lines.map((line): SignerNode => ({ kind: 'fact', keyId, text: words.line(line), line })),
        ...signer.datasets.slice(0, LISTED).map((signed): SignerNode => ({ kind: 'dataset', keyId, signed })),
      ];
    }
    case 'fact':
    case 'dataset':
      return [];
  }
}

function signerNode(signer: SignerSummary): SignerNode {
  return { kind: 'signer', keyId: signer.keyId, signer };
}

/** The words by which menus tell what can be done with a signer. */
export function signerContext({ state, lines, publicKey, statements }: SignerSummary): string {
  const isListed = lines.some(({ effect }) => effect !== 'authority' && effect !== 'other-namespace');
  return [
    'signer',
    state,
    isListed && 'listed',
    lines.length > 0 && 'hasLine',
    publicKey !== undefined && 'hasKey',
    statements > 0 && 'signed',
  ]
    .filter((word) => word !== false)
    .join(' ');
}

/** Codicon and theme colour of a state. */
export function signerIcon(state: SignerState, endsSoon: boolean): { id: string; color?: string } {
  switch (state) {
    case 'trusted':
      return endsSoon
        ? { id: 'clock', color: 'list.warningForeground' }
        : { id: 'verified', color: 'testing.iconPassed' };
    case 'ended':
    case 'not-yet':
      return { id: 'clock', color: 'list.warningForeground' };
    case 'revoked':
      return { id: 'error', color: 'list.errorForeground' };
    case 'untrusted':
      return { id: 'key', color: 'list.warningForeground' };
    case 'unverifiable':
      return { id: 'question' };
  }
}
