import type { LineageView } from '../../src/protocol/lineagePanel.ts';
import type { VsCodeApi } from '../ui/vscodePort.ts';

interface Remembered {
  readonly collapsed: readonly string[];
  readonly scroll: number;
  readonly view: LineageView;
  readonly asList: boolean;
}

/** What is remembered of the drawing. */
export interface GraphMemory {
  readonly view: LineageView;
  /** Whether it is shown as a list. */
  readonly asList: boolean;
  setView(view: LineageView): void;
  setAsList(asList: boolean): void;
}

/** What the panel remembers while it is hidden, when VS Code throws the page away. */
export class ViewMemory implements GraphMemory {
  readonly collapsed: Set<string>;
  private scroll: number;
  view: LineageView;
  asList: boolean;

  constructor(private readonly api: VsCodeApi) {
    const { collapsed, scroll, view, asList } = remembered(api.getState());
    this.collapsed = new Set(collapsed);
    this.scroll = scroll;
    this.view = view;
    this.asList = asList;
    document.addEventListener('scrollend', () => {
      this.scroll = window.scrollY;
      this.save();
    });
  }

  toggle(section: string): void {
    if (!this.collapsed.delete(section)) this.collapsed.add(section);
    this.save();
  }

  setView(view: LineageView): void {
    this.view = view;
    this.save();
  }

  setAsList(asList: boolean): void {
    this.asList = asList;
    this.save();
  }

  restoreScroll(): void {
    window.scrollTo(0, this.scroll);
  }

  private save(): void {
    const { scroll, view, asList } = this;
    this.api.setState({ collapsed: [...this.collapsed], scroll, view, asList } satisfies Remembered);
  }
}

/** An earlier version may have left something else. */
function remembered(state: unknown): Remembered {
  const { collapsed, scroll, view, asList } = (state ?? {}) as Record<keyof Remembered, unknown>;
  return {
    collapsed: Array.isArray(collapsed) ? collapsed.filter((id) => typeof id === 'string') : [],
    scroll: typeof scroll === 'number' ? scroll : 0,
    view: view === 'dataset' || view === 'workspace' ? view : 'sample',
    // A drawing says nothing to those who listen.
    asList:
      typeof asList === 'boolean' ? asList : document.body.classList.contains('vscode-using-screen-reader'),
  };
}
