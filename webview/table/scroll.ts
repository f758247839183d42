/**
 * Where the grid is scrolled to, whatever the number of rows. The browser cannot make an element high enough for ten
 * million rows, so the scrolling element stands for them at a smaller scale, and the place is kept here, in pixels of
 * rows at full height, which a double counts exactly. Wheel and keys move by those; only dragging the scroll bar goes
 * through the scale.
 */
export interface Scroll {
  readonly rows: number;
  /** Height of a row in pixels. */
  readonly rowHeight: number;
  /** Height of the part of the grid in which rows are seen, in pixels. */
  readonly viewHeight: number;
  /** How far the upper edge of the view is below the upper edge of the first row, in pixels. */
  readonly y: number;
}

export type ScrollAction =
  /** The number of rows, their height or the view's changes; the row at the top stays there. */
  | {
      readonly type: 'resize';
      readonly rows: number;
      readonly rowHeight: number;
      readonly viewHeight: number;
    }
  | { readonly type: 'wheel'; readonly pixels: number }
  /** The scrolling element is now at this `scrollTop`. */
  | { readonly type: 'drag'; readonly scrollTop: number }
  /** Scrolls as little as is needed to show the row whole. */
  | { readonly type: 'reveal'; readonly row: number }
  /** As `reveal`, but a row that was not in view comes to the middle. */
  | { readonly type: 'center'; readonly row: number }
  | { readonly type: 'top'; readonly row: number };

/** Chromium cuts elements off at 33,554,428 px, which zooming multiplies: this stays well below. */
export const MAX_HEIGHT = 8_000_000;

export const UNSCROLLED: Scroll = { rows: 0, rowHeight: 22, viewHeight: 0, y: 0 };

/** The place after this action. It never leaves the rows. */
export function scrolled(scroll: Scroll, action: ScrollAction): Scroll {
  switch (action.type) {
    case 'resize': {
      const { rows, rowHeight, viewHeight } = action;
      return at({ rows, rowHeight, viewHeight, y: 0 }, (scroll.y / scroll.rowHeight) * rowHeight);
    }
    case 'wheel':
      return at(scroll, scroll.y + action.pixels);
    case 'drag':
      return at(scroll, draggedTo(scroll, action.scrollTop));
    case 'reveal':
      return at(scroll, revealing(scroll, action.row));
    case 'center':
      if (isInView(scroll, action.row)) return scroll;
      return at(
        scroll,
        Math.round(action.row * scroll.rowHeight - (scroll.viewHeight - scroll.rowHeight) / 2),
      );
    case 'top':
      return at(scroll, action.row * scroll.rowHeight);
  }
}

/** Height of the element that is scrolled, without the header, in pixels. */
export function contentHeight(scroll: Scroll): number {
  return scroll.viewHeight + scrollRange(scroll);
}

/** What the element's `scrollTop` has to be. */
export function scrollTopOf(scroll: Scroll): number {
  const travel = fullRange(scroll);
  return travel === 0 ? 0 : (scroll.y / travel) * scrollRange(scroll);
}

/** Rows `[first, end)` are at least partly in view, the first of them `hidden` pixels above the view. */
export function rowsInView(scroll: Scroll): { first: number; end: number; hidden: number } {
  const { rows, rowHeight, viewHeight, y } = scroll;
  const first = Math.min(Math.floor(y / rowHeight), Math.max(0, rows - 1));
  return {
    first,
    end: Math.min(rows, Math.ceil((y + viewHeight) / rowHeight)),
    hidden: y - first * rowHeight,
  };
}

/** By how many rows Page Up and Page Down move: one less than fit, so that the eye keeps hold. */
export function pageOf({ rowHeight, viewHeight }: Scroll): number {
  return Math.max(1, Math.floor(viewHeight / rowHeight) - 1);
}

function at(scroll: Scroll, y: number): Scroll {
  return { ...scroll, y: Math.min(Math.max(0, y), fullRange(scroll)) };
}

/** How far `y` can go. */
function fullRange({ rows, rowHeight, viewHeight }: Scroll): number {
  return Math.max(0, rows * rowHeight - viewHeight);
}

/** How far the element's `scrollTop` can go. */
function scrollRange(scroll: Scroll): number {
  return Math.min(fullRange(scroll), MAX_HEIGHT);
}

function isScaled(scroll: Scroll): boolean {
  return fullRange(scroll) > MAX_HEIGHT;
}

function draggedTo(scroll: Scroll, scrollTop: number): number {
  const range = scrollRange(scroll);
  // The browser rounds: the last pixel is the end.
  if (scrollTop > range - 1) return fullRange(scroll);
  if (!isScaled(scroll)) return scrollTop;
  if (scrollTop < 1) return 0;
  const y = (scrollTop / range) * fullRange(scroll);
  // A pixel of the scroll bar is many rows: whole ones are calmer to look at.
  return Math.round(y / scroll.rowHeight) * scroll.rowHeight;
}

function revealing({ y, rowHeight, viewHeight }: Scroll, row: number): number {
  const top = row * rowHeight;
  if (top < y || rowHeight > viewHeight) return top;
  return Math.max(y, top + rowHeight - viewHeight);
}

function isInView({ y, rowHeight, viewHeight }: Scroll, row: number): boolean {
  return row * rowHeight >= y && (row + 1) * rowHeight <= y + viewHeight;
}
