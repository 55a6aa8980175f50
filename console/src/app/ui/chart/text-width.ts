// Widths of the chart's texts, measured with a canvas; estimated where there is none.
import type { Measure } from './chart-graph.ts';

const SANS = "'Inter', system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
const FONTS = { name: `600 14.5px ${SANS}`, note: `400 12px ${SANS}`, label: `500 12px ${SANS}` } as const;
const ESTIMATE = { name: 8.4, note: 6.8, label: 6.8 } as const;

/** A measurer; widths are rounded up a little so that text never touches its frame. */
export const textMeasure = (): Measure => {
  const canvas = typeof CanvasRenderingContext2D === 'undefined' ? null : document.createElement('canvas');
  const pen = canvas?.getContext('2d') ?? null;
  return (text, font) => {
    if (pen === null)
      return [...text].reduce((width, sign) => width + ESTIMATE[font] * (sign > '⺀' ? 1.8 : 1), 0);
    pen.font = FONTS[font];
    return pen.measureText(text).width * 1.03;
  };
};
