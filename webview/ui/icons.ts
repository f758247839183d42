import type { Status } from '../../src/core/trust/status.ts';
import { svg } from './dom.ts';

/** One path of an icon: filled, or a line of this width. */
interface Shape {
  readonly d: string;
  readonly line?: number;
  readonly dashes?: string;
}

const RING = 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z';

/**
 * Every icon on a 16 × 16 grid. A status is told by its shape alone; colour only repeats it. Those that also stand in
 * the gutter have the same paths in media/icons/gutter, which a test holds them to.
 */
const ICONS = {
  verified: [{ d: 'M2.75 8.75 6.25 12.25 13.25 4.25', line: 2.25 }],
  untrusted: [
    { d: 'M4.75 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z', line: 2 },
    { d: 'M8 8h6v3M11 8v2.25', line: 2 },
  ],
  modified: [{ d: 'M10.6 1.9 14.1 5.4 5.6 13.9 1.5 14.5 2.1 10.4zM9.2 4.7 11.3 6.8 10.6 7.5 8.5 5.4z' }],
  added: [{ d: 'M8 2.5v11M2.5 8h11', line: 2.5 }],
  unsigned: [{ d: 'M8 3.75a4.25 4.25 0 1 0 0 8.5 4.25 4.25 0 0 0 0-8.5z', line: 1.75 }],
  revoked: [
    {
      d:
        'M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM8 6.8 5.9 4.7 4.7 5.9 6.8 8 4.7 10.1 5.9 11.3 8 9.2 ' +
        '10.1 11.3 11.3 10.1 9.2 8 11.3 5.9 10.1 4.7z',
    },
  ],
  malformed: [
    {
      d: 'M7.1 1.8a1 1 0 0 1 1.8 0l6 11.2a1 1 0 0 1-.9 1.5H2a1 1 0 0 1-.9-1.5zM7 5.5v4.75h2V5.5zM7 11.25v2h2v-2z',
    },
  ],
  unknown: [
    { d: 'M4.75 5.25c0-4.25 6.5-4 6.5-.25C11.25 7.5 8 7.25 8 10.25', line: 2 },
    { d: 'M8 12a1.25 1.25 0 1 1 0 2.5A1.25 1.25 0 0 1 8 12z' },
  ],
  flagged: [{ d: 'M3 1.5h11L11.5 5.25 14 9H5v5.5H3z' }],
  upstream: [{ d: 'M3 1h9.5L10.75 3.75 12.5 6.5H5v4h4.5V8L14 11.75 9.5 15.5V13H3z' }],
  cleared: [
    { d: 'M3 14.5V2.25h10.5L11.25 5l2.25 2.75H3', line: 1.5 },
    { d: 'M7.5 12 9.5 14 13.5 10', line: 1.75 },
  ],
  dataset: [
    { d: 'M2.5 4C2.5 1 13.5 1 13.5 4S2.5 7 2.5 4zv8c0 3 11 3 11 0V4M2.5 8c0 3 11 3 11 0', line: 1.25 },
  ],
  sample: [
    { d: 'M2.5 3.5h11M2.5 12.5h11', line: 1.25 },
    { d: 'M2.5 8h11', line: 2.75 },
  ],
  review: [{ d: 'M3 14.5V2.25h10.5L11.25 5l2.25 2.75H3', line: 1.5 }],
  step: [{ d: 'M2 8h11M9 4l4 4-4 4', line: 1.5 }],
  revocation: [{ d: `${RING}M4.25 4.25l7.5 7.5`, line: 1.5 }],
  other: [{ d: 'M3.5 1.75H9.5L12.5 4.75v9.5h-9zM9.25 1.75V5h3.25', line: 1.25 }],
  clock: [{ d: `${RING}M8 5v3.25l2.25 1.25`, line: 1.5 }],
  shield: [
    { d: 'M8 1.5 13.5 3.5V7.5c0 3.5-2.5 5.75-5.5 7-3-1.25-5.5-3.5-5.5-7v-4z', line: 1.25 },
    { d: 'M5.25 8 7.25 10 10.75 6', line: 1.5 },
  ],
  absent: [{ d: RING, line: 1.5, dashes: '2.3 2.02' }],
  same: [{ d: 'M2.5 5.5h11M2.5 10.5h11', line: 2 }],
  reordered: [
    { d: 'M4.75 13.5v-11M2 5.25 4.75 2.5 7.5 5.25M11.25 2.5v11M8.5 10.75l2.75 2.75L14 10.75', line: 1.5 },
  ],
  subset: [{ d: 'M2 3.5h12M4.5 8h7M7 12.5h2', line: 2 }],
  chevron: [{ d: 'M6 3.5 10.5 8 6 12.5', line: 1.5 }],
  close: [{ d: 'M3.5 3.5l9 9M12.5 3.5l-9 9', line: 1.5 }],
  up: [{ d: 'M3.5 10 8 5.5 12.5 10', line: 1.5 }],
  down: [{ d: 'M3.5 6 8 10.5 12.5 6', line: 1.5 }],
  more: [
    {
      d:
        'M3 6.75a1.25 1.25 0 1 1 0 2.5 1.25 1.25 0 0 1 0-2.5zM8 6.75a1.25 1.25 0 1 1 0 2.5 1.25 1.25 0 0 1 0-2.5z' +
        'M13 6.75a1.25 1.25 0 1 1 0 2.5 1.25 1.25 0 0 1 0-2.5z',
    },
  ],
  columns: [{ d: 'M2.5 3h11v10h-11zM6.25 3v10M9.75 3v10', line: 1.25 }],
  filter: [{ d: 'M2.5 3h11L9.25 8.25v4.25l-2.5 1.25V8.25z', line: 1.25 }],
  goto: [{ d: 'M2.5 3.5h11M2.5 12.5h6M2.5 8h8.5M9 5.75 11.25 8 9 10.25', line: 1.25 }],
  search: [{ d: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.25 10.25 14 14', line: 1.5 }],
  info: [{ d: `${RING}M8 7v4.25M8 4.5v1.25`, line: 1.5 }],
  copy: [{ d: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3', line: 1.25 }],
  minus: [{ d: 'M2.5 8h11', line: 2.5 }],
  back: [{ d: 'M13.5 8h-11M7 3.5 2.5 8 7 12.5', line: 1.5 }],
  fit: [{ d: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10M5.5 5.5h5v5h-5z', line: 1.25 }],
  list: [{ d: 'M2.5 3.5h11M5.5 8h8M5.5 12.5h8M2.5 3.5V12.5h3M2.5 8h3', line: 1.25 }],
} as const satisfies Record<Status, readonly Shape[]> & Record<string, readonly Shape[]>;

export type IconName = keyof typeof ICONS;

/** The icons that also stand in the editor's gutter. */
export const GUTTER_ICONS = [
  'verified',
  'untrusted',
  'modified',
  'added',
  'unsigned',
  'revoked',
  'malformed',
  'unknown',
  'flagged',
  'upstream',
  'cleared',
] as const satisfies readonly IconName[];

/** The paths of an icon, in order. */
export function iconPaths(name: IconName): readonly Shape[] {
  return ICONS[name];
}

/** The icon. Screen readers skip it: a word always stands beside it. */
export function icon(name: IconName, tone: string = name): SVGElement {
  return svg(
    'svg',
    { class: `icon tone-${tone}`, viewBox: '0 0 16 16', 'aria-hidden': 'true', key: name },
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
