import type { TablePlace } from '../../src/protocol/sampleTable.ts';

/** Scrolling changes the place with every frame; so many milliseconds of rest are enough to tell the host. */
const REST = 300;

/** Tells the host what to remember, when it has changed and come to rest, or the page is about to go. */
export class Remember {
  private timer: number | undefined;
  private last = '';

  constructor(
    private readonly place: () => TablePlace,
    private readonly send: (place: TablePlace) => void,
  ) {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.now();
    });
    window.addEventListener('pagehide', () => this.now());
  }

  /** Something may have changed. */
  soon(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.now(), REST);
  }

  private now(): void {
    window.clearTimeout(this.timer);
    const place = this.place();
    const text = JSON.stringify(place);
    if (text === this.last) return;
    this.last = text;
    this.send(place);
  }
}
