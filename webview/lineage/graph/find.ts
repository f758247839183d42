import { untrustedText } from '../../../src/protocol/untrustedText.ts';
import type { LineageBox } from '../../../src/protocol/lineagePanel.ts';

/** Ids of the boxes whose names, kind, signers or digests hold a text, in the order of the drawing. */
export function find(boxes: readonly LineageBox[], text: string): string[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [];
  return boxes
    .filter((box) => searchable(box).some((value) => value.toLowerCase().includes(wanted)))
    .map(({ id }) => id);
}

/** What is searched is what is shown. */
function searchable(box: LineageBox): string[] {
  switch (box.kind) {
    case 'dataset':
      return [
        ...box.names.map((name) => untrustedText(name)),
        ...(box.path === undefined ? [] : [untrustedText(box.path)]),
        ...(box.sha256 === undefined ? [] : [box.sha256]),
        ...(box.sample ? [box.sample.digest] : []),
        ...box.vouchers.map(({ signer }) => untrustedText(signer)),
      ];
    case 'step':
      return [
        untrustedText(box.step),
        untrustedText('claimedBy' in box.by ? box.by.claimedBy : box.by.signer),
      ];
    case 'more':
      return [];
  }
}
