import type { CursorAction } from './cursor.ts';

/** What a key asks of the grid. */
export type GridCommand =
  | CursorAction
  | { readonly type: 'header' }
  | { readonly type: 'activate' }
  | { readonly type: 'space' }
  | { readonly type: 'escape' }
  | { readonly type: 'menu' }
  | { readonly type: 'copy' }
  | { readonly type: 'widen'; readonly pixels: number };

/** What a key asks of the whole page. */
export type PageCommand =
  'find' | 'find-next' | 'find-previous' | 'go-to-row' | 'next-part' | 'previous-part';

/** A key, as much as matters of it. */
export type Key = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'altKey' | 'ctrlKey' | 'metaKey'>;

/** By how many pixels keys widen a column. */
const STEP = 16;

/** The command of this key in the grid. */
export function gridCommand(event: Key): GridCommand | undefined {
  const extend = event.shiftKey;
  const control = event.ctrlKey || event.metaKey;
  if (event.altKey) {
    if (control) return undefined;
    if (event.key === 'ArrowUp') return { type: 'header' };
    if (!extend) return undefined;
    if (event.key === 'ArrowRight') return { type: 'widen', pixels: STEP };
    if (event.key === 'ArrowLeft') return { type: 'widen', pixels: -STEP };
    return undefined;
  }
  switch (event.key) {
    case 'ArrowDown':
      return { type: 'rows', by: control ? 'last' : 1, extend };
    case 'ArrowUp':
      return { type: 'rows', by: control ? 'first' : -1, extend };
    case 'PageDown':
      return control ? undefined : { type: 'rows', by: 'page-down', extend };
    case 'PageUp':
      return control ? undefined : { type: 'rows', by: 'page-up', extend };
    case 'ArrowRight':
      return { type: 'columns', by: control ? 'last' : 1 };
    case 'ArrowLeft':
      return { type: 'columns', by: control ? 'first' : -1 };
    case 'Home':
      return control ? { type: 'rows', by: 'first', extend } : { type: 'columns', by: 'first' };
    case 'End':
      return control ? { type: 'rows', by: 'last', extend } : { type: 'columns', by: 'last' };
    case 'Enter':
      return control ? undefined : { type: 'activate' };
    case ' ':
      return { type: 'space' };
    case 'Escape':
      return { type: 'escape' };
    case 'ContextMenu':
      return { type: 'menu' };
    case 'F10':
      return extend ? { type: 'menu' } : undefined;
  }
  if (control && !extend && event.key.toLowerCase() === 'a') return { type: 'select-all' };
  if (control && !extend && event.key.toLowerCase() === 'c') return { type: 'copy' };
  return undefined;
}

/** The command of this key wherever the focus is. */
export function pageCommand({ key, ctrlKey, metaKey, shiftKey, altKey }: Key): PageCommand | undefined {
  if (altKey) return undefined;
  if (key === 'F3') return shiftKey ? 'find-previous' : 'find-next';
  if (key === 'F6') return shiftKey ? 'previous-part' : 'next-part';
  if (!(ctrlKey || metaKey) || shiftKey) return undefined;
  if (key.toLowerCase() === 'f') return 'find';
  if (key.toLowerCase() === 'g') return 'go-to-row';
  return undefined;
}
