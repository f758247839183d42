import * as l10n from '@vscode/l10n';
import type { LineageDataset } from '../../src/protocol/lineagePanel.ts';
import { h } from '../ui/dom.ts';
import { longList } from '../ui/parts.ts';
import { statementItem } from '../ui/statementItem.ts';
import type { PanelContext } from './context.ts';
import { section } from './section.ts';

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
