import { h, patch } from './dom.ts';

/** Where a popup opens: below or above this rectangle. */
export interface Anchor {
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
}

/** Between a popup and the edges of the window, in pixels. */
const EDGE = 4;

let closeOpen: (() => void) | undefined;

/**
 * Something that lies over the page until the user is done with it: Escape and a click elsewhere close it, and the
 * focus goes back to where it was. There is one at a time.
 */
export class Popup {
  private readonly element: HTMLElement;
  private readonly returnTo: Element | null;
  private readonly stop = new AbortController();

  /** @param content made by {@link h} */
  constructor(
    private readonly content: HTMLElement,
    private readonly anchor: Anchor,
  ) {
    closeOpen?.();
    closeOpen = () => this.close(false);
    this.returnTo = document.activeElement;
    this.element = h('div', { class: 'popup' });
    this.element.append(content);
    document.body.append(this.element);
    this.place();
    const { signal } = this.stop;
    document.addEventListener(
      'pointerdown',
      (event) => {
        if (event.target instanceof Node && !this.element.contains(event.target)) this.close(false);
      },
      { signal, capture: true },
    );
    window.addEventListener('blur', () => this.close(false), { signal });
    window.addEventListener('resize', () => this.close(false), { signal });
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      this.close();
    });
    this.element.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.element.contains(relatedTarget)) this.close(false);
    });
    (content.querySelector<HTMLElement>('[data-autofocus]') ?? content).focus();
  }

  /** Shows this instead, with as few changes as possible. */
  update(content: HTMLElement): void {
    patch(this.content, content);
  }

  /** @param giveBack whether the focus goes back to where it was */
  close(giveBack = true): void {
    if (this.stop.signal.aborted) return;
    closeOpen = undefined;
    this.stop.abort();
    if (giveBack && this.returnTo instanceof HTMLElement) this.returnTo.focus({ preventScroll: true });
    this.element.remove();
  }

  private place(): void {
    const { anchor } = this;
    const { style } = this.element;
    const { width, height } = this.element.getBoundingClientRect();
    const left = Math.max(EDGE, Math.min(anchor.left, window.innerWidth - width - EDGE));
    const fitsBelow = anchor.bottom + height + EDGE <= window.innerHeight;
    const top = fitsBelow ? anchor.bottom : Math.max(EDGE, anchor.top - height);
    style.left = `${left}px`;
    style.top = `${fitsBelow ? top : Math.min(top, Math.max(EDGE, window.innerHeight - height - EDGE))}px`;
  }
}
