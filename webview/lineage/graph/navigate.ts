import type { Rect } from './viewport.ts';
import type { Ways } from './fold.ts';

export type Arrow = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight';

/**
 * Where an arrow key leads from a box: along a line forth or back, in the direction of the drawing, to the nearest of
 * several boxes; across it, to the next box in the same layer.
 */
export function neighbour(
  id: string,
  arrow: Arrow,
  direction: 'down' | 'right',
  ways: Ways,
  places: ReadonlyMap<string, Rect>,
): string | undefined {
  const place = places.get(id);
  if (!place) return undefined;
  const forth = direction === 'down' ? 'ArrowDown' : 'ArrowRight';
  const back = direction === 'down' ? 'ArrowUp' : 'ArrowLeft';
  const across = (rect: Rect) => (direction === 'down' ? rect.x + rect.width / 2 : rect.y + rect.height / 2);
  const here = across(place);
  if (arrow === forth || arrow === back) {
    const next = arrow === forth ? ways.after(id) : ways.before(id);
    return nearest(next, (other) => {
      const rect = places.get(other);
      return rect && Math.abs(across(rect) - here);
    });
  }
  const sign = arrow === 'ArrowRight' || arrow === 'ArrowDown' ? 1 : -1;
  return nearest([...places.keys()], (other) => {
    const rect = places.get(other);
    if (!rect || !inSameLayer(rect, place, direction)) return undefined;
    const distance = (across(rect) - here) * sign;
    return distance > 0 ? distance : undefined;
  });
}

function inSameLayer(a: Rect, b: Rect, direction: 'down' | 'right'): boolean {
  return direction === 'down'
    ? a.y < b.y + b.height && b.y < a.y + a.height
    : a.x < b.x + b.width && b.x < a.x + a.width;
}

function nearest(ids: readonly string[], distanceOf: (id: string) => number | undefined): string | undefined {
  let best: string | undefined;
  let shortest = Infinity;
  for (const id of ids) {
    const distance = distanceOf(id);
    if (distance === undefined || distance >= shortest) continue;
    best = id;
    shortest = distance;
  }
  return best;
}
