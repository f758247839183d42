import * as l10n from '@vscode/l10n';
import { asProvenanceError } from '../../../src/core/errors.ts';
import type {
  LineageBox,
  LineageGraphState,
  LineageView,
  LineageViewpoint,
} from '../../../src/protocol/lineagePanel.ts';
import type { Layout, LayoutRequest } from '../../../src/protocol/lineageWorker.ts';
import { h, patch, type Child } from '../../ui/dom.ts';
import { icon, type IconName } from '../../ui/icons.ts';
import { openMenu, type MenuGroups } from '../../ui/menu.ts';
import { busyRing } from '../../ui/parts.ts';
import { errorText, numberText } from '../../ui/strings.ts';
import { untrusted } from '../../ui/text.ts';
import type { PanelContext } from '../context.ts';
import type { LineageRpc } from '../panel.ts';
import { section } from '../section.ts';
import type { GraphMemory } from '../viewMemory.ts';
import { card, type CardAction } from './card.ts';
import { issueSign } from './describe.ts';
import { Drawing, type DrawingUser } from './drawing.ts';
import { find } from './find.ts';
import type { DrawnBox } from './fold.ts';
import { HoverCard } from './hoverCard.ts';
import { pngOf, svgDocument } from './image.ts';
import { TextMeasure } from './measure.ts';
import { issuesByBox, issuesOfDrawn, layoutRequest, placed, sketch, type Scene } from './scene.ts';
import { tree, treeNote, treeRows, type TreeRow } from './tree.ts';

export const GRAPH_SECTION = 'graph';

/** From this width on, the drawing goes from left to right. */
const WIDE = 600;
const ZOOM_STEP = 1.25;
/** A layout that takes longer is shown as going on. */
const BUSY_AFTER_MS = 250;
const MAX_LISTED_ISSUES = 50;

/** The drawing of the lineage, its list, and all that is done with them. */
export class GraphView {
  readonly element: HTMLElement;
  private readonly body: Element | null;
  private readonly head: HTMLElement;
  private readonly foot: HTMLElement;
  private readonly list: HTMLElement;
  private readonly measure = new TextMeasure();
  private readonly drawing: Drawing;
  private readonly hoverCard: HoverCard;
  private graph: LineageGraphState | undefined;
  private scene: Scene | undefined;
  /** What {@link scene} was laid out for. */
  private layoutKey = '';
  private layout: { key: string; result: Layout } | undefined;
  private layingOut: AbortController | undefined;
  private busy = false;
  private error: string | undefined;
  /** Folds that the user opened. */
  private readonly open = new Set<string>();
  /** Datasets that the user went to, the last one at the end. */
  private readonly visited: string[] = [];
  private search: { text: string; found: readonly string[]; at: number } | undefined;
  private rows: readonly TreeRow[] = [];
  private readonly toggled = new Set<string>();
  private focusedRow: string | undefined;
  private shown = false;
  /** What is drawn was seen already, so that a change keeps its place. */
  private seenFor = '';

  constructor(
    private readonly context: PanelContext,
    private readonly rpc: LineageRpc,
    private readonly memory: GraphMemory,
  ) {
    this.drawing = new Drawing(this.measure, this.drawingUser());
    this.head = h('div', { class: 'graph-head' });
    this.foot = h('div', { class: 'graph-foot' });
    this.list = h('div', { class: 'graph-list' });
    this.element = this.frame();
    this.body = this.element.querySelector('.section-body');
    this.body?.append(this.head, this.drawing.element, this.list, this.foot);
    this.hoverCard = new HoverCard(
      (id) => this.cardOf(id),
      (id) => this.rectOf(id),
      () => this.focus(),
    );
    rpc.on('graph', (graph) => {
      this.show(graph);
    });
    new ResizeObserver(() => {
      this.update();
    }).observe(this.drawing.element);
  }

  get viewpoint(): LineageViewpoint {
    const at = this.visited.at(-1);
    return { view: this.memory.view, ...(at !== undefined && { at }) };
  }

  /** Gives the drawing, or the list, the focus. */
  focus(): void {
    if (this.memory.asList) this.focusTree();
    else this.drawing.focus();
  }

  /** Shows what the panel around it changed: whether the section is folded, a copied text, the clock. */
  refresh(): void {
    // What is not seen is not asked for.
    const shown = !this.context.isCollapsed(GRAPH_SECTION);
    if (shown !== this.shown) {
      this.shown = shown;
      if (shown) this.ask();
      else this.rpc.call('hideGraph', null).catch(() => undefined);
    }
    this.hoverCard.refresh();
    this.render();
  }

  /** The section without what is drawn in it. */
  private frame(): HTMLElement {
    return section(this.context, GRAPH_SECTION, l10n.t('Lineage'), undefined);
  }

  private ask(): void {
    this.rpc.call('showGraph', this.viewpoint).catch((thrown: unknown) => {
      this.error = errorText(asProvenanceError(thrown));
      this.render();
    });
  }

  private show(graph: LineageGraphState): void {
    // An answer to what was asked before.
    if (graph.view !== this.memory.view) return;
    this.graph = graph;
    this.error = undefined;
    if (this.search) this.search = { ...this.search, found: find(graph.boxes, this.search.text) };
    this.update();
  }

  /** Brings the drawing up to date with the graph, the folds and the width. */
  private update(): void {
    const { graph } = this;
    // First, since a drawing that is hidden has no width.
    this.render();
    if (!graph || !this.shown || this.memory.asList || this.drawing.room.width === 0) return;
    this.measure.refresh();
    const drawn = sketch(graph, this.open, new Set(this.search?.found ?? []));
    const request = layoutRequest(drawn, this.drawing.room.width >= WIDE ? 'right' : 'down');
    const key = JSON.stringify(request);
    if (this.layout?.key === key) {
      this.layingOut?.abort();
      this.setScene(placed(drawn, request, this.layout.result));
    } else if (this.layoutKey !== key) {
      this.layoutKey = key;
      void this.layOut(key, request);
    }
  }

  private async layOut(key: string, request: LayoutRequest): Promise<void> {
    this.layingOut?.abort();
    const layingOut = new AbortController();
    this.layingOut = layingOut;
    const timer = window.setTimeout(() => {
      this.busy = true;
      this.render();
    }, BUSY_AFTER_MS);
    try {
      const result =
        request.nodes.length === 0
          ? { width: 1, height: 1, nodes: [], edges: [] }
          : await this.rpc.call('layout', request, { signal: layingOut.signal });
      if (layingOut.signal.aborted) return;
      this.layout = { key, result };
      this.error = undefined;
    } catch (thrown) {
      const error = asProvenanceError(thrown);
      if (layingOut.signal.aborted || error.code === 'cancelled') return;
      this.error = errorText(error);
    } finally {
      window.clearTimeout(timer);
      if (this.layingOut === layingOut) {
        this.busy = false;
        this.layoutKey = '';
      }
    }
    this.update();
  }

  private setScene(scene: Scene): void {
    this.scene = scene;
    const subject = `${this.memory.view} ${this.visited.at(-1) ?? ''} ${this.subject()}`;
    this.drawing.show(scene, subject !== this.seenFor);
    this.seenFor = subject;
    this.hoverCard.refresh();
  }

  /** What the drawing is about: another one is another drawing. The whole workspace is always the same one. */
  private subject(): string {
    return this.memory.view === 'workspace' ? '' : (this.graph?.current ?? '');
  }

  private setView(view: LineageView): void {
    if (view === this.memory.view && this.visited.length === 0) return;
    this.memory.setView(view);
    this.visited.length = 0;
    this.forgetGraph();
    this.ask();
    this.render();
  }

  /** Stands at another dataset, in its own lineage. */
  private goTo(dataset: string): void {
    if (this.memory.view === 'sample') this.memory.setView('dataset');
    this.visited.push(dataset);
    this.forgetGraph();
    this.ask();
    this.drawing.focusNext();
    this.render();
  }

  private forgetGraph(): void {
    this.open.clear();
    this.hoverCard.hide();
    this.endSearch();
  }

  /** One step back: to the dataset before, or to the box that everything is about. */
  private back(): void {
    if (this.visited.pop() !== undefined) {
      this.forgetGraph();
      this.ask();
      this.render();
      return;
    }
    const current = this.scene?.current;
    if (!this.memory.asList && current !== undefined) this.drawing.focus(current);
  }

  private drawingUser(): DrawingUser {
    return {
      activate: (id) => {
        this.activate(id);
      },
      showCard: (id) => {
        this.hoverCard.pin(id);
      },
      openMenu: (id, anchor) => {
        const box = this.boxOf(id);
        if (box) this.openBoxMenu(box, anchor);
      },
      hover: (id) => {
        this.hoverCard.hover(id);
      },
      back: () => {
        this.back();
      },
      search: () => {
        this.startSearch();
      },
      moved: () => {
        this.hoverCard.hide();
      },
    };
  }

  /** What Enter and a click do. */
  private activate(id: string): void {
    const box = this.boxOf(id);
    switch (box?.kind) {
      case undefined:
        return;
      case 'dataset':
        if (canOpen(box)) this.openFile(box);
        else this.hoverCard.pin(id);
        return;
      case 'step':
        this.hoverCard.pin(id);
        return;
      case 'fold':
        this.unfold(box.id);
        return;
      case 'more':
        this.goTo(box.at);
        return;
    }
  }

  private openFile({ id, sample }: Extract<LineageBox, { kind: 'dataset' }>): void {
    this.hoverCard.hide();
    this.context.call('openBox', { id, ...(sample?.row !== undefined && { row: sample.row }) });
  }

  private unfold(fold: string): void {
    const first = this.scene?.folded.boxes.find((box) => box.id === fold);
    this.open.add(fold);
    this.hoverCard.hide();
    this.update();
    // The focus goes on to what was inside.
    if (first?.kind === 'fold') this.drawing.focus(first.members[0]?.id);
  }

  private foldAgain(fold: string): void {
    this.open.delete(fold);
    this.hoverCard.hide();
    this.update();
    this.drawing.focus(fold);
  }

  private actionsOf(box: DrawnBox): CardAction[] {
    const actions: CardAction[] = [];
    if (box.kind === 'dataset') {
      if (canOpen(box)) {
        const { row } = box.sample ?? {};
        actions.push({
          label: row === undefined ? l10n.t('Open File') : l10n.t('Open at Row {0}', numberText(row)),
          run: () => {
            this.openFile(box);
          },
        });
      }
      if (
        box.dataset !== this.visited.at(-1) &&
        !(box.id === this.graph?.current && this.memory.view === 'dataset')
      ) {
        actions.push({
          label: l10n.t('Show Its Lineage'),
          run: () => {
            this.goTo(box.dataset);
          },
        });
      }
    }
    if (box.kind === 'fold') {
      actions.push({
        label: l10n.t('Show All {0}', numberText(box.count)),
        run: () => {
          this.unfold(box.id);
        },
      });
    }
    const keyId =
      box.kind === 'step' && 'standing' in box.by && box.by.standing === 'untrusted'
        ? box.by.keyId
        : undefined;
    if (keyId !== undefined && !this.context.restricted) {
      actions.push({
        label: l10n.t('Trust Signer…'),
        run: () => {
          this.context.trustSigner(keyId);
        },
      });
    }
    const fold = this.scene?.folded.foldOf.get(box.id);
    if (fold !== undefined && this.open.has(fold)) {
      actions.push({
        label: l10n.t('Fold Again'),
        run: () => {
          this.foldAgain(fold);
        },
      });
    }
    return actions;
  }

  private openBoxMenu(box: DrawnBox, anchor: DOMRect): void {
    this.hoverCard.hide();
    const copies: { label: string; run: () => void }[] = [];
    const copy = (label: string, text: string | undefined) => {
      if (text === undefined) return;
      copies.push({
        label,
        run: () => {
          this.context.copy(text);
        },
      });
    };
    if (box.kind === 'dataset') {
      copy(l10n.t('Copy SHA-256'), box.sha256);
      copy(l10n.t('Copy Sample Digest'), box.sample?.digest);
    } else if (box.kind === 'step') {
      copy(l10n.t('Copy Statement Digest'), box.envelope);
    }
    const groups: MenuGroups = [
      this.actionsOf(box),
      [
        {
          label: l10n.t('Details'),
          hint: l10n.t('Space'),
          run: () => {
            this.hoverCard.pin(this.memory.asList ? (this.focusedRow ?? '') : box.id);
          },
        },
      ],
      copies,
    ];
    openMenu(l10n.t('Actions'), anchor, () => groups);
  }

  private openToolMenu(anchor: DOMRect): void {
    const ready = this.scene !== undefined && this.scene.folded.boxes.length > 0 && !this.memory.asList;
    const reason = ready ? undefined : l10n.t('No drawing');
    openMenu(l10n.t('More'), anchor, () => [
      [
        {
          label: l10n.t('Save as SVG…'),
          disabled: reason,
          run: () => {
            void this.saveImage('svg');
          },
        },
        {
          label: l10n.t('Save as PNG…'),
          disabled: reason,
          run: () => {
            void this.saveImage('png');
          },
        },
        {
          label: l10n.t('Export Lineage…'),
          run: () => {
            this.context.call('exportLineage', null);
          },
        },
      ],
    ]);
  }

  private async saveImage(format: 'svg' | 'png'): Promise<void> {
    if (!this.scene) return;
    try {
      const source = svgDocument(this.scene, this.measure, this.drawing.element);
      const content = format === 'svg' ? new TextEncoder().encode(source) : await pngOf(source);
      await this.rpc.call('saveImage', { format, content });
    } catch (thrown) {
      const error = asProvenanceError(thrown);
      if (error.code === 'cancelled') return;
      this.error = errorText(error);
      this.render();
    }
  }

  private cardOf(id: string): HTMLElement | undefined {
    const box = this.boxOf(id) ?? this.rows.find(({ path }) => path === id)?.box;
    if (!box || !this.graph) return undefined;
    const issues = issuesOfDrawn(box, issuesByBox(this.graph.issues));
    return card(this.context, box, issues, this.actionsOf(box));
  }

  private rectOf(id: string): DOMRect | undefined {
    return this.memory.asList ? this.rowElement(id)?.getBoundingClientRect() : this.drawing.rectOf(id);
  }

  private boxOf(id: string): DrawnBox | undefined {
    return this.scene?.looks.get(id)?.box;
  }

  // Search

  private startSearch(): void {
    this.search ??= { text: '', found: [], at: -1 };
    this.render();
    this.head.querySelector<HTMLInputElement>('.find input')?.focus();
  }

  private endSearch(): void {
    if (!this.search) return;
    this.search = undefined;
    this.update();
  }

  private searchFor(text: string): void {
    this.search = { text, found: find(this.graph?.boxes ?? [], text), at: -1 };
    this.update();
    this.goToFound(1);
  }

  private goToFound(by: 1 | -1): void {
    const { search } = this;
    if (!search || search.found.length === 0) return;
    const at = (search.at + by + search.found.length) % search.found.length;
    this.search = { ...search, at };
    const id = search.found[at];
    if (id !== undefined) this.showFound(id);
    this.render();
  }

  private showFound(id: string): void {
    if (this.memory.asList) {
      const row = this.rows.find(({ box }) => box?.id === id);
      if (!row) return;
      this.focusedRow = row.path;
      this.render();
      this.rowElement(row.path)?.scrollIntoView({ block: 'nearest' });
      return;
    }
    const fold = this.scene?.folded.foldOf.get(id);
    if (fold !== undefined && !this.open.has(fold)) {
      this.open.add(fold);
      this.update();
    }
    // What was in a fold is drawn in a moment.
    this.drawing.centre(id);
  }

  // The list

  private setAsList(asList: boolean): void {
    this.hoverCard.hide();
    this.memory.setAsList(asList);
    this.update();
  }

  private focusTree(): void {
    const path = this.focusedRow ?? this.rows[0]?.path;
    if (path !== undefined) this.rowElement(path)?.focus();
  }

  private rowElement(path: string): HTMLElement | undefined {
    return [...this.list.querySelectorAll<HTMLElement>('[data-path]')].find(
      (element) => element.dataset['path'] === path,
    );
  }

  private treeElement(graph: LineageGraphState): Child {
    this.rows = treeRows(graph, this.toggled);
    const note = treeNote(this.rows);
    return [
      tree(this.rows, this.focusedRow, {
        toggle: (path) => {
          if (!this.toggled.delete(path)) this.toggled.add(path);
          this.focusedRow = path;
          this.render();
          this.focusTree();
        },
        focusRow: (path) => {
          if (this.focusedRow === path) return;
          this.focusedRow = path;
          this.render();
          this.focusTree();
        },
        activate: (box) => {
          if (box.kind === 'more') this.goTo(box.at);
          else if (box.kind === 'dataset' && canOpen(box)) this.openFile(box);
          else this.hoverCard.pin(this.focusedRow ?? '');
        },
        showCard: () => {
          this.hoverCard.pin(this.focusedRow ?? '');
        },
        openMenu: (box, anchor) => {
          this.openBoxMenu(box, anchor);
        },
        back: () => {
          this.back();
        },
        search: () => {
          this.startSearch();
        },
      }),
      note !== undefined && h('p', { class: 'muted hint' }, note),
    ];
  }

  // The page

  private render(): void {
    const { asList } = this.memory;
    // What is drawn is kept: only the heading is like that of any section.
    const [heading, fresh] = [this.element.firstElementChild, this.frame().firstElementChild];
    if (heading && fresh) patch(heading, fresh);
    this.body?.toggleAttribute('hidden', !this.shown);
    patch(this.head, h('div', { class: 'graph-head' }, this.switches(), this.tools(), this.finder()));
    this.drawing.element.toggleAttribute('hidden', asList || !this.hasBoxes());
    patch(
      this.list,
      h(
        'div',
        { class: 'graph-list', hidden: !asList },
        asList && this.graph && this.treeElement(this.graph),
      ),
    );
    patch(this.foot, h('div', { class: 'graph-foot' }, this.notes(), this.issues()));
  }

  private hasBoxes(): boolean {
    return (this.graph?.boxes.length ?? 0) > 0;
  }

  private switches(): HTMLElement {
    const views = [
      ['sample', l10n.t('Sample'), l10n.t('This sample: where it came from, and what became of it')],
      ['dataset', l10n.t('Dataset'), l10n.t('This dataset: everything that leads to it and from it')],
      ['workspace', l10n.t('Workspace'), l10n.t('All datasets and steps of this workspace')],
    ] as const;
    return h(
      'div',
      { class: 'views', role: 'radiogroup', 'aria-label': l10n.t('What is shown'), key: 'views' },
      views.map(([view, label, title]) =>
        h(
          'button',
          {
            type: 'button',
            class: 'view',
            role: 'radio',
            'aria-checked': String(this.memory.view === view),
            tabindex: this.memory.view === view ? 0 : -1,
            title,
            key: view,
            on: {
              click: () => {
                this.setView(view);
              },
              keydown: (event) => {
                this.onSwitchKey(event);
              },
            },
          },
          label,
        ),
      ),
    );
  }

  /** Arrow keys choose, as in any group of radio buttons. */
  private onSwitchKey(event: Event): void {
    if (!(event instanceof KeyboardEvent)) return;
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const views: readonly LineageView[] = ['sample', 'dataset', 'workspace'];
    const view = views[(views.indexOf(this.memory.view) + by + views.length) % views.length];
    if (view) this.setView(view);
    this.head.querySelector<HTMLElement>('.view[aria-checked=true]')?.focus();
  }

  private tools(): HTMLElement {
    const { asList } = this.memory;
    return h(
      'div',
      { class: 'tools', role: 'toolbar', 'aria-label': l10n.t('Drawing'), key: 'tools' },
      this.visited.length > 0 && this.tool('back', l10n.t('Back'), () => this.back()),
      this.tool('search', l10n.t('Find (/)'), () => this.startSearch()),
      !asList && this.tool('minus', l10n.t('Smaller (-)'), () => this.drawing.zoomBy(1 / ZOOM_STEP)),
      !asList && this.tool('added', l10n.t('Larger (+)'), () => this.drawing.zoomBy(ZOOM_STEP)),
      !asList && this.tool('fit', l10n.t('Show all (0)'), () => this.drawing.fit()),
      this.tool('list', l10n.t('As a list'), () => this.setAsList(!asList), asList),
      this.tool('more', l10n.t('More…'), (anchor) => this.openToolMenu(anchor)),
    );
  }

  private tool(
    name: IconName,
    label: string,
    run: (anchor: DOMRect) => void,
    pressed?: boolean,
  ): HTMLElement {
    return h(
      'button',
      {
        type: 'button',
        class: 'tool',
        'aria-label': label,
        title: label,
        'aria-pressed': pressed === undefined ? undefined : String(pressed),
        key: name,
        on: {
          click: ({ currentTarget }) => {
            if (currentTarget instanceof HTMLElement) run(currentTarget.getBoundingClientRect());
          },
        },
      },
      icon(name, 'plain'),
    );
  }

  private finder(): Child {
    const { search } = this;
    if (!search) return false;
    const { text, found, at } = search;
    const count =
      text.trim() === ''
        ? ''
        : found.length === 0
          ? l10n.t('Nothing found')
          : l10n.t('{0} of {1}', numberText(Math.max(at, 0) + 1), numberText(found.length));
    return h(
      'div',
      { class: 'find', role: 'search', key: 'find' },
      h('input', {
        class: 'field',
        type: 'text',
        placeholder: l10n.t('Dataset, step or signer'),
        'aria-label': l10n.t('Find in the lineage'),
        spellcheck: 'false',
        autocomplete: 'off',
        on: {
          input: ({ target }) => {
            if (target instanceof HTMLInputElement) this.searchFor(target.value);
          },
          keydown: (event) => {
            if (!(event instanceof KeyboardEvent)) return;
            if (event.key === 'Enter') this.goToFound(event.shiftKey ? -1 : 1);
            else if (event.key === 'Escape') {
              this.endSearch();
              this.focus();
            } else return;
            event.preventDefault();
            event.stopPropagation();
          },
        },
      }),
      h('span', { class: 'find-count muted', role: 'status' }, count),
      this.tool('up', l10n.t('Previous (Shift+Enter)'), () => this.goToFound(-1)),
      this.tool('down', l10n.t('Next (Enter)'), () => this.goToFound(1)),
      this.tool('close', l10n.t('Close (Escape)'), () => {
        this.endSearch();
        this.focus();
      }),
    );
  }

  private notes(): Child {
    const { graph, error } = this;
    const working = graph === undefined || graph.busy === true || this.busy;
    return [
      error !== undefined &&
        h(
          'p',
          { class: 'graph-note', role: 'alert', key: 'error' },
          icon('malformed'),
          h('span', {}, untrusted(error)),
        ),
      graph?.note !== undefined &&
        h(
          'p',
          { class: 'graph-note muted', key: 'note' },
          icon('info', 'plain'),
          h('span', {}, untrusted(graph.note)),
        ),
      working &&
        error === undefined &&
        h(
          'p',
          { class: 'graph-note muted', key: 'busy' },
          busyRing(l10n.t('Reading the lineage…')),
          h('span', {}, l10n.t('Reading the lineage…')),
        ),
    ];
  }

  /** What a reader has to know, with a way to the boxes that it is about. */
  private issues(): Child {
    const issues = this.graph?.issues ?? [];
    if (issues.length === 0) return false;
    return [
      h(
        'h3',
        { class: 'subheading', id: 'graph-issues', key: 'issues-title' },
        l10n.t('Problems of the lineage'),
      ),
      h(
        'ul',
        { class: 'graph-issues', 'aria-labelledby': 'graph-issues', key: 'issues' },
        issues.slice(0, MAX_LISTED_ISSUES).map(({ kind, text, boxes: [first] }) => {
          const sign = issueSign(kind);
          return h(
            'li',
            {},
            icon(sign.icon, sign.tone),
            first === undefined
              ? untrusted(text)
              : h(
                  'button',
                  {
                    type: 'button',
                    class: 'link issue-text',
                    on: {
                      click: () => {
                        this.showFound(first);
                        this.focus();
                      },
                    },
                  },
                  untrusted(text),
                ),
          );
        }),
      ),
      issues.length > MAX_LISTED_ISSUES &&
        h(
          'p',
          { class: 'muted', key: 'issues-more' },
          l10n.t('and {0} more', numberText(issues.length - MAX_LISTED_ISSUES)),
        ),
    ];
  }
}

function canOpen({ path, presence }: Extract<LineageBox, { kind: 'dataset' }>): boolean {
  return path !== undefined && (presence === 'present' || presence === 'changed');
}
