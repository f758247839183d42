import * as l10n from '@vscode/l10n';
import type { TableRow } from '../../src/protocol/sampleTable.ts';
import { h, patch } from '../ui/dom.ts';
import { numberText } from '../ui/strings.ts';
import { cellId, FIXED_COLUMNS, rowElement, type Mark } from './cells.ts';
import { clampedWidth, defaultWidth, type ShownColumn } from './columns.ts';
import { HEADER, type Cursor } from './cursor.ts';
import { headerId, headerRow } from './headerRow.ts';
import {
  contentHeight,
  pageOf,
  rowsInView,
  scrolled,
  scrollTopOf,
  UNSCROLLED,
  type Scroll,
  type ScrollAction,
} from './scroll.ts';
import { includes } from './selection.ts';

/** What the grid shows. */
export interface GridView {
  readonly label: string;
  /** Rows in the view. */
  readonly count: number;
  /** Whether `count` is final. */
  readonly complete: boolean;
  /** The highest line number, for the width of its column. */
  readonly lines: number;
  readonly columns: readonly ShownColumn[];
  /** Widths that the user set, by JSON pointer; of the status column by {@link STATUS_WIDTH}. */
  readonly widths: Readonly<Record<string, number>>;
  /** Whether some rows are flagged or cleared: their column needs the room. */
  readonly reviews: boolean;
  readonly cursor: Cursor;
  readonly mark: Mark | undefined;
  readonly busy: boolean;
}

/** A place that was clicked. */
export interface Hit {
  readonly row: number;
  readonly column: number;
  /** What of a header. */
  readonly part: 'cell' | 'twisty';
  readonly x: number;
  readonly y: number;
}

/** What the grid tells the page. */
export interface GridListener {
  row(index: number): TableRow | undefined;
  /** Other rows came into view. */
  onScroll(): void;
  onClick(hit: Hit, event: MouseEvent): void;
  onDoubleClick(hit: Hit): void;
  onMenu(hit: Hit): void;
  onKey(event: KeyboardEvent): void;
  onWidth(pointer: string, width: number): void;
}

/** Where the width of the status column is kept: no JSON pointer, as those are empty or begin with a slash. */
export const STATUS_WIDTH = 'status';

/** Rows drawn beyond the view's edges, for keyboards and screen readers that go one row further. */
const MARGIN = 4;
/** Height of a row, in ems of the editor's font, and at least in pixels. */
const ROW_HEIGHT = 1.75;
const SMALLEST_ROW = 20;
/** Width of a digit, in ems. */
const DIGIT = 0.62;

/** A drawn row, and what it was drawn from. */
interface Drawn {
  readonly element: HTMLElement;
  readonly row: TableRow | undefined;
  readonly epoch: number;
}

/**
 * The grid: headers, and only those rows that are in view. Its body stays in place while the element scrolls, and gets
 * the rows that belong there, so that a row is never half a pixel from where the scroll arithmetic says.
 */
export class Grid {
  readonly element: HTMLElement;
  private readonly canvas: HTMLElement;
  private readonly body: HTMLElement;
  private readonly layer: HTMLElement;
  private header: HTMLElement;
  private view: GridView | undefined;
  private scroll: Scroll = UNSCROLLED;
  private readonly drawn = new Map<number, Drawn>();
  /** Counts what makes all rows look different. */
  private epoch = 0;
  private active: Element | undefined;

  constructor(private readonly listener: GridListener) {
    this.header = headerRow([]);
    this.layer = h('div', { class: 'layer', role: 'presentation' });
    this.body = h('div', { class: 'body', role: 'rowgroup' }, this.layer);
    this.canvas = h('div', { class: 'canvas', role: 'presentation' }, this.header, this.body);
    this.element = h(
      'div',
      { class: 'grid', role: 'grid', tabindex: 0, 'aria-multiselectable': 'true', 'aria-readonly': 'true' },
      this.canvas,
    );
    this.listen();
  }

  /** The place of the rows. */
  get place(): Scroll {
    return this.scroll;
  }

  get page(): number {
    return pageOf(this.scroll);
  }

  /** Shows this. */
  show(view: GridView): void {
    const { view: old } = this;
    this.view = view;
    if (view.columns !== old?.columns || view.mark !== old.mark) this.epoch++;
    const { element } = this;
    element.setAttribute('aria-label', view.label);
    element.setAttribute('aria-colcount', String(FIXED_COLUMNS + view.columns.length));
    // -1 says that it is not known.
    element.setAttribute('aria-rowcount', String(view.complete ? view.count + 1 : -1));
    element.setAttribute('aria-busy', String(view.busy));
    patch(this.header, headerRow(view.columns));
    this.setWidths();
    this.resize();
  }

  /** Takes the sizes that the window, the font and the rows have now. */
  resize(): void {
    const { view } = this;
    if (!view) return;
    const rowHeight = this.rowHeight();
    this.element.style.setProperty('--row-height', `${rowHeight}px`);
    const viewHeight = Math.max(0, this.element.clientHeight - this.header.offsetHeight);
    this.apply({ type: 'resize', rows: view.count, rowHeight, viewHeight });
  }

  /** Scrolls. */
  apply(action: ScrollAction): void {
    const before = this.scroll;
    this.scroll = scrolled(before, action);
    const { element, scroll } = this;
    if (contentHeight(scroll) !== contentHeight(before) || scroll.viewHeight !== before.viewHeight) {
      this.body.style.height = `${scroll.viewHeight}px`;
      this.canvas.style.height = `${contentHeight(scroll) + this.header.offsetHeight}px`;
    }
    const top = scrollTopOf(scroll);
    if (action.type !== 'drag' && Math.abs(element.scrollTop - top) >= 1) element.scrollTop = top;
    this.draw();
    if (scroll.y !== before.y || scroll.viewHeight !== before.viewHeight) this.listener.onScroll();
  }

  /** Brings the focused cell into view from side to side. */
  revealColumn(column: number): void {
    const cell = this.headerCell(column)?.getBoundingClientRect();
    const { element } = this;
    if (!cell || column === 0) return;
    // The first columns stay where they are, and cover what is below them.
    const left = this.headerCell(Math.min(column, FIXED_COLUMNS) - 1)?.getBoundingClientRect().right ?? 0;
    const right = element.getBoundingClientRect().left + element.clientWidth;
    if (cell.left < left) element.scrollLeft -= left - cell.left;
    else if (cell.right > right) element.scrollLeft += Math.min(cell.right - right, cell.left - left);
  }

  /** The rectangle of the focused cell, for a menu beside it. */
  activeRectangle(): DOMRect {
    return (this.active ?? this.header).getBoundingClientRect();
  }

  /** The width of a column as it is drawn. */
  widthOf(column: number): number {
    return this.headerCell(column)?.offsetWidth ?? 0;
  }

  /** The key of {@link GridView.widths} for a column; undefined for the line numbers. */
  widthKey(column: number): string | undefined {
    return column === 1 ? STATUS_WIDTH : this.view?.columns[column - FIXED_COLUMNS]?.column.pointer;
  }

  private draw(): void {
    const { view } = this;
    if (!view) return;
    const { first, end, hidden } = rowsInView(this.scroll);
    const from = Math.max(0, first - MARGIN);
    const to = Math.min(view.count, end + MARGIN);
    this.layer.style.transform = `translateY(${-hidden - (first - from) * this.scroll.rowHeight}px)`;
    for (const [index, { element }] of this.drawn) {
      if (index >= from && index < to) continue;
      element.remove();
      this.drawn.delete(index);
    }
    let cursor = this.layer.firstChild;
    for (let index = from; index < to; index++) {
      const old = this.drawn.get(index)?.element;
      const element = this.rowAt(index, view);
      if (old && old !== element) {
        old.replaceWith(element);
        if (old === cursor) cursor = element;
      }
      if (element === cursor) cursor = cursor.nextSibling;
      else this.layer.insertBefore(element, cursor);
      this.markSelected(element, index, view.cursor);
    }
    this.markActive(view.cursor);
  }

  /** The element of this row: the one that is there, if it still shows the same. */
  private rowAt(index: number, view: GridView): HTMLElement {
    const old = this.drawn.get(index);
    const row = this.listener.row(index);
    if (old && old.row === row && old.epoch === this.epoch) return old.element;
    const element = rowElement(index, row, view.columns.length, view.mark);
    this.drawn.set(index, { element, row, epoch: this.epoch });
    return element;
  }

  private markSelected(element: HTMLElement, index: number, { row, selection }: Cursor): void {
    const selected = String(includes(selection, index));
    if (element.getAttribute('aria-selected') !== selected) element.setAttribute('aria-selected', selected);
    element.classList.toggle('current', index === row);
  }

  /** The grid keeps the focus itself, as a row may leave the page; this says which cell is meant. */
  private markActive({ row, column }: Cursor): void {
    const active = this.cellAt(row, column);
    if (active !== this.active) {
      this.active?.classList.remove('active');
      active?.classList.add('active');
      this.active = active;
    }
    if (!active) this.element.removeAttribute('aria-activedescendant');
    else if (this.element.getAttribute('aria-activedescendant') !== active.id) {
      this.element.setAttribute('aria-activedescendant', active.id);
    }
  }

  private cellAt(row: number, column: number): Element | undefined {
    if (row === HEADER) return this.headerCell(column);
    const element = this.drawn.get(row)?.element;
    // In a row of one wide cell, that one stands for all.
    return (
      element?.querySelector(`#${cellId(row, column)}`) ?? element?.querySelector('.spanning') ?? undefined
    );
  }

  private headerCell(column: number): HTMLElement | undefined {
    return this.header.querySelector<HTMLElement>(`#${headerId(column)}`) ?? undefined;
  }

  private fontSize(): number {
    return Number.parseFloat(getComputedStyle(this.body).fontSize);
  }

  private rowHeight(): number {
    return Math.max(SMALLEST_ROW, Math.round(this.fontSize() * ROW_HEIGHT));
  }

  private setWidths(): void {
    const { view } = this;
    if (!view) return;
    const widths = view.columns.map(({ column }) => view.widths[column.pointer] ?? defaultWidth(column));
    const last = widths.pop() ?? 0;
    const digits = Math.max(4, numberText(view.lines).length);
    const { style } = this.element;
    style.setProperty('--number-width', `${Math.ceil(digits * this.fontSize() * DIGIT) + 24}px`);
    style.setProperty('--status-width', `${view.widths[STATUS_WIDTH] ?? (view.reviews ? 240 : 120)}px`);
    // The last one takes what is left.
    style.setProperty(
      '--columns',
      [...widths.map((width) => `${width}px`), `minmax(${last}px, 1fr)`].join(' '),
    );
  }

  private listen(): void {
    const { element, listener } = this;
    element.addEventListener('scroll', () => {
      // Our own scrolling comes back as an event.
      if (Math.abs(element.scrollTop - scrollTopOf(this.scroll)) < 1) return;
      this.apply({ type: 'drag', scrollTop: element.scrollTop });
    });
    element.addEventListener(
      'wheel',
      (event) => {
        if (event.ctrlKey) return; // Zooms.
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? this.scroll.rowHeight : 1;
        const unit = event.deltaMode === WheelEvent.DOM_DELTA_PAGE ? this.scroll.viewHeight : lines;
        const [x, y] =
          event.shiftKey && event.deltaX === 0 ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
        event.preventDefault();
        element.scrollLeft += x * unit;
        if (y !== 0) this.apply({ type: 'wheel', pixels: y * unit });
      },
      { passive: false },
    );
    element.addEventListener('click', (event) => {
      const hit = hitOf(event);
      if (hit) listener.onClick(hit, event);
    });
    element.addEventListener('dblclick', (event) => {
      const hit = hitOf(event);
      if (hit) listener.onDoubleClick(hit);
    });
    element.addEventListener('contextmenu', (event) => {
      const hit = hitOf(event);
      event.preventDefault();
      if (hit) listener.onMenu(hit);
    });
    element.addEventListener('keydown', (event) => {
      listener.onKey(event);
    });
    this.header.addEventListener('pointerdown', (event) => {
      this.dragWidth(event);
    });
    new ResizeObserver(() => {
      this.resize();
    }).observe(element);
  }

  /** Makes a column as wide as the mouse says, until the button is released. */
  private dragWidth(down: PointerEvent): void {
    const handle = down.target instanceof Element ? down.target.closest<HTMLElement>('.resize') : null;
    const column = Number(handle?.parentElement?.getAttribute('data-column'));
    const key = handle ? this.widthKey(column) : undefined;
    if (!handle || key === undefined) return;
    down.preventDefault();
    handle.setPointerCapture(down.pointerId);
    const before = this.widthOf(column);
    const onMove = (move: PointerEvent) => {
      this.listener.onWidth(key, clampedWidth(before + move.clientX - down.clientX));
    };
    handle.addEventListener('pointermove', onMove);
    handle.addEventListener(
      'lostpointercapture',
      () => {
        handle.removeEventListener('pointermove', onMove);
      },
      { once: true },
    );
  }
}

function hitOf(event: MouseEvent): Hit | undefined {
  const target = event.target instanceof Element ? event.target : undefined;
  const cell = target?.closest('[aria-colindex]');
  if (!target || !cell || target.closest('.resize')) return undefined;
  const index = cell.closest('.row')?.getAttribute('data-index');
  return {
    row: typeof index === 'string' ? Number(index) : HEADER,
    column: Number(cell.getAttribute('aria-colindex')) - 1,
    part: target.closest('.twisty') ? 'twisty' : 'cell',
    x: event.clientX,
    y: event.clientY,
  };
}

/** The grid's own words for assistive technology. */
export function gridLabel(name: string): string {
  return l10n.t('Samples of {0}', name);
}
