// Makes what hides in a text visible: direction overrides, invisible characters and controls are written out as <U+202E>.

/** Bidirectional controls, zero-width and tag characters, C0 but tab and line breaks, DEL, C1, and the other line breaks. */
const HIDDEN = new RegExp(
  [
    '[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e',
    '\\u2060-\\u2064\\u2066-\\u206f\\ufeff\\u{e0000}-\\u{e007f}]',
  ].join(''),
  'gu',
);

/** The text as it may be shown: nothing in it turns its neighbours round or hides from its reader. */
export const visible = (text: string): string =>
  text.replace(
    HIDDEN,
    (char) => `<U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`,
  );
