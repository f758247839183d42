/**
 * Building and updating the page. There is no way from a string to markup here: names of elements and attributes come
 * from code, everything else becomes text or an attribute's value, and attributes that run or load something do not
 * exist in {@link Props}.
 */

export type Child = Node | string | undefined | false | readonly Child[];

export type Tag =
  | Exclude<
      keyof HTMLElementTagNameMap,
      'script' | 'style' | 'link' | 'meta' | 'base' | 'iframe' | 'object' | 'embed' | 'template'
    >
  | `vscode-${string}`;

type AttributeName =
  | 'appearance'
  | 'class'
  | 'autocomplete'
  | 'datetime'
  | 'dir'
  | 'disabled'
  | 'for'
  | 'hidden'
  | 'id'
  | 'inputmode'
  | 'lang'
  | 'placeholder'
  | 'role'
  | 'selected'
  | 'spellcheck'
  | 'tabindex'
  | 'title'
  | 'type'
  | 'value'
  | `aria-${string}`
  | `data-${string}`;

/** `true` is an attribute without a value; `false` and `undefined` leave it out. */
type Attributes = Partial<Record<AttributeName, string | number | boolean | undefined>>;

type Handlers = Partial<
  Record<
    'click' | 'keydown' | 'focus' | 'input' | 'change' | 'submit' | 'pointerdown',
    (event: Event) => void
  >
>;

export type Props = Attributes & {
  /** What this element stands for among its siblings, so that an update finds it again. */
  readonly key?: string | undefined;
  readonly on?: Handlers;
};

/** What an element was built with; {@link patch} compares these, and never touches what a control set itself. */
interface Recipe {
  key: string | undefined;
  attributes: ReadonlyMap<string, string>;
  on: Handlers;
}

const recipes = new WeakMap<Node, Recipe>();

/** An element with these children; strings become text nodes. */
export function h(tag: Tag, props: Props = {}, ...children: readonly Child[]): HTMLElement {
  return build(document.createElement(tag), props, children);
}

/** An SVG element. */
export function svg(
  tag: 'svg' | 'g' | 'path' | 'rect' | 'text',
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly Child[]
): SVGElement {
  return build(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes as Props, children);
}

function build<Built extends Element>(
  element: Built,
  { key, on = {}, ...attributes }: Props,
  children: readonly Child[],
): Built {
  const written = new Map<string, string>();
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    written.set(name, value === true ? '' : String(value));
  }
  for (const [name, value] of written) element.setAttribute(name, value);
  recipes.set(element, { key, attributes: written, on });
  for (const type of Object.keys(on)) listen(element, type);
  append(element, children);
  return element;
}

function append(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined || child === false) continue;
    if (typeof child === 'string' || child instanceof Node) parent.append(child);
    else append(parent, child);
  }
}

/** Handlers are looked up when the event comes, so that {@link patch} only has to swap them. */
function listen(element: Element, type: string): void {
  element.addEventListener(type, (event) => {
    recipes.get(element)?.on[type as keyof Handlers]?.(event);
  });
}

/**
 * Makes `live` look like `fresh` with as few changes as possible: elements that stay keep focus, selection and scroll
 * position, and live regions speak only when their text changes. Both must come from {@link h}; `fresh` is used up.
 */
export function patch(live: Element, fresh: Element): void {
  const old = recipes.get(live);
  const recipe = recipes.get(fresh);
  if (!old || !recipe) return;
  for (const name of old.attributes.keys()) {
    if (!recipe.attributes.has(name)) live.removeAttribute(name);
  }
  for (const [name, value] of recipe.attributes) {
    if (old.attributes.get(name) !== value) live.setAttribute(name, value);
  }
  recipes.set(live, recipe);
  for (const type of Object.keys(recipe.on)) {
    if (!(type in old.on)) listen(live, type);
  }
  patchChildren(live, fresh);
}

function patchChildren(live: Element, fresh: Element): void {
  const candidates = [...live.childNodes];
  const next = [...fresh.childNodes].map((child) => {
    const index = candidates.findIndex((candidate) => matches(candidate, child));
    const [match] = index === -1 ? [] : candidates.splice(index, 1);
    if (!match) return child;
    if (match instanceof Element) patch(match, child as Element);
    else if (match.nodeValue !== child.nodeValue) match.nodeValue = child.nodeValue;
    return match;
  });
  // Before the new order is made: moving an element takes its focus away, so only those move that have to.
  for (const leftover of candidates) leftover.remove();
  let cursor = live.firstChild;
  for (const child of next) {
    if (child === cursor) cursor = cursor.nextSibling;
    else live.insertBefore(child, cursor);
  }
}

function matches(candidate: Node, child: Node): boolean {
  return candidate.nodeName === child.nodeName && recipes.get(candidate)?.key === recipes.get(child)?.key;
}
