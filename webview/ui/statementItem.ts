import * as l10n from '@vscode/l10n';
import type { LineageStatement, LineageStatementKind } from '../../src/protocol/lineagePanel.ts';
import { untrustedText } from '../../src/protocol/untrustedText.ts';
import { h } from './dom.ts';
import type { EvidenceContext } from './evidenceContext.ts';
import { icon, type IconName } from './icons.ts';
import { button, signature } from './parts.ts';
import { untrusted } from './text.ts';

const KIND_ICONS: Readonly<Record<LineageStatementKind, IconName>> = {
  dataset: 'dataset',
  sample: 'sample',
  review: 'review',
  step: 'step',
  revocation: 'revocation',
  advisory: 'flagged',
  acceptance: 'other',
  other: 'other',
};

/** One statement: what it claims, who signed it, and the way to trust them. */
export function statementItem(context: EvidenceContext, statement: LineageStatement): HTMLElement {
  const { keyId, signer } = statement;
  return h(
    'li',
    { class: 'entry', key: statement.id },
    icon(KIND_ICONS[statement.kind], 'plain'),
    h(
      'div',
      { class: 'entry-body' },
      h('div', { class: 'claim' }, untrusted(statement.claim)),
      signature(signer, statement.standing, statement.time),
      statement.note !== undefined && h('p', { class: 'note' }, untrusted(statement.note)),
      statement.standing === 'untrusted' &&
        !context.restricted &&
        h(
          'div',
          { class: 'actions' },
          button(
            l10n.t('Trust…'),
            () => {
              context.trustSigner(keyId);
            },
            { describedAs: l10n.t('Trust {0}…', untrustedText(signer, 200)) },
          ),
        ),
    ),
  );
}
