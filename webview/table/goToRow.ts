import * as l10n from '@vscode/l10n';
import { h } from '../ui/dom.ts';
import { Popup } from '../ui/popup.ts';
import { numberText } from '../ui/strings.ts';
import type { TableContext } from './context.ts';
import { field } from './controls.ts';

/** Asks for a line number and goes there. */
export function openGoToRow(context: TableContext, button: HTMLElement): void {
  const { lines, complete } = context.state;
  const range = complete
    ? l10n.t('Line number, 1 to {0}', numberText(lines))
    : l10n.t('Line number; {0} lines are known so far', numberText(lines));
  let text = '';
  const input = field(l10n.t('Go to line'), { placeholder: range, numeric: true }, (value) => {
    text = value;
  });
  input.setAttribute('data-autofocus', '');
  const popup = new Popup(
    h(
      'form',
      {
        class: 'form',
        role: 'dialog',
        'aria-label': l10n.t('Go to row'),
        on: {
          submit: (event) => {
            event.preventDefault();
            const line = lineOf(text);
            if (line === undefined) return;
            popup.close(false);
            context.focusGrid();
            void context.goToLine(Math.min(line, Math.max(1, lines)));
          },
        },
      },
      input,
      h('p', { class: 'muted' }, range),
    ),
    button.getBoundingClientRect(),
  );
}

/** The number in what was typed, however its digits are grouped. */
function lineOf(text: string): number | undefined {
  const digits = text.replace(/[\s.,_'’]/g, '');
  return /^\d{1,15}$/.test(digits) ? Math.max(1, Number(digits)) : undefined;
}
