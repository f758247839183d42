import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { STATUSES } from '../../src/core/trust/status.ts';
import { GUTTER_ICONS, iconPaths } from '../../webview/ui/icons.ts';

const MEDIA = new URL('../../media/', import.meta.url);

describe('The gutter icons', () => {
  it('exist for every status', () => {
    for (const status of STATUSES) assert.ok(GUTTER_ICONS.includes(status), status);
  });

  for (const name of GUTTER_ICONS) {
    for (const theme of ['light', 'dark']) {
      it(`${name}-${theme} has the shapes of the icon in the panel`, () => {
        const file = readFileSync(new URL(`icons/gutter/${name}-${theme}.svg`, MEDIA), 'utf8');
        assert.match(file, /viewBox="0 0 16 16"/);
        const paths = [...file.matchAll(/ d="([^"]+)"/g)].map(([, d]) => d);
        assert.deepEqual(
          paths,
          iconPaths(name).map(({ d }) => d),
        );
        const lines = [...file.matchAll(/stroke-width="([^"]+)"/g)].map(([, width]) => Number(width));
        assert.deepEqual(
          lines,
          iconPaths(name).flatMap(({ line }) => line ?? []),
        );
      });
    }
  }

  it('stand out from the editor, also in high contrast themes, which use the same files', () => {
    for (const name of GUTTER_ICONS) {
      for (const [theme, background] of [
        ['light', '#ffffff'],
        ['dark', '#1f1f1f'],
        ['dark', '#000000'],
      ] as const) {
        const file = readFileSync(new URL(`icons/gutter/${name}-${theme}.svg`, MEDIA), 'utf8');
        for (const [color] of file.matchAll(/#[0-9a-f]{6}/g)) {
          const ratio = contrast(color, background);
          assert.ok(ratio >= 4.5, `${name}-${theme}: ${color} on ${background} is ${ratio.toFixed(2)}`);
        }
      }
    }
  });
});

/** WCAG 2.2, "contrast ratio". */
function contrast(a: string, b: string): number {
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return ((lighter ?? 0) + 0.05) / ((darker ?? 0) + 0.05);
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
