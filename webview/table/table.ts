import * as l10n from '@vscode/l10n';
import { asProvenanceError } from '../../src/core/errors.ts';
import {
  REVIEW_FILTERS,
  type SampleTableHostMethods,
  type TableAction,
  type TableFilter,
  type TablePlace,
  type TableRow,
  type TableRows,
  type TableState,
} from '../../src/protocol/sampleTable.ts';
import { h, patch } from '../ui/dom.ts';
import { openMenu, type MenuGroups } from '../ui/menu.ts';
import type { Anchor } from '../ui/popup.ts';
import { errorText, numberText } from '../ui/strings.ts';
import { FIXED_COLUMNS, type Mark } from './cells.ts';
import { columnMenu } from './columnMenu.ts';
import { allColumns, clampedWidth, collapsed, expanded, shownColumns, type ShownColumn } from './columns.ts';
import type { TableContext, TableRpc } from './context.ts';
import { HEADER, moved, START, type Cursor, type CursorAction } from './cursor.ts';
import { DetailPane } from './detailPane.ts';
import { isFiltering } from './filter.ts';
import { Finder } from './finder.ts';
import { openGoToRow } from './goToRow.ts';
import { Grid, gridLabel, type GridListener, type Hit } from './grid.ts';
import { gridMessage } from './gridMessage.ts';
import { twistyOf } from './headerRow.ts';
import { gridCommand, pageCommand, type GridCommand, type PageCommand } from './keys.ts';
import { alertBar, notices, progressLine, type Message } from './notices.ts';
import { Remember } from './remember.ts';
import { rowMenu, selectedText, selectionBar } from './rowActions.ts';
import { RowStore } from './rowStore.ts';
import { rowsInView } from './scroll.ts';
import { SEARCH_FIELD } from './searchBox.ts';
import { includes, NOTHING, size, within } from './selection.ts';
import { clampedHeight, splitter } from './splitter.ts';
import { toolbar } from './toolbar.ts';

const COPIED_FOR = 1500;
const LIST_PAGE = 20;
/** So long the focus has to rest on a row before others follow it, in milliseconds. */
const FOLLOW_AFTER = 120;
const DEFAULT_DETAIL_HEIGHT = 280;

/**
 * The sample table: keeps the page in step with the host's state, and the rows with what is in view. It owns only what is
 * on the screen: cursor, selection, columns and where it is scrolled to.
 */
export class SampleTable implements TableContext, GridListener {
  readonly finder: Finder;
  copied: string | undefined;
  columns: readonly ShownColumn[] = [];
  allColumns: readonly ShownColumn[] = [];

  private readonly chrome = h('div', { class: 'chrome' });
  private readonly messageRoot = h('div', { class: 'grid-message' });
  private readonly bar: HTMLElement;
  private readonly live = h('div', { class: 'visually-hidden', role: 'status' });
  private readonly grid: Grid;
  private readonly store: RowStore;
  private readonly detail: DetailPane;
  private readonly splitter: HTMLElement;
  private readonly remember: Remember;

  private cursor: Cursor = START;
  private chosen: readonly string[] | undefined;
  private widths: Readonly<Record<string, number>> = {};
  private detailOpen = false;
  private detailHeight = DEFAULT_DETAIL_HEIGHT;
  private mark: Mark | undefined;
  private message: Message | undefined;
  private readonly shownOf = new Map<string, number>();
  /** Where to go as soon as there are so many rows; undefined once there, or when the user went elsewhere. */
  private pending: TablePlace | undefined;
  /** The line that keeps the focus while the rows of the view change. */
  private keptLine: number | undefined;
  private followTimer: number | undefined;
  /** Whether the focus is at a row that has not been followed yet. */
  private unfollowed = true;
  /** The line that was followed last. */
  private followed: number | undefined;
  private scheduled = false;

  /**
   * @param place what was remembered of an earlier life of the page
   * @param rows the first ones, where they are there
   */
  constructor(
    root: HTMLElement,
    readonly rpc: TableRpc,
    public state: TableState,
    place: TablePlace | null,
    rows?: TableRows,
  ) {
    this.finder = new Finder(
      (params, signal, onShare) =>
        rpc.call('find', params, {
          signal,
          onProgress: (share) => {
            if (typeof share === 'number') onShare(share);
          },
        }),
      () => {
        this.renderSoon();
      },
      (error) => {
        this.fail({ text: errorText(error) });
      },
    );
    this.store = new RowStore(
      (request, signal) => rpc.call('rows', request, { signal }),
      () => {
        this.renderSoon();
      },
      (error) => {
        this.fail({
          text: errorText(error),
          retry: () => {
            this.store.retry();
            this.dismiss();
          },
        });
      },
    );
    this.grid = new Grid(this);
    this.bar = selectionBar(this);
    this.detail = new DetailPane(this, () => {
      this.closeDetail();
    });
    this.splitter = splitter(
      () => this.detailHeight,
      (height) => {
        this.detailHeight = clampedHeight(height, window.innerHeight);
        this.renderSoon();
        this.remember.soon();
      },
    );
    this.remember = new Remember(
      () => this.place(),
      (remembered) => {
        void this.call('remember', { version: this.state.version, place: remembered });
      },
    );
    root.append(
      this.chrome,
      h('div', { class: 'grid-area' }, this.grid.element, this.messageRoot),
      this.bar,
      this.splitter,
      this.detail.element,
      this.live,
    );
    // Also while nothing has the focus.
    document.addEventListener('keydown', (event) => {
      this.onPageKey(event);
    });
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.render();
    });
    if (place) this.begin(place);
    if (rows) {
      this.layOutColumns();
      this.want(false);
      this.store.take(rows);
    }
    this.take(state);
    this.grid.element.focus({ preventScroll: true });
  }

  get restricted(): boolean {
    return this.state.restricted;
  }

  get selected(): number {
    return size(this.cursor.selection);
  }

  /** A new state of the host. */
  take(state: TableState): void {
    const old = this.state;
    this.state = state;
    const first = this.allColumns.length === 0;
    if (first || JSON.stringify(state.columns) !== JSON.stringify(old.columns)) this.layOutColumns();
    const otherFilter = JSON.stringify(state.filter) !== JSON.stringify(old.filter);
    // Without a filter, a row's place is its line: it stays the same row, once the host has dropped the filter.
    const mayMove = isFiltering(state.filter) || this.keptLine !== undefined;
    const otherRows = otherFilter || (state.version !== old.version && mayMove);
    if (otherRows) {
      this.keptLine ??= this.focusedRow()?.line;
      this.cursor = { ...this.cursor, anchor: Math.max(0, this.cursor.row), selection: NOTHING };
    }
    this.want(otherFilter);
    const filtered = old.filtering !== undefined && state.filtering === undefined;
    if (otherRows || filtered) void this.returnToLine();
    if (filtered)
      this.announce(state.count === 1 ? l10n.t('1 row') : l10n.t('{0} rows', numberText(state.count)));
    if (state.version !== old.version) this.follow(true);
    this.keepInside();
    this.arrive();
    this.render();
  }

  row(index: number): TableRow | undefined {
    return this.store.row(index);
  }

  async call<Name extends keyof SampleTableHostMethods>(
    name: Name,
    params: Parameters<SampleTableHostMethods[Name]>[0],
  ): Promise<boolean> {
    try {
      await this.rpc.call(name, params);
      return true;
    } catch (thrown) {
      const error = asProvenanceError(thrown);
      // The user knows what they cancelled.
      if (error.code !== 'cancelled') this.fail({ text: errorText(error) });
      return false;
    }
  }

  run(action: TableAction): void {
    const { selection, row } = this.cursor;
    if (row === HEADER && selection.length === 0) return;
    const ranges = selection.length > 0 ? selection : [[row, row] as const];
    void this.call('run', { action, version: this.state.version, ranges }).then((done) => {
      if (done && (action === 'copyJson' || action === 'copyDigests')) this.announce(l10n.t('Copied'));
    });
  }

  setFilter(filter: TableFilter): void {
    void this.call('setFilter', { filter });
  }

  setColumns(pointers: readonly string[] | undefined): void {
    this.chosen = pointers;
    this.layOutColumns();
    this.cursor = moved(this.cursor, { type: 'columns', by: 0 }, this.extent());
    this.want(false);
    this.render();
    this.remember.soon();
  }

  find(backwards: boolean): void {
    const { text, matchCase } = this.finder;
    this.mark = text === '' ? undefined : { text, matchCase };
    void this.finder.next(this.cursor.row, this.state.count, backwards).then((found) => {
      if (found) this.goTo(found.index);
    });
  }

  async goToLine(line: number): Promise<void> {
    this.userMoved();
    try {
      this.goTo(await this.rpc.call('indexOfLine', { line }));
    } catch (thrown) {
      this.fail({ text: errorText(asProvenanceError(thrown)) });
    }
  }

  focusGrid(): void {
    this.grid.element.focus({ preventScroll: true });
  }

  focusSearch(): void {
    const field = this.chrome.querySelector<HTMLInputElement>(SEARCH_FIELD);
    field?.focus();
    field?.select();
  }

  selectNone(): void {
    this.move({ type: 'select-none' });
  }

  /** Says it to who cannot see the page. */
  private announce(text: string): void {
    this.live.textContent = text;
  }

  copy(text: string): void {
    void this.call('copy', { text });
    this.copied = text;
    this.announce(l10n.t('Copied'));
    this.render();
    window.setTimeout(() => {
      if (this.copied !== text) return;
      this.copied = undefined;
      this.render();
    }, COPIED_FOR);
  }

  trustSigner(keyId: string): void {
    void this.call('trustSigner', { keyId });
  }

  shown(list: string): number {
    return this.shownOf.get(list) ?? LIST_PAGE;
  }

  showMore(list: string): void {
    this.shownOf.set(list, this.shown(list) + 5 * LIST_PAGE);
    this.render();
  }

  onScroll(): void {
    this.getRows();
    this.remember.soon();
  }

  onClick({ row, column, part, x, y }: Hit, event: MouseEvent): void {
    this.focusGrid();
    if (row === HEADER) {
      if (part === 'twisty') this.toggleMembers(column);
      else this.openColumnMenu(column, { left: x, top: y, bottom: y });
      return;
    }
    if (event.shiftKey) this.move({ type: 'go', row, column, extend: true });
    else if (event.ctrlKey || event.metaKey) this.move({ type: 'toggle', row, column });
    else if (column === 0) this.move({ type: 'select-row', row });
    else {
      this.move({ type: 'select-none' });
      this.move({ type: 'go', row, column });
    }
  }

  onDoubleClick({ row }: Hit): void {
    if (row !== HEADER) this.openDetail();
  }

  onMenu({ row, column, x, y }: Hit): void {
    this.focusGrid();
    const anchor = { left: x, top: y, bottom: y };
    if (row === HEADER) {
      this.openColumnMenu(column, anchor);
      return;
    }
    // The menu is about what is selected, if it was opened there.
    if (!includes(this.cursor.selection, row)) this.move({ type: 'select-none' });
    this.move({ type: 'go', row, column });
    this.openRowMenu(anchor);
  }

  onKey(event: KeyboardEvent): void {
    const command = gridCommand(event);
    if (!command || !this.perform(command)) return;
    // VS Code listens at the window, and has commands of its own for many of these keys.
    event.preventDefault();
    event.stopPropagation();
  }

  onWidth(pointer: string, width: number): void {
    this.widths = { ...this.widths, [pointer]: width };
    this.renderSoon();
    this.remember.soon();
  }

  /** @returns whether the key meant something */
  private perform(command: GridCommand): boolean {
    const { row, column } = this.cursor;
    switch (command.type) {
      case 'header':
        this.move({ type: 'go', row: HEADER });
        return true;
      case 'activate':
        if (row === HEADER) this.openColumnMenu(column, this.grid.activeRectangle());
        else this.openDetail();
        return true;
      case 'space':
        if (row === HEADER) this.toggleMembers(column);
        else this.move({ type: 'toggle', row });
        return true;
      case 'escape':
        if (this.detailOpen) this.closeDetail();
        else if (this.selected > 0) this.move({ type: 'select-none' });
        else return false;
        return true;
      case 'menu':
        if (row === HEADER) this.openColumnMenu(column, this.grid.activeRectangle());
        else this.openRowMenu(this.grid.activeRectangle());
        return true;
      case 'copy':
        this.run('copyJson');
        return true;
      case 'widen':
        this.widen(column, command.pixels);
        return true;
      default:
        this.move(command);
        return true;
    }
  }

  private onPageKey(event: KeyboardEvent): void {
    const command = pageCommand(event);
    if (command === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.performOnPage(command);
  }

  private performOnPage(command: PageCommand): void {
    switch (command) {
      case 'find':
        this.focusSearch();
        return;
      case 'find-next':
      case 'find-previous':
        if (this.finder.text === '') this.focusSearch();
        else this.find(command === 'find-previous');
        return;
      case 'go-to-row': {
        const button = this.chrome.querySelector<HTMLElement>('.go-to-row');
        if (button) openGoToRow(this, button);
        return;
      }
      case 'next-part':
      case 'previous-part':
        this.focusPart(command === 'next-part' ? 1 : -1);
    }
  }

  /** Toolbar, grid and details, one after the other. */
  private focusPart(step: number): void {
    const parts = [
      { root: this.chrome, target: this.chrome.querySelector<HTMLElement>(SEARCH_FIELD) },
      { root: this.grid.element, target: this.grid.element },
      ...(this.detailOpen ? [{ root: this.detail.element, target: this.detail.element }] : []),
    ];
    const at = parts.findIndex(({ root }) => root.contains(document.activeElement));
    parts.at((Math.max(at, 0) + step) % parts.length)?.target?.focus();
  }

  private move(action: CursorAction): void {
    this.userMoved();
    const before = this.cursor;
    this.cursor = moved(before, action, this.extent());
    const { row, column, selection } = this.cursor;
    this.renderGrid();
    if (action.type !== 'select-all' && action.type !== 'select-none') {
      if (row !== HEADER) this.grid.apply({ type: 'reveal', row });
      this.grid.revealColumn(column);
    }
    if (selection !== before.selection) {
      patch(this.bar, selectionBar(this));
      if (this.selected > 0 && this.selected !== size(before.selection))
        this.announce(selectedText(this.selected));
    }
    this.follow(false);
    this.remember.soon();
  }

  /** Focuses the row of the view, in the middle if it was not in view. */
  private goTo(index: number): void {
    this.userMoved();
    this.cursor = moved(this.cursor, { type: 'go', row: Math.max(0, index) }, this.extent());
    this.renderGrid();
    this.grid.apply({ type: 'center', row: this.cursor.row });
    this.follow(false);
    this.remember.soon();
  }

  /** What was to be restored is not where the user wants to be. */
  private userMoved(): void {
    this.pending = undefined;
    this.keptLine = undefined;
  }

  private extent() {
    return { rows: this.state.count, columns: FIXED_COLUMNS + this.columns.length, page: this.grid.page };
  }

  private focusedRow(): TableRow | undefined {
    return this.cursor.row === HEADER ? undefined : this.store.row(this.cursor.row);
  }

  /** Rows may have gone from the view. */
  private keepInside(): void {
    const { row, anchor, selection, column } = this.cursor;
    const last = Math.max(0, this.state.count - 1);
    // While the rows of a remembered place are not known yet, they are waited for.
    if (this.pending) return;
    this.cursor = {
      row: Math.min(row, last),
      column,
      anchor: Math.min(anchor, last),
      selection: within(selection, this.state.count),
    };
  }

  /** The line that had the focus gets it again, wherever it is in the view now. */
  private async returnToLine(): Promise<void> {
    const line = this.keptLine;
    if (line === undefined) return;
    const index = await this.rpc.call('indexOfLine', { line }).catch(() => undefined);
    if (index === undefined || line !== this.keptLine) return;
    this.goTo(index);
    // More rows may come, until the user goes elsewhere.
    this.keptLine = line;
  }

  /** Takes what was remembered. */
  private begin(place: TablePlace): void {
    this.chosen = place.columns;
    this.widths = place.widths;
    this.detailOpen = place.detailOpen;
    this.detailHeight = clampedHeight(place.detailHeight, window.innerHeight);
    this.cursor = {
      ...START,
      row: place.focusedIndex,
      anchor: place.focusedIndex,
      selection: place.selection,
    };
    this.pending = place;
  }

  /** Goes to the remembered place as soon as its rows are known. */
  private arrive(): void {
    const { pending, state } = this;
    if (!pending) return;
    const known = state.complete && state.filtering === undefined;
    if (!known && state.count <= Math.max(pending.topIndex, pending.focusedIndex)) return;
    this.pending = undefined;
    this.keepInside();
    this.renderGrid();
    this.grid.apply({ type: 'top', row: pending.topIndex });
    this.follow(false);
  }

  private place(): TablePlace {
    const { cursor, chosen, widths, detailOpen, detailHeight } = this;
    return {
      topIndex: this.pending?.topIndex ?? rowsInView(this.grid.place).first,
      focusedIndex: Math.max(0, cursor.row),
      selection: cursor.selection,
      ...(chosen === undefined ? {} : { columns: chosen }),
      widths,
      detailOpen,
      detailHeight,
    };
  }

  private layOutColumns(): void {
    this.allColumns = allColumns(this.state.columns);
    this.columns = shownColumns(this.state.columns, this.chosen);
  }

  private want(forget: boolean): void {
    const { version, count } = this.state;
    this.store.want({ version, count, columns: this.columns.map(({ column }) => column.pointer) }, forget);
  }

  /** Gets the rows in view. Nobody looks at a hidden tab. */
  private getRows(): void {
    if (document.hidden) return;
    const { first, end } = rowsInView(this.grid.place);
    this.store.show(first, end);
  }

  /** Details and the Lineage panel follow the focus, when it rests. */
  private follow(again: boolean): void {
    if (again) this.followed = undefined;
    this.unfollowed = true;
    window.clearTimeout(this.followTimer);
    this.followTimer = window.setTimeout(() => this.followNow(), FOLLOW_AFTER);
  }

  private followNow(): void {
    window.clearTimeout(this.followTimer);
    this.followTimer = undefined;
    const line = this.focusedRow()?.line;
    // A row that is on its way is followed when it comes.
    if (line === undefined || document.hidden) return;
    this.unfollowed = false;
    const changed = line !== this.followed;
    this.followed = line;
    if (changed) void this.call('focus', { line });
    if (this.detailOpen) void this.detail.show(line, changed);
  }

  private openDetail(): void {
    this.detailOpen = true;
    this.render();
    this.grid.apply({ type: 'reveal', row: Math.max(0, this.cursor.row) });
    this.followNow();
    this.remember.soon();
  }

  private closeDetail(): void {
    const hadFocus = this.detail.element.contains(document.activeElement);
    this.detailOpen = false;
    this.detail.clear();
    this.render();
    if (hadFocus) this.focusGrid();
    this.remember.soon();
  }

  private openRowMenu(anchor: Anchor): void {
    const groups: MenuGroups = [
      [{ label: l10n.t('Open details'), hint: l10n.t('Enter'), run: () => this.openDetail() }],
      ...rowMenu(this),
    ];
    openMenu(this.selected > 0 ? selectedText(this.selected) : l10n.t('Row'), anchor, () => groups);
  }

  private openColumnMenu(column: number, anchor: Anchor): void {
    const shown = this.columns[column - FIXED_COLUMNS];
    if (!shown) return;
    const groups = columnMenu(this, shown, anchor, (pixels) => this.widen(column, pixels));
    openMenu(shown.column.name, anchor, () => groups);
  }

  private toggleMembers(column: number): void {
    const place = column - FIXED_COLUMNS;
    const shown = this.columns[place];
    const twisty = twistyOf(this.columns, place);
    if (!shown || !twisty) return;
    if (twisty === 'closed') this.setColumns(expanded(this.columns, shown.column.pointer));
    else if (shown.parent !== undefined) this.setColumns(collapsed(this.columns, shown.parent));
  }

  private widen(column: number, pixels: number): void {
    const key = this.grid.widthKey(column);
    if (key !== undefined) this.onWidth(key, clampedWidth(this.grid.widthOf(column) + pixels));
  }

  private fail(message: Message): void {
    this.message = message;
    this.render();
  }

  private dismiss(): void {
    this.message = undefined;
    this.render();
    this.focusGrid();
  }

  /** Once a frame, however much has changed. */
  private renderSoon(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.render();
    });
  }

  private render(): void {
    const { state } = this;
    const focused = document.activeElement;
    patch(
      this.chrome,
      h(
        'div',
        { class: 'chrome' },
        toolbar(this, state),
        progressLine(state),
        alertBar(this.message, () => this.dismiss()),
        notices(this, state),
      ),
    );
    patch(this.messageRoot, h('div', { class: 'grid-message' }, gridMessage(this, state)));
    patch(this.bar, selectionBar(this));
    this.splitter.hidden = !this.detailOpen;
    this.splitter.setAttribute('aria-valuenow', String(this.detailHeight));
    this.detail.element.hidden = !this.detailOpen;
    this.detail.element.style.height = `${this.detailHeight}px`;
    if (this.detailOpen) this.detail.render();
    this.renderGrid();
    if (focused !== document.body && document.activeElement === document.body) this.returnFocus(focused);
  }

  /** Moving an element drops its focus; one that is gone leaves the keyboard user in the grid. */
  private returnFocus(element: Element | null): void {
    if (element instanceof HTMLElement && element.isConnected) element.focus({ preventScroll: true });
    else this.focusGrid();
  }

  private renderGrid(): void {
    const { state, columns, widths, cursor, mark } = this;
    this.grid.show({
      label: gridLabel(state.name),
      count: state.count,
      complete: state.complete && state.filtering === undefined,
      lines: state.lines,
      columns,
      widths,
      reviews: hasReviews(state),
      cursor,
      mark,
      busy: this.store.busy,
    });
    this.getRows();
    if (this.unfollowed && this.followTimer === undefined) this.followNow();
  }
}

/** Whether rows have marks beside their status: these need room. */
function hasReviews({ judged }: TableState): boolean {
  return judged !== undefined && REVIEW_FILTERS.some((review) => judged[review] > 0);
}
