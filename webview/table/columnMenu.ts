import * as l10n from '@vscode/l10n';
import type { MenuItem } from '../ui/menu.ts';
import type { Anchor } from '../ui/popup.ts';
import { openColumnFilter } from './columnFilter.ts';
import { collapsed, expanded, toggledColumn, type ShownColumn } from './columns.ts';
import type { TableContext } from './context.ts';
import { columnLabel } from './filter.ts';

/** What can be done with a column of the samples. */
export function columnMenu(
  context: TableContext,
  { column, parent }: ShownColumn,
  anchor: Anchor,
  resize: (pixels: number) => void,
): MenuItem[][] {
  const { columns, allColumns } = context;
  const { pointer } = column;
  const structure: MenuItem[] = [];
  if (column.children.length > 0) {
    structure.push({
      label: l10n.t('Show members as columns'),
      run: () => context.setColumns(expanded(columns, pointer)),
    });
  }
  if (parent !== undefined) {
    structure.push({
      label: l10n.t('Back to one column: {0}', columnLabel(parent, allColumns)),
      run: () => context.setColumns(collapsed(columns, parent)),
    });
  }
  return [
    structure,
    [
      { label: l10n.t('Filter by this column…'), run: () => openColumnFilter(context, anchor, pointer) },
      {
        label: l10n.t('Find in this column'),
        run: () => {
          context.finder.change({ column: pointer });
          context.focusSearch();
        },
      },
    ],
    [
      { label: l10n.t('Wider'), hint: l10n.t('Alt+Shift+Right'), run: () => resize(48) },
      { label: l10n.t('Narrower'), hint: l10n.t('Alt+Shift+Left'), run: () => resize(-48) },
      {
        label: l10n.t('Hide'),
        disabled: columns.length === 1 ? l10n.t('The last column stays') : undefined,
        run: () => context.setColumns(toggledColumn(context.state.columns, columns, pointer)),
      },
    ],
    [
      {
        label: l10n.t('Sort'),
        disabled: l10n.t('The order of the file is part of what is signed'),
      },
    ],
  ];
}
