// The next state in a direction, for choosing states with the arrow keys. Pure.
import type { Box } from './elk-graph.ts';

export type Arrow = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown';

export const isArrow = (key: string): key is Arrow =>
  key === 'ArrowLeft' || key === 'ArrowRight' || key === 'ArrowUp' || key === 'ArrowDown';

/** The id of the box that lies nearest in the direction; what lies off the line counts double. Null when none does. */
export const nearest = (boxes: ReadonlyMap<string, Box>, from: string, arrow: Arrow): string | null => {
  const start = boxes.get(from);
  if (start === undefined) return null;
  const across = arrow === 'ArrowLeft' || arrow === 'ArrowRight';
  const sign = arrow === 'ArrowLeft' || arrow === 'ArrowUp' ? -1 : 1;
  let best: string | null = null;
  let least = Infinity;
  for (const [id, box] of boxes) {
    if (id === from) continue;
    const dx = box.x + box.width / 2 - (start.x + start.width / 2);
    const dy = box.y + box.height / 2 - (start.y + start.height / 2);
    const along = sign * (across ? dx : dy);
    if (along <= 1) continue;
    const distance = along + 2 * Math.abs(across ? dy : dx);
    if (distance < least) [least, best] = [distance, id];
  }
  return best;
};
