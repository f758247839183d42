import { svg } from '../../ui/dom.ts';
import { boxElement, lineElement } from './boxes.ts';
import type { TextMeasure } from './measure.ts';
import type { Scene } from './scene.ts';

const EDGE = 12;
/** Twice as fine as the screen, but no canvas is larger than this. */
const PNG_SCALE = 2;
const MAX_CANVAS_SIDE = 16_000;
const MAX_CANVAS_AREA = 120_000_000;

/** Properties that a style sheet sets in the drawing, and that an SVG file carries as attributes. */
const PAINTS = ['fill', 'stroke'] as const;
const NUMBERS = ['stroke-width', 'opacity', 'font-size', 'font-weight', 'stroke-dasharray'] as const;

/**
 * The whole drawing as an SVG document that needs nothing else: with the colours of the theme, generic fonts, and text as
 * text. It is styled in the page, so `place` has to be in it.
 */
export function svgDocument(scene: Scene, measure: TextMeasure, place: Element): string {
  const [width, height] = [scene.size.width + 2 * EDGE, scene.size.height + 2 * EDGE];
  const background = svg('rect', { class: 'paper', width, height });
  const boxes = scene.folded.boxes.flatMap(({ id }) => {
    const [look, at] = [scene.looks.get(id), scene.places.get(id)];
    if (!look || !at) return [];
    const element = boxElement({ ...look, found: false }, 'full', measure);
    element.setAttribute('transform', `translate(${at.x} ${at.y})`);
    return [element];
  });
  const root = svg(
    'svg',
    { class: 'graph exported', width, height, viewBox: `0 0 ${width} ${height}` },
    background,
    svg(
      'g',
      { transform: `translate(${EDGE} ${EDGE})` },
      scene.lines.map(({ id, points, claimed }) => lineElement(id, points, claimed, true)),
      boxes,
    ),
  );
  place.append(root);
  try {
    for (const element of root.querySelectorAll('*')) styleInPlace(element);
  } finally {
    root.remove();
  }
  root.removeAttribute('class');
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(root)}\n`;
}

/** The same as a PNG. @throws Error where the browser cannot draw it */
export async function pngOf(source: string): Promise<Uint8Array> {
  const url = URL.createObjectURL(new Blob([source], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const scale = Math.min(
      PNG_SCALE,
      MAX_CANVAS_SIDE / Math.max(width, height),
      Math.sqrt(MAX_CANVAS_AREA / (width * height)),
    );
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => {
      canvas.toBlob(resolve, 'image/png');
    });
    if (!blob) throw new Error('The canvas gave no image.');
    return new Uint8Array(await blob.arrayBuffer());
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Writes what the style sheet says into the element, and takes away what only the page needs. */
function styleInPlace(element: Element): void {
  const style = getComputedStyle(element);
  const tag = element.tagName;
  if (tag !== 'g') {
    for (const property of PAINTS) {
      const value = style.getPropertyValue(property);
      if (element.getAttribute(property) === 'none') continue;
      const { color, opacity } = plainColor(value === 'currentcolor' ? style.color : value);
      element.setAttribute(property, color);
      if (opacity < 1) element.setAttribute(`${property}-opacity`, String(opacity));
    }
    for (const property of NUMBERS) {
      const value = style.getPropertyValue(property);
      const isText = property.startsWith('font');
      if (isText !== (tag === 'text')) continue;
      if (value !== '' && value !== 'none' && !(property === 'opacity' && value === '1')) {
        element.setAttribute(property, value);
      }
    }
    if (tag === 'text') element.setAttribute('font-family', 'sans-serif');
  }
  for (const name of [
    'class',
    'role',
    'tabindex',
    'data-id',
    'data-line',
    'aria-hidden',
    'aria-label',
    'aria-current',
  ]) {
    element.removeAttribute(name);
  }
}

/** A computed colour as SVG 1.1 knows it. */
function plainColor(value: string): { color: string; opacity: number } {
  const numbers = (value.match(/-?\d*\.?\d+(?:e-?\d+)?%?/g) ?? []).map((text) =>
    text.endsWith('%') ? Number.parseFloat(text) / 100 : Number(text),
  );
  if (value.startsWith('rgb')) {
    const [red = 0, green = 0, blue = 0, alpha = 1] = numbers;
    return { color: hex(red, green, blue), opacity: alpha };
  }
  if (value.startsWith('color(srgb')) {
    const [red = 0, green = 0, blue = 0, alpha = 1] = numbers;
    return { color: hex(red * 255, green * 255, blue * 255), opacity: alpha };
  }
  return { color: value === '' ? 'none' : value, opacity: 1 };
}

function hex(...channels: number[]): string {
  return `#${channels
    .map((channel) =>
      Math.round(Math.min(255, Math.max(0, channel)))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}
