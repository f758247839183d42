import * as l10n from '@vscode/l10n';
import type { Standing } from '../../src/core/trust/status.ts';
import { untrustedText } from '../../src/protocol/untrustedText.ts';
import type { EvidenceContext } from './evidenceContext.ts';
import { h, type Child } from './dom.ts';
import { icon } from './icons.ts';
import { numberText } from './strings.ts';
import { shortDigest, untrusted, when } from './text.ts';
import { signLabel, standingSign } from './words.ts';

/** A ring that turns. The toolkit's own is an assertive alert named "Loading", whatever its attributes say. */
export function busyRing(label: string): HTMLElement {
  return h(
    'span',
    { class: 'busy', role: 'progressbar', 'aria-label': label, key: 'busy' },
    h('vscode-progress-ring', { 'aria-hidden': 'true' }),
  );
}

/** A button of the toolkit. */
export function button(
  label: string,
  onClick: () => void,
  {
    appearance = 'secondary',
    describedAs,
  }: { appearance?: 'primary' | 'secondary'; describedAs?: string } = {},
): HTMLElement {
  return h('vscode-button', { appearance, 'aria-label': describedAs, on: { click: onClick } }, label);
}

/** Who signed, what that is worth, and when. */
export function signature(signer: string, standing: Standing, time: string | undefined): HTMLElement {
  return h(
    'div',
    { class: 'signature' },
    untrusted(signer, 200, 'signer ellipsis'),
    signLabel(standingSign(standing)),
    time !== undefined && when(time),
  );
}

/** A digest, shortened, with a button that copies all of it. */
export function digest(context: EvidenceContext, value: string): HTMLElement {
  const copied = context.copied === value;
  const label = copied ? l10n.t('Copied') : l10n.t('Copy digest {0}', shortDigest(value));
  return h(
    'span',
    { class: 'digest' },
    h('span', { class: 'mono ellipsis', title: untrustedText(value) }, shortDigest(value)),
    h(
      'vscode-button',
      {
        appearance: 'icon',
        'aria-label': label,
        title: label,
        on: {
          click: () => {
            context.copy(value);
          },
        },
      },
      icon(copied ? 'verified' : 'copy'),
    ),
  );
}

/** The first entries of a list that may be long, and a button that shows more. */
export function longList<Entry>(
  context: EvidenceContext,
  id: string,
  label: string,
  entries: readonly Entry[],
  item: (entry: Entry, index: number) => HTMLElement,
): readonly Child[] {
  const shown = context.shown(id);
  return [
    h('ul', { class: `list list-${id}`, 'aria-label': label, key: id }, entries.slice(0, shown).map(item)),
    entries.length > shown &&
      h(
        'div',
        { class: 'actions', key: `${id}-more` },
        button(l10n.t('Show more ({0} left)', numberText(entries.length - shown)), () => {
          context.showMore(id);
        }),
      ),
  ];
}
