import * as l10n from '@vscode/l10n';
import { untrustedText } from '../../src/protocol/untrustedText.ts';
import { h } from '../ui/dom.ts';
import { icon } from '../ui/icons.ts';
import { button } from '../ui/parts.ts';
import { numberText } from '../ui/strings.ts';
import { jsonLines, type JsonLine, type JsonPiece } from './jsonText.ts';

/** As much text as is shown at all, in UTF-16 code units, and as many lines at first. */
export const TEXT_LIMIT = 500_000;
const FIRST_LINES = 1000;
const MORE_LINES = 5000;
/** The text is untrusted, and so is its indentation. */
const DEEPEST_INDENT = 60;

/** A record's text, coloured, with objects and arrays that fold. */
export function recordText(text: string): HTMLElement {
  const lines = jsonLines(text.slice(0, TEXT_LIMIT));
  const elements: HTMLElement[] = [];
  const folded = new Set<number>();

  const toggle = (opener: number) => {
    if (!folded.delete(opener)) folded.add(opener);
    elements[opener]?.querySelector('.fold')?.setAttribute('aria-expanded', String(!folded.has(opener)));
    hideFolded(lines, elements, folded);
  };

  const record = h('div', { class: 'record', role: 'group', 'aria-label': l10n.t('Record'), tabindex: 0 });
  const showMore = (count: number) => {
    record.querySelector(':scope > .actions')?.remove();
    const from = elements.length;
    for (let number = from; number < Math.min(lines.length, from + count); number++) {
      const line = lines[number];
      if (line) elements.push(lineElement(line, () => toggle(number)));
    }
    record.append(...elements.slice(from));
    hideFolded(lines, elements, folded);
    const left = lines.length - elements.length;
    if (left > 0) {
      const more = button(l10n.t('Show more ({0} left)', numberText(left)), () => showMore(MORE_LINES));
      record.append(h('div', { class: 'actions' }, more));
    }
  };
  showMore(FIRST_LINES);
  return record;
}

function lineElement({ indent, pieces, closedBy }: JsonLine, onToggle: () => void): HTMLElement {
  const folds = closedBy !== undefined;
  const element = h(
    'div',
    { class: 'json-line' },
    folds &&
      h(
        'button',
        {
          type: 'button',
          class: 'fold',
          'aria-expanded': 'true',
          'aria-label': l10n.t('Fold {0}', untrustedText(nameOf(pieces), 60)),
          on: { click: onToggle },
        },
        icon('chevron', 'plain'),
      ),
    pieces.map(pieceElement),
    folds && h('span', { class: 'json-folded', 'aria-hidden': 'true' }, ' … '),
  );
  element.style.setProperty('--indent', `${Math.min(indent, DEEPEST_INDENT)}ch`);
  return element;
}

function pieceElement({ kind, text }: JsonPiece): HTMLElement {
  const element = h('bdi', { class: `json-${kind}` }, untrustedText(text, TEXT_LIMIT));
  return kind === 'line-end' ? h('span', {}, element, h('br')) : element;
}

/** The member that a line opens. */
function nameOf(pieces: readonly JsonPiece[]): string {
  return pieces.find(({ kind }) => kind === 'key')?.text ?? pieces[0]?.text ?? '';
}

function hideFolded(
  lines: readonly JsonLine[],
  elements: readonly HTMLElement[],
  folded: ReadonlySet<number>,
): void {
  let hiddenUntil = 0;
  elements.forEach((element, number) => {
    element.hidden = number < hiddenUntil;
    if (folded.has(number)) hiddenUntil = Math.max(hiddenUntil, lines[number]?.closedBy ?? 0);
  });
}
