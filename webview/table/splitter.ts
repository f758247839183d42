import * as l10n from '@vscode/l10n';
import { h } from '../ui/dom.ts';

const SMALLEST_DETAIL = 80;
/** What stays for the grid, in pixels. */
const SMALLEST_GRID = 120;
/** By how many pixels a key moves it. */
const STEP = 24;

/**
 * The line between grid and details, which mouse and arrow keys move.
 * @param heightOf the height of the details
 */
export function splitter(heightOf: () => number, onHeight: (height: number) => void): HTMLElement {
  const element = h('div', {
    class: 'splitter',
    role: 'separator',
    'aria-orientation': 'horizontal',
    'aria-label': l10n.t('Height of the details'),
    tabindex: 0,
  });
  element.addEventListener('keydown', (event) => {
    const step = { ArrowUp: STEP, ArrowDown: -STEP }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    onHeight(heightOf() + step);
  });
  element.addEventListener('pointerdown', (down) => {
    down.preventDefault();
    element.setPointerCapture(down.pointerId);
    const before = heightOf();
    const onMove = (move: PointerEvent) => {
      onHeight(before + down.clientY - move.clientY);
    };
    element.addEventListener('pointermove', onMove);
    element.addEventListener('lostpointercapture', () => element.removeEventListener('pointermove', onMove), {
      once: true,
    });
  });
  return element;
}

/** A height of the details that leaves room for both. */
export function clampedHeight(height: number, windowHeight: number): number {
  return Math.round(Math.max(SMALLEST_DETAIL, Math.min(height, windowHeight - SMALLEST_GRID)));
}
