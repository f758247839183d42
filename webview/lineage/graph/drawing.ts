import * as l10n from '@vscode/l10n';
import { h, svg } from '../../ui/dom.ts';
import { numberText } from '../../ui/strings.ts';
import { boxElement, detailAt, lineElement, type Detail } from './boxes.ts';
import type { TextMeasure } from './measure.ts';
import { neighbour, type Arrow } from './navigate.ts';
import type { Scene } from './scene.ts';
import {
  bringIntoSight,
  centred,
  firstSight,
  fit,
  overlaps,
  pan,
  seen,
  zoom,
  type Rect,
  type Size,
  type Viewport,
} from './viewport.ts';

/** What the user does in the drawing. */
export interface DrawingUser {
  activate(id: string): void;
  showCard(id: string): void;
  openMenu(id: string, anchor: DOMRect): void;
  hover(id: string | undefined): void;
  back(): void;
  search(): void;
  /** The drawing was moved or scaled. */
  moved(): void;
}

const ZOOM_STEP = 1.25;
/** Pixels that a pointer may move in a click. */
const CLICK_SLACK = 4;
/** What is so near to what is seen is drawn already, in pixels of the screen. */
const AHEAD = 150;

/**
 * The drawing as SVG with real text: only what is in sight is in the page, in the order from sources to results. One box
 * is in the tab order; keys lead from box to box.
 */
export class Drawing {
  readonly element: HTMLElement;
  private readonly root: SVGElement;
  private readonly world: SVGElement;
  private readonly lineLayer: SVGElement;
  private readonly boxLayer: SVGElement;
  private scene: Scene | undefined;
  private viewport: Viewport = { x: 0, y: 0, scale: 1 };
  private detail: Detail = 'full';
  private focused: string | undefined;
  private readonly boxes = new Map<string, { key: string; element: SVGElement }>();
  private readonly lines = new Map<string, { key: string; element: SVGElement }>();
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private dragged = false;
  private frame = 0;
  /** The box that gets the focus once it is drawn; `next`: whatever the next drawing is about. */
  private awaited: { readonly id: string } | 'next' | undefined;
  /** The box that comes into the middle once it is drawn. */
  private toCentre: string | undefined;
  /** Whether the user moved it: then a change of the panel's size does not place it anew. */
  private moved = false;

  constructor(
    private readonly measure: TextMeasure,
    private readonly user: DrawingUser,
  ) {
    this.lineLayer = svg('g', { class: 'lines' });
    this.boxLayer = svg('g', { class: 'boxes' });
    this.world = svg('g', {}, this.lineLayer, this.boxLayer);
    this.root = svg('svg', { class: 'graph', role: 'group' }, this.world);
    this.element = h('div', { class: 'drawing' });
    this.element.append(this.root);
    this.listen();
    new ResizeObserver(() => {
      this.resized();
    }).observe(this.element);
  }

  get room(): Size {
    return { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  /** The box that keys apply to. */
  get at(): string | undefined {
    return this.focused;
  }

  /** @param anew whether it is another drawing, seen for the first time, and not the same one changed */
  show(scene: Scene, anew: boolean): void {
    const old = this.scene;
    const anchor = [this.focused, this.scene?.current, scene.current].find(
      (id) => id !== undefined && old?.places.has(id) && scene.places.has(id),
    );
    const [from, to] = [anchor && old?.places.get(anchor), anchor && scene.places.get(anchor)];
    this.scene = scene;
    if (this.focused === undefined || !scene.places.has(this.focused)) {
      this.focused = scene.current ?? scene.folded.boxes[0]?.id;
    }
    if (anew || !from || !to || old?.direction !== scene.direction) {
      if (anew) this.focused = scene.current ?? scene.folded.boxes[0]?.id;
      this.place();
    } else {
      // What the user looks at stays where it is.
      const { scale } = this.viewport;
      this.viewport = {
        scale,
        x: this.viewport.x + (from.x - to.x) * scale,
        y: this.viewport.y + (from.y - to.y) * scale,
      };
      if (!this.moved) this.place();
    }
    this.root.setAttribute('aria-label', l10n.t('Lineage, {0} boxes', numberText(scene.places.size)));
    this.render();
    if (this.toCentre !== undefined && scene.places.has(this.toCentre)) this.centre(this.toCentre);
    if (this.awaited === 'next' ? anew : this.awaited && scene.places.has(this.awaited.id)) {
      this.focus(this.awaited === 'next' ? this.focused : this.awaited?.id);
    }
  }

  /** Gives a box the focus: the one that had it last, or this one. It is brought into sight. */
  focus(id = this.focused): void {
    if (id === undefined || !this.scene?.places.has(id)) {
      this.awaited = id === undefined ? 'next' : { id };
      return;
    }
    this.awaited = undefined;
    this.select(id);
    this.elementOf(id)?.focus({ preventScroll: true });
  }

  /** The next drawing that is shown for the first time gets the focus. */
  focusNext(): void {
    this.awaited = 'next';
  }

  /** Makes a box the one that keys apply to, and shows it, without taking the focus. */
  select(id: string): void {
    const place = this.scene?.places.get(id);
    if (!place) return;
    this.focused = id;
    const { width, height } = this.room;
    if (width > 0 && height > 0) this.viewport = bringIntoSight(this.viewport, place, this.room);
    this.moved = true;
    this.render();
  }

  /** A box in the middle, as large as it can be read. */
  centre(id: string): void {
    const place = this.scene?.places.get(id);
    this.toCentre = place ? undefined : id;
    if (!place) return;
    this.focused = id;
    this.moved = true;
    this.viewport = centred(place, this.room, Math.max(this.viewport.scale, 0.8));
    this.render();
    this.user.moved();
  }

  fit(): void {
    if (!this.scene) return;
    this.viewport = fit(this.scene.size, this.room);
    this.moved = false;
    this.render();
    this.user.moved();
  }

  zoomBy(factor: number, point = this.middle()): void {
    this.viewport = zoom(this.viewport, factor, point);
    this.moved = true;
    this.renderSoon();
    this.user.moved();
  }

  /** Where a box is seen on the page. */
  rectOf(id: string): DOMRect | undefined {
    return this.elementOf(id)?.querySelector('.frame')?.getBoundingClientRect();
  }

  private place(): void {
    if (!this.scene) return;
    const { current, places, size } = this.scene;
    this.moved = false;
    const box = this.focused ?? current;
    this.viewport = firstSight(size, this.room, box === undefined ? undefined : places.get(box));
  }

  private resized(): void {
    if (!this.scene || this.room.width === 0) return;
    if (!this.moved) this.place();
    this.render();
  }

  private middle(): { x: number; y: number } {
    const { x, y, scale } = this.viewport;
    const { width, height } = this.room;
    const place = this.focused === undefined ? undefined : this.scene?.places.get(this.focused);
    if (!place) return { x: width / 2, y: height / 2 };
    const point = { x: x + (place.x + place.width / 2) * scale, y: y + (place.y + place.height / 2) * scale };
    const inSight = point.x > 0 && point.y > 0 && point.x < width && point.y < height;
    return inSight ? point : { x: width / 2, y: height / 2 };
  }

  private renderSoon(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.render();
    });
  }

  private render(): void {
    const { scene, viewport } = this;
    if (!scene || this.room.width === 0) return;
    const { x, y, scale } = viewport;
    this.world.setAttribute('transform', `translate(${x} ${y}) scale(${scale})`);
    this.detail = detailAt(scale);
    this.root.setAttribute('data-detail', this.detail);
    const sight = grown(seen(viewport, this.room), AHEAD / scale);
    this.keep(
      this.boxLayer,
      this.boxes,
      scene.folded.boxes.flatMap(({ id }) => {
        const place = scene.places.get(id);
        return place && (id === this.focused || overlaps(place, sight)) ? [id] : [];
      }),
      (id) => this.boxKey(scene, id),
      (id) => this.buildBox(scene, id),
    );
    const arrows = this.detail !== 'icon';
    this.keep(
      this.lineLayer,
      this.lines,
      scene.lines.filter(({ extent }) => overlaps(extent, sight)).map(({ id }) => id),
      (id) =>
        `${arrows} ${this.lineOf(scene, id)?.claimed} ${JSON.stringify(this.lineOf(scene, id)?.points)}`,
      (id) => {
        const line = this.lineOf(scene, id);
        return line && lineElement(id, line.points, line.claimed, arrows);
      },
    );
    for (const [id, { element }] of this.boxes) {
      element.setAttribute('tabindex', id === this.focused ? '0' : '-1');
    }
  }

  private readonly linesById = new WeakMap<Scene, ReadonlyMap<string, Scene['lines'][number]>>();

  private lineOf(scene: Scene, id: string): Scene['lines'][number] | undefined {
    let byId = this.linesById.get(scene);
    if (!byId) {
      byId = new Map(scene.lines.map((line) => [line.id, line]));
      this.linesById.set(scene, byId);
    }
    return byId.get(id);
  }

  private boxKey(scene: Scene, id: string): string {
    const [look, place] = [scene.looks.get(id), scene.places.get(id)];
    return JSON.stringify([this.detail, look?.text, look?.current, look?.found, look?.box.kind, place]);
  }

  private buildBox(scene: Scene, id: string): SVGElement | undefined {
    const [look, place] = [scene.looks.get(id), scene.places.get(id)];
    if (!look || !place) return undefined;
    const element = boxElement(look, this.detail, this.measure);
    element.setAttribute('transform', `translate(${place.x} ${place.y})`);
    return element;
  }

  /** Brings a layer to hold these elements in this order, building only what is new or looks different. */
  private keep(
    layer: SVGElement,
    kept: Map<string, { key: string; element: SVGElement }>,
    ids: readonly string[],
    keyOf: (id: string) => string,
    build: (id: string) => SVGElement | undefined,
  ): void {
    const wanted = new Set(ids);
    const focus = document.activeElement;
    const focusedId = focus instanceof SVGElement && layer.contains(focus) ? focus.dataset['id'] : undefined;
    for (const [id, { element }] of kept) {
      if (wanted.has(id)) continue;
      element.remove();
      kept.delete(id);
    }
    let cursor: ChildNode | null = layer.firstChild;
    for (const id of ids) {
      const key = keyOf(id);
      let entry = kept.get(id);
      if (entry?.key !== key) {
        const element = build(id);
        if (!element) continue;
        if (entry) {
          if (cursor === entry.element) cursor = entry.element.nextSibling;
          entry.element.remove();
        }
        entry = { key, element };
        kept.set(id, entry);
      }
      if (entry.element === cursor) cursor = cursor.nextSibling;
      else layer.insertBefore(entry.element, cursor);
    }
    if (focusedId !== undefined && document.activeElement !== focus) {
      kept.get(focusedId)?.element.focus({ preventScroll: true });
    }
  }

  private elementOf(id: string): SVGElement | undefined {
    return this.boxes.get(id)?.element;
  }

  private listen(): void {
    const { root } = this;
    root.addEventListener('keydown', (event) => {
      this.onKey(event);
    });
    root.addEventListener('focusin', ({ target }) => {
      const id = idOf(target);
      if (id !== undefined) this.focused = id;
    });
    root.addEventListener('click', (event) => {
      const id = idOf(event.target);
      if (this.dragged || id === undefined) return;
      this.focus(id);
      this.user.activate(id);
    });
    root.addEventListener('contextmenu', (event) => {
      const id = idOf(event.target);
      // VS Code's own menu has nothing for a drawing.
      event.preventDefault();
      event.stopPropagation();
      if (id === undefined) return;
      this.focus(id);
      this.user.openMenu(id, new DOMRect(event.clientX, event.clientY, 0, 0));
    });
    root.addEventListener('pointerover', ({ target, pointerType }) => {
      if (pointerType === 'mouse' && this.pointers.size === 0) this.user.hover(idOf(target));
    });
    root.addEventListener('pointerleave', () => {
      this.user.hover(undefined);
    });
    root.addEventListener('wheel', (event) => this.onWheel(event), { passive: false });
    root.addEventListener('pointerdown', (event) => this.onPointerDown(event));
    root.addEventListener('pointermove', (event) => this.onPointerMove(event));
    for (const type of ['pointerup', 'pointercancel'] as const) {
      root.addEventListener(type, ({ pointerId }) => {
        this.pointers.delete(pointerId);
        this.root.classList.toggle('dragging', this.pointers.size > 0 && this.dragged);
      });
    }
  }

  private onKey(event: KeyboardEvent): void {
    const { scene, focused } = this;
    if (!scene || focused === undefined) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f') {
      this.user.search();
    } else if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10')) {
      this.user.openMenu(focused, this.rectOf(focused) ?? this.element.getBoundingClientRect());
    } else {
      switch (event.key) {
        case 'ArrowUp':
        case 'ArrowDown':
        case 'ArrowLeft':
        case 'ArrowRight':
          this.follow(scene, focused, event.key);
          break;
        case 'Enter':
          this.user.activate(focused);
          break;
        case ' ':
          this.user.showCard(focused);
          break;
        case 'Escape':
          this.user.back();
          break;
        case 'Home':
          if (scene.current !== undefined) this.focus(scene.current);
          break;
        case '+':
        case '=':
          this.zoomBy(ZOOM_STEP);
          break;
        case '-':
          this.zoomBy(1 / ZOOM_STEP);
          break;
        case '0':
          this.fit();
          break;
        case '/':
          this.user.search();
          break;
        default:
          return;
      }
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private follow(scene: Scene, from: string, arrow: Arrow): void {
    const next = neighbour(from, arrow, scene.direction, scene.ways, scene.places);
    if (next === undefined) return;
    this.user.hover(undefined);
    this.focus(next);
  }

  private onWheel(event: WheelEvent): void {
    const { scene } = this;
    if (!scene) return;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoomBy(Math.exp((-event.deltaY * unit) / 300), this.pointIn(event));
      return;
    }
    const [dx, dy] = event.shiftKey ? [event.deltaY, event.deltaX] : [event.deltaX, event.deltaY];
    const moved = pan(this.viewport, -dx * unit, -dy * unit, scene.size, this.room);
    // At its end the drawing lets the page scroll.
    if (moved.x === this.viewport.x && moved.y === this.viewport.y) return;
    event.preventDefault();
    this.moveTo(moved);
  }

  private onPointerDown(event: PointerEvent): void {
    if (event.button !== 0 && event.button !== 1) return;
    this.pointers.set(event.pointerId, this.pointIn(event));
    if (this.pointers.size === 1) this.dragged = false;
  }

  private onPointerMove(event: PointerEvent): void {
    const { scene } = this;
    const before = this.pointers.get(event.pointerId);
    if (!scene || !before) return;
    // A button that was let go outside of the window.
    if (event.buttons === 0) {
      this.pointers.delete(event.pointerId);
      return;
    }
    const point = this.pointIn(event);
    const [dx, dy] = [point.x - before.x, point.y - before.y];
    if (!this.dragged && Math.hypot(dx, dy) < CLICK_SLACK) return;
    if (!this.dragged) {
      this.dragged = true;
      this.root.setPointerCapture(event.pointerId);
      this.root.classList.add('dragging');
      this.user.hover(undefined);
    }
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, point);
    if (!other) {
      this.moveTo(pan(this.viewport, dx, dy, scene.size, this.room));
      return;
    }
    const distance = (p: { x: number; y: number }) => Math.max(1, Math.hypot(p.x - other.x, p.y - other.y));
    this.zoomBy(distance(point) / distance(before), other);
  }

  private moveTo(viewport: Viewport): void {
    this.viewport = viewport;
    this.moved = true;
    this.renderSoon();
    this.user.moved();
  }

  private pointIn({ clientX, clientY }: MouseEvent): { x: number; y: number } {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }
}

function idOf(target: EventTarget | null): string | undefined {
  const box = target instanceof Element ? target.closest<SVGElement>('.graph-box') : null;
  return box?.dataset['id'];
}

function grown({ x, y, width, height }: Rect, by: number): Rect {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}
