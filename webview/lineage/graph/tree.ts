import * as l10n from '@vscode/l10n';
import type { LineageBox, LineageGraphState } from '../../../src/protocol/lineagePanel.ts';
import { h } from '../../ui/dom.ts';
import { icon } from '../../ui/icons.ts';
import { numberText } from '../../ui/strings.ts';
import { untrusted } from '../../ui/text.ts';
import { describe, type BoxText } from './describe.ts';
import { Ways } from './fold.ts';
import { issuesByBox } from './scene.ts';

/** One row of the tree. */
export interface TreeRow {
  /** The way to it from the root: the same box may stand at several places. */
  readonly path: string;
  readonly parent: string | undefined;
  readonly level: number;
  readonly place: number;
  readonly siblings: number;
  readonly expandable: boolean;
  readonly expanded: boolean;
  /** Undefined for a heading. */
  readonly box?: LineageBox;
  readonly text: Pick<BoxText, 'title' | 'rows' | 'icon' | 'tone'>;
}

/** So many rows can be listened to; the rest is behind what is folded. */
const MAX_ROWS = 2000;
/** Deeper rows are unfolded by the user. */
const OPEN_LEVELS = 6;
const SEPARATOR = '\n';

/** The same graph as a tree: from the box that it is about back to its sources and on to what was made of it. */
export function treeRows(graph: LineageGraphState, toggled: ReadonlySet<string>): TreeRow[] {
  const ways = new Ways(graph.lines);
  const byId = new Map(graph.boxes.map((box) => [box.id, box]));
  const issuesOf = issuesByBox(graph.issues);
  const rows: TreeRow[] = [];
  const isOpen = (path: string, level: number) => toggled.has(path) !== level < OPEN_LEVELS;

  const addBoxes = (
    ids: readonly string[],
    side: 'before' | 'after',
    parent: string | undefined,
    level: number,
    above: ReadonlySet<string>,
  ) => {
    ids.forEach((id, index) => {
      const box = byId.get(id);
      if (!box || rows.length >= MAX_ROWS) return;
      const path = `${parent ?? ''}${SEPARATOR}${side} ${id}`;
      const repeated = above.has(id);
      const next = repeated ? [] : side === 'before' ? ways.before(id) : ways.after(id);
      const expanded = next.length > 0 && isOpen(path, level);
      const { title, rows: details, icon: name, tone } = describe(box, issuesOf.get(id) ?? []);
      rows.push({
        path,
        parent,
        level,
        place: index + 1,
        siblings: ids.length,
        expandable: next.length > 0,
        expanded,
        box,
        text: {
          title,
          icon: name,
          tone,
          rows: repeated ? [...details, { text: l10n.t('stands above already') }] : details,
        },
      });
      if (expanded) addBoxes(next, side, path, level + 1, new Set([...above, id]));
    });
  };

  // The whole workspace is more than what leads to and from one dataset.
  const start = graph.view === 'workspace' ? undefined : graph.current;
  const current = start === undefined ? undefined : byId.get(start);
  if (!current) {
    const sources = graph.boxes.filter(({ id }) => ways.before(id).length === 0).map(({ id }) => id);
    // Where all goes round in circles there is no source.
    addBoxes(
      sources.length > 0 ? sources : graph.boxes.map(({ id }) => id),
      'after',
      undefined,
      1,
      new Set(),
    );
    return rows;
  }
  const { title, rows: details, icon: name, tone } = describe(current, issuesOf.get(current.id) ?? []);
  const sides = (
    [
      ['before', l10n.t('Made from'), ways.before(current.id)],
      ['after', l10n.t('Used in'), ways.after(current.id)],
    ] as const
  ).filter(([, , ids]) => ids.length > 0);
  const root = `${SEPARATOR}current`;
  const rootOpen = sides.length > 0 && isOpen(root, 1);
  rows.push({
    path: root,
    parent: undefined,
    level: 1,
    place: 1,
    siblings: 1,
    expandable: sides.length > 0,
    expanded: rootOpen,
    box: current,
    text: { title, rows: details, icon: name, tone },
  });
  if (!rootOpen) return rows;
  sides.forEach(([side, heading, ids], index) => {
    const path = `${root}${SEPARATOR}${side}`;
    const expanded = isOpen(path, 2);
    rows.push({
      path,
      parent: root,
      level: 2,
      place: index + 1,
      siblings: sides.length,
      expandable: true,
      expanded,
      text: { title: heading, rows: [], icon: side === 'before' ? 'up' : 'down', tone: 'plain' },
    });
    if (expanded) addBoxes(ids, side, path, 3, new Set([current.id]));
  });
  return rows;
}

export interface TreeUser {
  toggle(path: string): void;
  focusRow(path: string): void;
  activate(box: LineageBox): void;
  showCard(box: LineageBox): void;
  openMenu(box: LineageBox, anchor: DOMRect): void;
  back(): void;
  search(): void;
}

/** The tree as WAI-ARIA describes it. */
export function tree(rows: readonly TreeRow[], focused: string | undefined, user: TreeUser): HTMLElement {
  const active = rows.some(({ path }) => path === focused) ? focused : rows[0]?.path;
  return h(
    'div',
    {
      class: 'tree',
      role: 'tree',
      'aria-label': l10n.t('Lineage'),
      on: {
        keydown: (event) => {
          if (event instanceof KeyboardEvent) onKey(event, rows, user);
        },
      },
    },
    rows.map((row) => treeItem(row, row.path === active, user)),
  );
}

function treeItem(row: TreeRow, active: boolean, user: TreeUser): HTMLElement {
  const { path, level, place, siblings, expandable, expanded, box, text } = row;
  return h(
    'div',
    {
      class: `tree-row level-${Math.min(level, 12)}${box ? '' : ' tree-heading'}`,
      role: 'treeitem',
      'aria-level': level,
      'aria-posinset': place,
      'aria-setsize': siblings,
      'aria-expanded': expandable ? String(expanded) : undefined,
      'aria-label': [text.title, ...text.rows.map((line) => line.text)].join(', '),
      tabindex: active ? 0 : -1,
      'data-path': path,
      key: path,
      on: {
        focus: () => {
          user.focusRow(path);
        },
        click: (event) => {
          const { target } = event;
          if (!box || (target instanceof Element && target.closest('.twistie'))) user.toggle(path);
          else user.activate(box);
        },
      },
    },
    h('span', { class: 'twistie' }, expandable && icon('chevron', 'plain')),
    icon(text.icon, text.tone),
    h(
      'span',
      { class: 'tree-text' },
      h('span', { class: 'tree-title' }, box ? untrusted(text.title, 200) : text.title),
      text.rows.map(({ text: words, icon: name, tone }, index) =>
        h(
          'span',
          { class: 'tree-detail', key: `${index}` },
          name !== undefined && icon(name, tone ?? name),
          h('bdi', {}, words),
        ),
      ),
    ),
  );
}

function onKey(event: KeyboardEvent, rows: readonly TreeRow[], user: TreeUser): void {
  const { currentTarget, target } = event;
  if (!(currentTarget instanceof HTMLElement) || !(target instanceof HTMLElement)) return;
  const path = target.closest<HTMLElement>('[data-path]')?.dataset['path'];
  const index = rows.findIndex((row) => row.path === path);
  const row = rows[index];
  if (!row) return;
  const go = (to: TreeRow | undefined) => {
    if (to) user.focusRow(to.path);
  };
  const { box } = row;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f') user.search();
  else if (event.ctrlKey || event.metaKey || event.altKey) return;
  else if (event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10')) {
    if (box) user.openMenu(box, target.getBoundingClientRect());
  } else {
    switch (event.key) {
      case 'ArrowDown':
        go(rows[index + 1]);
        break;
      case 'ArrowUp':
        go(rows[index - 1]);
        break;
      case 'Home':
        go(rows[0]);
        break;
      case 'End':
        go(rows.at(-1));
        break;
      case 'ArrowRight':
        if (row.expandable && !row.expanded) user.toggle(row.path);
        else if (row.expanded) go(rows[index + 1]);
        break;
      case 'ArrowLeft':
        if (row.expanded) user.toggle(row.path);
        else go(rows.find((other) => other.path === row.parent));
        break;
      case 'Enter':
        if (box) user.activate(box);
        else user.toggle(row.path);
        break;
      case ' ':
        if (box) user.showCard(box);
        break;
      case 'Escape':
        user.back();
        break;
      case '/':
        user.search();
        break;
      default:
        return;
    }
  }
  event.preventDefault();
  event.stopPropagation();
}

/** "Only the first 2,000 rows are listed" where it is so. */
export function treeNote(rows: readonly TreeRow[]): string | undefined {
  return rows.length < MAX_ROWS
    ? undefined
    : l10n.t('Only the first {0} rows are listed.', numberText(MAX_ROWS));
}
