import * as l10n from '@vscode/l10n';
import type { TableAction } from '../../src/protocol/sampleTable.ts';
import { h } from '../ui/dom.ts';
import type { MenuItem } from '../ui/menu.ts';
import { numberText } from '../ui/strings.ts';
import type { TableContext } from './context.ts';
import { tool } from './controls.ts';
import { restrictedReason } from './toolbar.ts';

/** Those that sign something. */
const SIGNING: ReadonlySet<TableAction> = new Set<TableAction>(['sign', 'flag', 'clear']);

function label(action: TableAction): string {
  switch (action) {
    case 'sign':
      return l10n.t('Sign…');
    case 'verify':
      return l10n.t('Verify');
    case 'flag':
      return l10n.t('Flag…');
    case 'clear':
      return l10n.t('Clear flag…');
    case 'copyJson':
      return l10n.t('Copy as JSON');
    case 'copyDigests':
      return l10n.t('Copy digests');
    case 'showLineage':
      return l10n.t('Show in Lineage');
  }
}

function disabledReason(context: TableContext, action: TableAction): string | undefined {
  return context.restricted && SIGNING.has(action) ? restrictedReason() : undefined;
}

export function selectedText(rows: number): string {
  return rows === 1 ? l10n.t('1 row selected') : l10n.t('{0} rows selected', numberText(rows));
}

/** What can be done with the selected rows; empty while none are. */
export function selectionBar(context: TableContext): HTMLElement {
  const { selected } = context;
  const actions = ['sign', 'flag', 'clear', 'verify', 'copyJson', 'copyDigests'] as const;
  return h(
    'div',
    { class: 'selection-bar', role: 'group', 'aria-label': l10n.t('Selection'), hidden: selected === 0 },
    h('span', { class: 'selected-count', role: 'status' }, selected > 0 && selectedText(selected)),
    selected > 0 && [
      actions.map((action) =>
        tool(label(action), () => context.run(action), {
          text: label(action),
          disabled: disabledReason(context, action),
          className: 'action',
          key: action,
        }),
      ),
      tool(
        l10n.t('Clear the selection'),
        () => {
          context.selectNone();
          context.focusGrid();
        },
        { icon: 'close', className: 'end' },
      ),
    ],
  );
}

/** The same as items of a row's menu. */
export function rowMenu(context: TableContext): MenuItem[][] {
  const item = (action: TableAction): MenuItem => ({
    label: label(action),
    hint: action === 'copyJson' ? l10n.t('Ctrl+C') : undefined,
    disabled: disabledReason(context, action),
    run: () => context.run(action),
  });
  return [
    [item('sign'), item('flag'), item('clear'), item('verify')],
    [item('copyJson'), item('copyDigests'), item('showLineage')],
  ];
}
