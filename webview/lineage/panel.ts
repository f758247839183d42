import * as l10n from '@vscode/l10n';
import { asProvenanceError } from '../../src/core/errors.ts';
import type {
  LineageHostEvents,
  LineageHostMethods,
  LineagePanelMethods,
  LineageState,
} from '../../src/protocol/lineagePanel.ts';
import type { Rpc } from '../../src/protocol/rpc.ts';
import { h, patch } from '../ui/dom.ts';
import { errorText, useStrings } from '../ui/strings.ts';
import type { PanelContext } from './context.ts';
import { GRAPH_SECTION, GraphView } from './graph/graphView.ts';
import { details, summary, type Message } from './view.ts';
import type { ViewMemory } from './viewMemory.ts';

export type LineageRpc = Rpc<LineageHostMethods, LineagePanelMethods, LineageHostEvents>;

const READY_TIMEOUT = 15_000;
const COPIED_FOR = 1500;
const PAGE = 20;

const FIRST_BUTTON = '.dataset .actions vscode-button';
const sectionToggle = (id: string) => `[data-section="${id}"] .section-toggle`;

/** Keeps the page in step with the host's state. The host owns the data; this owns only what is folded and shown. */
export class LineagePanel implements PanelContext {
  private state: LineageState | undefined;
  private message: Message | undefined;
  private readonly underway = new Set<string>();
  private readonly shownOf = new Map<string, number>();
  private subject = '';
  private readonly graph: GraphView;
  /** What stands before and after the drawing. */
  private readonly before = h('div', { class: 'summary-part' });
  private readonly after = h('div', { class: 'details-part' });
  copied: string | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly rpc: LineageRpc,
    private readonly memory: ViewMemory,
  ) {
    this.graph = new GraphView(this, rpc, memory);
    root.className = 'panel';
    root.append(this.before, this.after);
    rpc.on('state', (state) => {
      this.show(state);
    });
  }

  get restricted(): boolean {
    return this.state?.restricted === true;
  }

  /** Asks the host for the state. */
  async start(): Promise<void> {
    this.message = undefined;
    this.render();
    try {
      const { state, strings } = await this.rpc.call('ready', this.graph.viewpoint, {
        timeout: READY_TIMEOUT,
      });
      useStrings(strings);
      // A state that came as an event while this call was answered is newer.
      this.show(this.state ?? state);
      this.memory.restoreScroll();
    } catch (error) {
      this.message = {
        text: errorText(asProvenanceError(error)),
        retry: () => {
          void this.start();
        },
      };
      this.render();
    }
  }

  /** Puts the keyboard's focus into the drawing, once it is there. */
  focusGraph(): void {
    if (this.isCollapsed(GRAPH_SECTION)) this.toggle(GRAPH_SECTION);
    this.graph.focus();
  }

  /** Shows what the clock changes: "2 minutes ago". */
  refresh(): void {
    this.render();
  }

  call<Name extends keyof LineageHostMethods>(
    name: Name,
    params: Parameters<LineageHostMethods[Name]>[0],
  ): void {
    const key = JSON.stringify([name, params]);
    if (this.underway.has(key)) return;
    this.underway.add(key);
    this.message = undefined;
    this.render();
    this.rpc
      .call(name, params)
      .catch((thrown: unknown) => {
        const error = asProvenanceError(thrown);
        // The user knows what they cancelled.
        if (error.code !== 'cancelled') this.message = { text: errorText(error) };
      })
      .finally(() => {
        this.underway.delete(key);
        this.render();
      });
  }

  copy(text: string): void {
    this.call('copy', { text });
    this.copied = text;
    this.render();
    window.setTimeout(() => {
      if (this.copied !== text) return;
      this.copied = undefined;
      this.render();
    }, COPIED_FOR);
  }

  trustSigner(keyId: string): void {
    this.call('trustSigner', { keyId });
  }

  dismiss(): void {
    this.message = undefined;
    this.render();
  }

  isCollapsed(section: string): boolean {
    return this.memory.collapsed.has(section);
  }

  toggle(section: string): void {
    this.memory.toggle(section);
    this.render();
  }

  shown(list: string): number {
    return this.shownOf.get(list) ?? PAGE;
  }

  showMore(list: string): void {
    this.shownOf.set(list, this.shown(list) + 5 * PAGE);
    this.render();
  }

  private show(state: LineageState): void {
    const subject = state.dataset?.path ?? '';
    if (subject !== this.subject) this.shownOf.clear();
    this.subject = subject;
    this.state = state;
    this.render();
  }

  private render(): void {
    const focused = document.activeElement;
    const place = focused?.closest('[data-section]')?.getAttribute('data-section');
    this.root.setAttribute('aria-label', l10n.t('Lineage'));
    patch(this.before, summary(this, this.state, this.message));
    if (this.state) {
      if (!this.graph.element.isConnected) this.before.after(this.graph.element);
      this.graph.refresh();
    }
    patch(this.after, details(this, this.state));
    if (!focused || focused === document.body || focused === document.activeElement) return;
    // Moving an element drops its focus; one that is gone leaves the keyboard user at its section.
    if (focused.isConnected && focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    else this.root.querySelector<HTMLElement>(place ? sectionToggle(place) : FIRST_BUTTON)?.focus();
  }
}
