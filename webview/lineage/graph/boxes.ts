import { svg } from '../../ui/dom.ts';
import { iconPaths, type IconName } from '../../ui/icons.ts';
import { isStep, type DrawnBox } from './fold.ts';
import type { BoxText, Row } from './describe.ts';
import type { TextMeasure } from './measure.ts';
import type { Size } from './viewport.ts';

/** How much of a box can be told at a scale: all of it, its name, or its icon. */
export type Detail = 'full' | 'name' | 'icon';

const DATASET_WIDTH = 196;
const STEP_WIDTH = 164;
const MORE_WIDTH = 120;
const PADDING = 8;
const ROW = 16;
const TITLE_ROW = 18;
const ICON = 14;
const ICON_GAP = 5;
const TITLE_SIZE = 12;
const TEXT_SIZE = 11;

/** Below these scales, texts of the size of the last detail cannot be read. */
const FULL_FROM = 0.55;
const NAME_FROM = 0.24;

export function detailAt(scale: number): Detail {
  if (scale >= FULL_FROM) return 'full';
  return scale >= NAME_FROM ? 'name' : 'icon';
}

export function sizeOf(box: DrawnBox, { rows }: BoxText): Size {
  return {
    width: box.kind === 'more' ? MORE_WIDTH : isStep(box) ? STEP_WIDTH : DATASET_WIDTH,
    height: 2 * PADDING + TITLE_ROW + rows.length * ROW - 2,
  };
}

export interface BoxLook {
  readonly box: DrawnBox;
  readonly text: BoxText;
  readonly size: Size;
  readonly current: boolean;
  readonly found: boolean;
}

/** A box as it is drawn with its upper left corner at 0, 0. */
export function boxElement(look: BoxLook, detail: Detail, measure: TextMeasure): SVGElement {
  const { box, text, size, current, found } = look;
  const claimed = isClaimed(box);
  const classes = [
    'graph-box',
    `kind-${isStep(box) ? 'step' : box.kind === 'more' ? 'more' : 'dataset'}`,
    claimed && 'claimed',
    current && 'current',
    found && 'found',
  ].filter((name) => typeof name === 'string');
  return svg(
    'g',
    {
      class: classes.join(' '),
      role: 'button',
      tabindex: -1,
      'data-id': box.id,
      'aria-label': text.label,
      ...(current && { 'aria-current': 'true' }),
    },
    box.kind === 'fold' && [6, 3].map((off) => frame('sheet', { ...size }, isStep(box) ? 8 : 3, off)),
    frame('frame', size, isStep(box) || box.kind === 'more' ? 8 : 3),
    detail === 'full'
      ? fullContent(look, measure)
      : detail === 'name'
        ? nameContent(look, measure)
        : iconContent(look),
  );
}

function isClaimed(box: DrawnBox): boolean {
  switch (box.kind) {
    case 'dataset':
      return box.claimed === true;
    case 'step':
      return 'claimedBy' in box.by;
    case 'fold':
      return box.members.every(isClaimed);
    case 'more':
      return true;
  }
}

function frame(name: string, { width, height }: Size, radius: number, off = 0): SVGElement {
  return svg('rect', { class: name, x: off, y: off, width, height, rx: radius });
}

function fullContent({ text, size }: BoxLook, measure: TextMeasure): SVGElement[] {
  const titleRoom = size.width - 2 * PADDING - ICON - ICON_GAP;
  return [
    iconElement(text.icon, text.tone, PADDING, PADDING + 1, ICON),
    textElement(
      'title',
      measure.fitted(text.title, titleRoom, TITLE_SIZE, true, 'middle'),
      PADDING + ICON + ICON_GAP,
      PADDING + 12,
    ),
    ...text.rows.flatMap((row, index) =>
      rowElements(row, PADDING + TITLE_ROW + index * ROW, size.width, measure),
    ),
  ];
}

function rowElements(
  { text, icon, tone }: Row,
  top: number,
  width: number,
  measure: TextMeasure,
): SVGElement[] {
  const left = PADDING + ICON + ICON_GAP;
  const words = textElement('row', measure.fitted(text, width - PADDING - left, TEXT_SIZE), left, top + 11);
  return icon === undefined ? [words] : [iconElement(icon, tone ?? icon, PADDING + 1, top + 1, 12), words];
}

/** The icon and the name, as large as the box lets them be: for when they are seen small. */
function nameContent({ text, size }: BoxLook, measure: TextMeasure): SVGElement[] {
  const font = 24;
  const icon = 26;
  const room = size.width - 2 * PADDING - icon - ICON_GAP;
  const middle = size.height / 2;
  return [
    iconElement(text.icon, text.tone, PADDING, middle - icon / 2, icon),
    textElement(
      'large',
      measure.fitted(text.title, room, font, true, 'middle'),
      PADDING + icon + ICON_GAP,
      middle + 8,
    ),
    ...worstBadge(text, size, icon),
  ];
}

function iconContent({ text, size }: BoxLook): SVGElement[] {
  const icon = Math.min(size.height - 8, 48);
  return [
    iconElement(text.icon, text.tone, (size.width - icon) / 2, (size.height - icon) / 2, icon),
    ...worstBadge(text, size, icon * 0.75),
  ];
}

/** Flags and problems are not left out, however small the box is seen. */
function worstBadge({ rows }: BoxText, { width }: Size, icon: number): SVGElement[] {
  const bad = rows.find(
    ({ icon: name }) => name === 'flagged' || name === 'upstream' || name === 'malformed',
  );
  if (bad?.icon === undefined) return [];
  return [iconElement(bad.icon, bad.tone ?? bad.icon, width - icon * 0.75, -icon * 0.35, icon)];
}

function textElement(kind: string, text: string, x: number, y: number): SVGElement {
  return svg('text', { class: `text text-${kind}`, x, y }, text);
}

function iconElement(name: IconName, tone: string, x: number, y: number, size: number): SVGElement {
  return svg(
    'g',
    { class: `glyph tone-${tone}`, transform: `translate(${x} ${y}) scale(${size / 16})` },
    iconPaths(name).map(({ d, line, dashes }) =>
      svg('path', {
        d,
        ...(line === undefined
          ? { fill: 'currentColor', 'fill-rule': 'evenodd' }
          : { fill: 'none', stroke: 'currentColor', 'stroke-width': line, 'stroke-linejoin': 'round' }),
        ...(dashes === undefined ? {} : { 'stroke-dasharray': dashes }),
      }),
    ),
  );
}

const BEND = 6;

/** A line through these points with rounded corners, and an arrow at its end. */
export function lineElement(
  id: string,
  points: readonly (readonly [number, number])[],
  claimed: boolean,
  arrow: boolean,
): SVGElement {
  return svg(
    'g',
    { class: claimed ? 'line claimed' : 'line', 'data-line': id, 'aria-hidden': 'true' },
    svg('path', { class: 'stroke', d: roundedPath(points) }),
    arrow && svg('path', { class: 'arrow', d: arrowPath(points) }),
  );
}

function roundedPath(points: readonly (readonly [number, number])[]): string {
  const [first] = points;
  if (!first) return '';
  let path = `M${first[0]} ${first[1]}`;
  for (let i = 1; i < points.length; i++) {
    const [before, at, next] = [points[i - 1], points[i], points[i + 1]];
    if (!before || !at) continue;
    if (!next) {
      path += `L${at[0]} ${at[1]}`;
      continue;
    }
    const [start, end] = [towards(at, before), towards(at, next)];
    path += `L${start[0]} ${start[1]}Q${at[0]} ${at[1]} ${end[0]} ${end[1]}`;
  }
  return path;
}

/** A point near a corner on the way to another. */
function towards(from: readonly [number, number], to: readonly [number, number]): readonly [number, number] {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const share = length === 0 ? 0 : Math.min(BEND, length / 2) / length;
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
}

function arrowPath(points: readonly (readonly [number, number])[]): string {
  const [end, before] = [points.at(-1), points.at(-2)];
  if (!end || !before) return '';
  const angle = Math.atan2(end[1] - before[1], end[0] - before[0]);
  const corner = (turn: number) => [end[0] - 8 * Math.cos(angle + turn), end[1] - 8 * Math.sin(angle + turn)];
  const [a, b] = [corner(0.42), corner(-0.42)];
  return `M${end[0]} ${end[1]}L${a.join(' ')}L${b.join(' ')}Z`;
}
