import { h, patch } from '../../ui/dom.ts';

const SHOW_AFTER = 350;
const HIDE_AFTER = 250;
const EDGE = 6;

/**
 * The card that shows what is known of a box: while the pointer rests on the box or on the card, or until the user is done
 * with it where the keyboard or a click asked for it.
 */
export class HoverCard {
  private readonly element = h('div', { class: 'card-place', hidden: true });
  private content: HTMLElement | undefined;
  private shownId: string | undefined;
  private timer: number | undefined;
  private pinned = false;

  constructor(
    private readonly build: (id: string) => HTMLElement | undefined,
    private readonly rectOf: (id: string) => DOMRect | undefined,
    private readonly giveBack: (id: string) => void,
  ) {
    document.body.append(this.element);
    this.element.addEventListener('pointerenter', () => {
      window.clearTimeout(this.timer);
    });
    this.element.addEventListener('pointerleave', () => {
      if (!this.pinned) this.hideSoon();
    });
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      const id = this.shownId;
      this.hide();
      if (id !== undefined) this.giveBack(id);
    });
    document.addEventListener(
      'pointerdown',
      ({ target }) => {
        if (target instanceof Node && !this.element.contains(target)) this.hide();
      },
      { capture: true },
    );
    window.addEventListener('blur', () => this.hide());
    window.addEventListener('scroll', () => this.hide(), { passive: true });
  }

  /** The pointer is on this box, or on none. */
  hover(id: string | undefined): void {
    window.clearTimeout(this.timer);
    if (id === this.shownId || this.pinned) return;
    if (id === undefined) this.hideSoon();
    else this.timer = window.setTimeout(() => this.show(id, false), SHOW_AFTER);
  }

  /** Shows the card and gives it the focus; Escape gives it back. */
  pin(id: string): void {
    this.show(id, true);
    this.content?.focus({ preventScroll: true });
  }

  hide(): void {
    window.clearTimeout(this.timer);
    this.shownId = undefined;
    this.pinned = false;
    this.element.toggleAttribute('hidden', true);
    this.content?.remove();
    this.content = undefined;
  }

  /** What it shows may be new. */
  refresh(): void {
    if (this.shownId === undefined || !this.content) return;
    const content = this.build(this.shownId);
    if (content) patch(this.content, content);
    else this.hide();
  }

  private hideSoon(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.hide(), HIDE_AFTER);
  }

  private show(id: string, pinned: boolean): void {
    const rect = this.rectOf(id);
    const content = this.build(id);
    if (!rect || !content) return;
    this.hide();
    this.shownId = id;
    this.pinned = pinned;
    this.content = content;
    this.element.append(content);
    this.element.toggleAttribute('hidden', false);
    this.place(rect);
  }

  /** Below or above the box where there is room, else beside it; over it only where nothing else is left. */
  private place(rect: DOMRect): void {
    const { width, height } = this.element.getBoundingClientRect();
    const [right, bottom] = [window.innerWidth - EDGE, window.innerHeight - EDGE];
    const clamp = (value: number, most: number) => Math.max(EDGE, Math.min(value, most));
    const { style } = this.element;
    const put = (left: number, top: number) => {
      style.left = `${clamp(left, right - width)}px`;
      style.top = `${clamp(top, bottom - height)}px`;
    };
    if (rect.bottom + EDGE + height <= bottom) put(rect.left, rect.bottom + EDGE);
    else if (rect.top - EDGE - height >= EDGE) put(rect.left, rect.top - EDGE - height);
    else if (rect.right + EDGE + width <= right) put(rect.right + EDGE, rect.top);
    else if (rect.left - EDGE - width >= EDGE) put(rect.left - EDGE - width, rect.top);
    else put(rect.left, rect.bottom + EDGE);
  }
}
