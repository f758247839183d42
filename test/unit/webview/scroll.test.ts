import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  contentHeight,
  MAX_HEIGHT,
  pageOf,
  rowsInView,
  scrolled,
  scrollTopOf,
  UNSCROLLED,
  type Scroll,
  type ScrollAction,
} from '../../../webview/table/scroll.ts';

const HEIGHT = 21;

function scrollOf(rows: number, viewHeight = 500): Scroll {
  return scrolled(UNSCROLLED, { type: 'resize', rows, rowHeight: HEIGHT, viewHeight });
}

/** The `scrollTop` at which the browser stops. */
function endOf(scroll: Scroll): number {
  return contentHeight(scroll) - scroll.viewHeight;
}

const sizes = fc.record({
  rows: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 4_000_000_000 })),
  viewHeight: fc.integer({ min: 0, max: 3000 }),
});
const actions: fc.Arbitrary<ScrollAction> = fc.oneof(
  fc.record({ type: fc.constant('wheel' as const), pixels: fc.integer({ min: -100_000, max: 100_000 }) }),
  fc.record({
    type: fc.constant('drag' as const),
    scrollTop: fc.double({ min: 0, max: MAX_HEIGHT, noNaN: true }),
  }),
  fc.record({ type: fc.constantFrom('reveal', 'center', 'top'), row: fc.nat(4_000_000_000) }),
  fc.record({
    type: fc.constant('resize' as const),
    rows: fc.nat(4_000_000_000),
    rowHeight: fc.integer({ min: 16, max: 60 }),
    viewHeight: fc.integer({ min: 0, max: 3000 }),
  }),
);

describe('Scrolling the grid', () => {
  it('never leaves the rows, nor makes the element too high', () => {
    fc.assert(
      fc.property(sizes, fc.array(actions, { maxLength: 20 }), ({ rows, viewHeight }, all) => {
        const scroll = all.reduce(scrolled, scrollOf(rows, viewHeight));
        const end = Math.max(0, scroll.rows * scroll.rowHeight - scroll.viewHeight);
        assert.ok(scroll.y >= 0 && scroll.y <= end);
        assert.ok(contentHeight(scroll) <= MAX_HEIGHT + scroll.viewHeight);
        const { first, end: last } = rowsInView(scroll);
        assert.ok(first >= 0 && last <= scroll.rows && (scroll.rows === 0 || first < scroll.rows));
        assert.ok(last - first <= scroll.viewHeight / scroll.rowHeight + 2);
        const top = scrollTopOf(scroll);
        assert.ok(top >= 0 && top <= endOf(scroll) + 1e-6);
      }),
    );
  });

  it('reveals any row whole', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.nat(),
        fc.array(actions, { maxLength: 5 }),
        fc.constantFrom('reveal', 'center'),
        (size, row, all, type) => {
          const before = all.reduce(scrolled, scrollOf(size.rows, size.viewHeight));
          fc.pre(before.rows > 0 && before.viewHeight >= before.rowHeight);
          const { y, rowHeight, viewHeight } = scrolled(before, { type, row: row % before.rows });
          const top = (row % before.rows) * rowHeight;
          assert.ok(top >= y && top + rowHeight <= y + viewHeight);
        },
      ),
    );
  });

  it('moves by exact rows with the wheel, also where a pixel of the scroll bar is many rows', () => {
    let scroll = scrolled(scrollOf(10_000_000), { type: 'top', row: 5_000_000 });
    for (let i = 0; i < 1000; i++) scroll = scrolled(scroll, { type: 'wheel', pixels: 3 * HEIGHT });
    assert.deepEqual(rowsInView(scroll).first, 5_003_000);
    assert.equal(rowsInView(scroll).hidden, 0);
  });

  it('reaches the first and the last row when the scroll bar is dragged to its ends', () => {
    for (const rows of [10, 30, 1000, 400_000, 10_000_000]) {
      const scroll = scrolled(scrollOf(rows), { type: 'wheel', pixels: 5 });
      // The browser rounds to pixels of the screen.
      const end = scrolled(scroll, { type: 'drag', scrollTop: Math.max(0, endOf(scroll) - 0.4) });
      assert.equal(rowsInView(end).end, rows);
      assert.equal(end.y, Math.max(0, rows * HEIGHT - 500));
      assert.deepEqual(rowsInView(scrolled(end, { type: 'drag', scrollTop: 0 })), {
        first: 0,
        end: Math.min(rows, 24),
        hidden: 0,
      });
    }
  });

  it('follows the scroll bar pixel by pixel while there is no scale', () => {
    const scroll = scrolled(scrollOf(1000), { type: 'drag', scrollTop: 1234.5 });
    assert.equal(scroll.y, 1234.5);
    assert.equal(scrollTopOf(scroll), 1234.5);
  });

  it('lets whole rows stand at the top while the scroll bar of a scaled grid is dragged', () => {
    const scroll = scrolled(scrollOf(10_000_000), { type: 'drag', scrollTop: 4_000_000 });
    assert.equal(rowsInView(scroll).hidden, 0);
    assert.ok(Math.abs(rowsInView(scroll).first - 5_000_000) < 50);
  });

  it('puts a row that was out of view in the middle, and leaves one that was in view', () => {
    const scroll = scrolled(scrollOf(10_000_000), { type: 'center', row: 7_654_321 });
    assert.ok(Math.abs(7_654_321 * HEIGHT + HEIGHT / 2 - (scroll.y + 250)) <= 1);
    assert.equal(scrolled(scroll, { type: 'center', row: 7_654_325 }), scroll);
  });

  it('keeps the row at the top when rows get higher or more', () => {
    const scroll = scrolled(scrollOf(1_000_000), { type: 'top', row: 777 });
    const higher = scrolled(scroll, { type: 'resize', rows: 2_000_000, rowHeight: 33, viewHeight: 400 });
    assert.equal(rowsInView(higher).first, 777);
  });

  it('pages by one row less than fit', () => {
    assert.equal(pageOf(scrollOf(100)), 22);
    assert.equal(pageOf(scrollOf(100, 10)), 1);
  });
});
