import { h, type Child } from './dom.ts';
import { icon } from './icons.ts';
import { Popup, type Anchor } from './popup.ts';

export interface MenuItem {
  /** May be untrusted text that was made visible. */
  readonly label: string;
  /** Says more at the right: a key, a number. */
  readonly hint?: string | undefined;
  /** A choice that is on or off; the menu stays open for the next one. */
  readonly checked?: boolean | undefined;
  /** Why it cannot be used now. */
  readonly disabled?: string | undefined;
  readonly run?: () => void;
}

/** Items in groups, with a line between them. */
export type MenuGroups = readonly (readonly MenuItem[])[];

/**
 * Opens a menu as WAI-ARIA describes it: arrow keys, Home, End and first letters move, Enter and Space choose.
 * @param groups asked again after a choice that leaves the menu open
 */
export function openMenu(label: string, anchor: Anchor, groups: () => MenuGroups): Popup {
  const close = (item: MenuItem) => {
    if (item.checked === undefined) popup.close();
    item.run?.();
    if (item.checked !== undefined) popup.update(menu(label, groups(), close));
  };
  const content = menu(label, groups(), close);
  const popup = new Popup(content, anchor);
  itemsOf(content)[0]?.focus();
  return popup;
}

function menu(label: string, groups: MenuGroups, choose: (item: MenuItem) => void): HTMLElement {
  const shown = groups.filter((group) => group.length > 0);
  return h(
    'div',
    { class: 'menu', role: 'menu', 'aria-label': label, tabindex: -1, on: { keydown: onKey } },
    shown.map((group, index) => [
      index > 0 && h('div', { class: 'menu-line', role: 'separator', key: `line-${index}` }),
      group.map((item, place) => menuItem(item, `${index}-${place}`, choose)),
    ]),
  );
}

function menuItem(item: MenuItem, key: string, choose: (item: MenuItem) => void): Child {
  const { label, hint, checked, disabled } = item;
  return h(
    'button',
    {
      type: 'button',
      class: 'menu-item',
      role: checked === undefined ? 'menuitem' : 'menuitemcheckbox',
      'aria-checked': checked === undefined ? undefined : String(checked),
      // It can still be reached, so that its reason can be read.
      'aria-disabled': disabled === undefined ? undefined : 'true',
      title: disabled,
      tabindex: -1,
      key,
      on: {
        click: () => {
          if (disabled === undefined) choose(item);
        },
      },
    },
    h('span', { class: 'menu-check' }, checked === true && icon('verified', 'plain')),
    h('span', { class: 'menu-label' }, label),
    (hint ?? disabled) !== undefined && h('span', { class: 'menu-hint' }, hint ?? disabled),
  );
}

function onKey(event: Event): void {
  if (!(event instanceof KeyboardEvent) || !(event.currentTarget instanceof HTMLElement)) return;
  const items = itemsOf(event.currentTarget);
  const at = items.findIndex((item) => item === document.activeElement);
  const target = targetOf(event.key, at, items);
  if (target === undefined) {
    if (event.key === 'Tab') event.preventDefault();
    return;
  }
  event.preventDefault();
  event.stopPropagation();
  items[(target + items.length) % items.length]?.focus();
}

function targetOf(key: string, at: number, items: readonly HTMLElement[]): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return at + 1;
    case 'ArrowUp':
      return Math.max(at, 0) - 1;
    case 'Home':
      return 0;
    case 'End':
      return items.length - 1;
  }
  if (key.length !== 1 || key === ' ') return undefined;
  const after = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  const match = after.find((item) =>
    item.querySelector('.menu-label')?.textContent.toLowerCase().startsWith(key.toLowerCase()),
  );
  return match && items.indexOf(match);
}

function itemsOf(element: HTMLElement): HTMLElement[] {
  return [...element.querySelectorAll<HTMLElement>('.menu-item')];
}
