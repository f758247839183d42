import type { VsCodeApi } from '../ui/vscodePort.ts';

interface Remembered {
  readonly collapsed: readonly string[];
  readonly scroll: number;
}

/** What the panel remembers while it is hidden, when VS Code throws the page away. */
export class ViewMemory {
  readonly collapsed: Set<string>;
  private scroll: number;

  constructor(private readonly api: VsCodeApi) {
    const { collapsed, scroll } = remembered(api.getState());
    this.collapsed = new Set(collapsed);
    this.scroll = scroll;
    document.addEventListener('scrollend', () => {
      this.scroll = window.scrollY;
      this.save();
    });
  }

  toggle(section: string): void {
    if (!this.collapsed.delete(section)) this.collapsed.add(section);
    this.save();
  }

  restoreScroll(): void {
    window.scrollTo(0, this.scroll);
  }

  private save(): void {
    this.api.setState({ collapsed: [...this.collapsed], scroll: this.scroll } satisfies Remembered);
  }
}

/** An earlier version may have left something else. */
function remembered(state: unknown): Remembered {
  const { collapsed, scroll } = (state ?? {}) as { collapsed?: unknown; scroll?: unknown };
  return {
    collapsed: Array.isArray(collapsed) ? collapsed.filter((id) => typeof id === 'string') : [],
    scroll: typeof scroll === 'number' ? scroll : 0,
  };
}
