import * as l10n from '@vscode/l10n';
import type {
  LineageDataset,
  LineageStatement,
  LineageStatementKind,
} from '../../src/protocol/lineagePanel.ts';
import { untrustedText } from '../../src/protocol/untrustedText.ts';
import { h } from '../ui/dom.ts';
import { icon, type IconName } from '../ui/icons.ts';
import { untrusted } from '../ui/text.ts';
import type { PanelContext } from './context.ts';
import { button, longList, section, signature } from './parts.ts';

const KIND_ICONS: Readonly<Record<LineageStatementKind, IconName>> = {
  dataset: 'dataset',
  sample: 'sample',
  review: 'review',
  step: 'step',
  revocation: 'revocation',
  other: 'other',
};

/** The statements about the dataset, newest first. */
export function evidenceSection(context: PanelContext, { statements }: LineageDataset): HTMLElement {
  return section(
    context,
    'evidence',
    l10n.t('Evidence'),
    statements.length,
    statements.length === 0
      ? h('p', { class: 'muted hint' }, l10n.t('Nobody has said anything about this dataset yet.'))
      : longList(context, 'evidence', l10n.t('Statements, newest first'), statements, (statement) =>
          statementItem(context, statement),
        ),
  );
}

/** One statement: what it claims, who signed it, and the way to trust them. */
export function statementItem(context: PanelContext, statement: LineageStatement): HTMLElement {
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
              context.call('trustSigner', { keyId });
            },
            { describedAs: l10n.t('Trust {0}…', untrustedText(signer, 200)) },
          ),
        ),
    ),
  );
}
