/** Where the drawing is on the screen: a point of it is shown at `x + scale * point`. All lengths in CSS pixels. */
export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Rect extends Size {
  readonly x: number;
  readonly y: number;
}

const MAX_SCALE = 2.5;
const MIN_SCALE = 0.02;
/** Smaller, names cannot be read: what does not fit so is shown in part. */
const READABLE_SCALE = 0.7;
/** At least so much of the drawing stays in sight. */
const KEPT_IN_SIGHT = 48;
/** A box that is brought into sight keeps this distance from the edge. */
const MARGIN = 24;

/** The whole drawing, centred, and not larger than it is. */
export function fit(drawing: Size, room: Size): Viewport {
  const scale = clampScale(Math.min(room.width / drawing.width, room.height / drawing.height, 1));
  return {
    x: (room.width - drawing.width * scale) / 2,
    y: (room.height - drawing.height * scale) / 2,
    scale,
  };
}

/** The first sight of a drawing: all of it where it can be read then, else what is around a box. */
export function firstSight(drawing: Size, room: Size, box: Rect | undefined): Viewport {
  const whole = fit(drawing, room);
  if (whole.scale >= READABLE_SCALE || !box) return whole;
  // A long drawing is shown as wide as it fits, and a wide one as high.
  const across = Math.max(room.width / drawing.width, room.height / drawing.height);
  return clampPan(centred(box, room, Math.min(1, Math.max(READABLE_SCALE, across))), drawing, room);
}

/** A box in the middle. */
export function centred({ x, y, width, height }: Rect, room: Size, scale: number): Viewport {
  return {
    x: room.width / 2 - (x + width / 2) * scale,
    y: room.height / 2 - (y + height / 2) * scale,
    scale,
  };
}

/** Moved so that a box is wholly seen, by as little as possible. */
export function bringIntoSight(viewport: Viewport, box: Rect, room: Size): Viewport {
  const shift = (at: number, size: number, space: number) => {
    const margin = Math.min(MARGIN, Math.max(0, (space - size) / 2));
    if (at < margin) return margin - at;
    return at + size > space - margin ? space - margin - at - size : 0;
  };
  const { x, y, scale } = viewport;
  return {
    scale,
    x: x + shift(x + box.x * scale, box.width * scale, room.width),
    y: y + shift(y + box.y * scale, box.height * scale, room.height),
  };
}

/** Larger or smaller by a factor, around a point of the screen. */
export function zoom(viewport: Viewport, factor: number, point: { x: number; y: number }): Viewport {
  const scale = clampScale(viewport.scale * factor);
  const ratio = scale / viewport.scale;
  return {
    scale,
    x: point.x - (point.x - viewport.x) * ratio,
    y: point.y - (point.y - viewport.y) * ratio,
  };
}

export function pan(viewport: Viewport, dx: number, dy: number, drawing: Size, room: Size): Viewport {
  return clampPan({ ...viewport, x: viewport.x + dx, y: viewport.y + dy }, drawing, room);
}

/** What fits stays in sight wholly; of what does not, there is always something to be seen. */
function clampPan({ x, y, scale }: Viewport, drawing: Size, room: Size): Viewport {
  const clamp = (at: number, size: number, space: number) => {
    if (size <= space) return Math.min(Math.max(at, 0), space - size);
    const kept = Math.min(KEPT_IN_SIGHT, space / 2);
    return Math.min(Math.max(at, kept - size), space - kept);
  };
  return {
    scale,
    x: clamp(x, drawing.width * scale, room.width),
    y: clamp(y, drawing.height * scale, room.height),
  };
}

/** The part of the drawing that is seen. */
export function seen({ x, y, scale }: Viewport, room: Size): Rect {
  return { x: -x / scale, y: -y / scale, width: room.width / scale, height: room.height / scale };
}

export function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function clampScale(scale: number): number {
  return Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale));
}
