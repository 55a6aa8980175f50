// Rounded routes and the choice of the next state by arrow keys.
import type { Box } from './elk-graph.ts';
import { nearest } from './nearest.ts';
import { roundedPath } from './rounded-path.ts';

describe('rounded paths', () => {
  it('begin and end exactly where the points do', () => {
    const path = roundedPath(
      [
        { x: 0, y: 0 },
        { x: 10, y: 0 },
        { x: 10, y: 20 },
      ],
      4,
    );
    expect(path).toBe('M0 0L6 0Q10 0 10 4L10 20');
  });

  it('shrink the corner where a segment is too short', () => {
    expect(
      roundedPath(
        [
          { x: 0, y: 0 },
          { x: 4, y: 0 },
          { x: 4, y: 20 },
        ],
        7,
      ),
    ).toBe('M0 0L2 0Q4 0 4 2L4 20');
  });

  it('are empty without points', () => {
    expect(roundedPath([], 4)).toBe('');
  });
});

describe('the nearest state', () => {
  const box = (x: number, y: number): Box => ({ x, y, width: 10, height: 10 });
  const boxes = new Map([
    ['a', box(0, 0)],
    ['b', box(0, 50)],
    ['c', box(60, 4)],
    ['d', box(30, 60)],
  ]);

  it('lies in the direction of the arrow, straight ahead first', () => {
    expect(nearest(boxes, 'a', 'ArrowDown')).toBe('b');
    expect(nearest(boxes, 'a', 'ArrowRight')).toBe('c');
    expect(nearest(boxes, 'b', 'ArrowUp')).toBe('a');
    expect(nearest(boxes, 'a', 'ArrowLeft')).toBeNull();
  });
});
