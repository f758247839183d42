import * as l10n from '@vscode/l10n';
import { untrustedText } from '../../src/protocol/untrustedText.ts';
import { openMenu, type MenuItem } from '../ui/menu.ts';
import { LISTED_COLUMNS, MAX_COLUMNS, toggledColumn } from './columns.ts';
import type { TableContext } from './context.ts';
import { labelOf } from './filter.ts';

/** Which columns are shown. */
export function openColumnChooser(context: TableContext, button: HTMLElement): void {
  openMenu(l10n.t('Columns'), button.getBoundingClientRect(), () => {
    const { columns, allColumns } = context;
    const shown = new Set(columns.map(({ column }) => column.pointer));
    const full = shown.size >= MAX_COLUMNS ? l10n.t('No more than {0} at once', MAX_COLUMNS) : undefined;
    const items = allColumns.slice(0, LISTED_COLUMNS).map((choice): MenuItem => {
      const { column } = choice;
      const checked = shown.has(column.pointer);
      return {
        label: labelOf(choice),
        hint: untrustedText(column.type, 24),
        checked,
        disabled: checked ? undefined : full,
        run: () => {
          context.setColumns(toggledColumn(context.state.columns, context.columns, column.pointer));
        },
      };
    });
    return [
      [
        {
          label: l10n.t('Show the usual columns'),
          run: () => {
            context.setColumns(undefined);
          },
        },
      ],
      items,
    ];
  });
}
