import type { DatasetVerdict, Standing, Status } from '../../src/core/trust/status.ts';
import { standingWord, statusWord, verdictPhrase } from '../../src/language/words.ts';
import { h } from './dom.ts';
import { icon, type IconName } from './icons.ts';

/** An icon and its word: neither ever stands alone. */
export interface Sign {
  readonly icon: IconName;
  readonly word: string;
  /** Which of the colours of ui.css; the icon's own unless it says otherwise. */
  readonly tone?: string;
}

/** A word as it begins a label. */
export function capitalised(word: string): string {
  const [first = ''] = word;
  return first.toLocaleUpperCase() + word.slice(first.length);
}

/** A sample's status. */
export function statusSign(status: Status): Sign {
  return { icon: status, word: capitalised(statusWord(status)) };
}

/** What a dataset as a whole is. As an untrusted signer signed it is no reason for a check mark. */
export function verdictSign(verdict: DatasetVerdict, signerUntrusted: boolean): Sign {
  const word = capitalised(verdictPhrase(verdict, signerUntrusted));
  return signerUntrusted && verdict !== 'changed'
    ? { icon: 'untrusted', word }
    : { ...VERDICT_ICONS[verdict], word };
}

const VERDICT_ICONS: Readonly<Record<DatasetVerdict, Omit<Sign, 'word'>>> = {
  intact: { icon: 'verified' },
  reformatted: { icon: 'same', tone: 'verified' },
  reordered: { icon: 'reordered', tone: 'verified' },
  subset: { icon: 'subset', tone: 'verified' },
  changed: { icon: 'modified' },
  unsigned: { icon: 'unsigned' },
  unknown: { icon: 'unknown' },
};

/** What a signature is worth. */
export function standingSign(standing: Standing): Sign {
  return { ...STANDING_ICONS[standing], word: capitalised(standingWord(standing)) };
}

const STANDING_ICONS: Readonly<Record<Standing, Omit<Sign, 'word'>>> = {
  trusted: { icon: 'verified' },
  untrusted: { icon: 'untrusted' },
  expired: { icon: 'clock', tone: 'revoked' },
  revoked: { icon: 'revoked' },
  unverifiable: { icon: 'unknown' },
  invalid: { icon: 'malformed' },
};

/** Icon and word, side by side. */
export function signLabel({ icon: name, word, tone }: Sign, className = ''): HTMLElement {
  return h('span', { class: `sign ${className}`.trim() }, icon(name, tone), h('span', {}, word));
}
