// Places of rows with different heights.
import { indexAt, offsetsOf } from './row-offsets.ts';

describe('row offsets', () => {
  const offsets = offsetsOf([28, 100, 28], (height) => height);

  it('begin where the row before ends, and close with the whole height', () => {
    expect([...offsets]).toEqual([0, 28, 128, 156]);
  });

  it.each([
    [-5, 0],
    [0, 0],
    [27, 0],
    [28, 1],
    [127, 1],
    [128, 2],
    [9_999, 2],
  ])('place %d is in row %d', (place, index) => {
    expect(indexAt(offsets, place)).toBe(index);
  });

  it('an empty list has a first row to ask for', () => {
    expect(
      indexAt(
        offsetsOf([], () => 28),
        10,
      ),
    ).toBe(0);
  });
});
