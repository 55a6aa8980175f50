// A path through points with rounded corners. Pure.

export interface Point {
  readonly x: number;
  readonly y: number;
}

const toward = (from: Point, to: Point, by: number): Point => {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (length === 0) return from;
  return { x: from.x + ((to.x - from.x) * by) / length, y: from.y + ((to.y - from.y) * by) / length };
};

const shown = ({ x, y }: Point): string =>
  `${String(Math.round(x * 10) / 10)} ${String(Math.round(y * 10) / 10)}`;

/** SVG path data; `radius` shrinks where a segment is too short for it. */
export const roundedPath = (points: readonly Point[], radius: number): string => {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return '';
  const parts = [`M${shown(first)}`];
  points.slice(1, -1).forEach((corner, index) => {
    const before = points[index] ?? first;
    const after = points[index + 2] ?? last;
    const room = Math.min(
      radius,
      Math.hypot(corner.x - before.x, corner.y - before.y) / 2,
      Math.hypot(after.x - corner.x, after.y - corner.y) / 2,
    );
    parts.push(`L${shown(toward(corner, before, room))}`);
    parts.push(`Q${shown(corner)} ${shown(toward(corner, after, room))}`);
  });
  parts.push(`L${shown(last)}`);
  return parts.join('');
};
