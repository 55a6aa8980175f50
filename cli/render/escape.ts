// Makes text of agents safe to print: a terminal must never obey it, and no reader may be fooled by its direction marks.

/** ECMA-48 sequences and single controls. Built from parts: controls in a regular expression literal are unreadable. */
const ESC = '\\u001b';
/** CSI, parameters, intermediates, final byte (colours, cursor, modes). */
const CSI = `(?:${ESC}\\[|\\u009b)[0-?]*[ -/]*[@-~]`;
/** OSC, DCS, SOS, PM, APC up to their terminator (titles, links, clipboard, device control). */
const STRING = `(?:${ESC}[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^\\u0000-\\u001f\\u007f-\\u009f]*(?:\\u0007|${ESC}\\\\|\\u009c)`;
/** Other escape sequences (reset, character sets, save cursor). */
const ESCAPE = `${ESC}[ -/]*[0-~]`;
/** What is left of C0 but for tab and newline, DEL, and C1. */
const SINGLE = '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]';
const CONTROLS = new RegExp(`\\r\\n?|${CSI}|${STRING}|${ESCAPE}|${SINGLE}`, 'g');

/** Bidirectional controls, and the invisible tag and zero-width characters that hide text from readers. */
const INVISIBLE =
  /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/**
 * Text that a terminal shows and never obeys: control sequences and control characters are gone (a carriage return is
 * a line break), direction overrides and invisible characters are written out as <U+202E>. Newlines and tabs stay.
 */
export const escapeText = (text: string): string =>
  text
    .toWellFormed()
    .replace(CONTROLS, (found) => (found.startsWith('\r') ? '\n' : ''))
    .replace(INVISIBLE, (found) => {
      const code = found.codePointAt(0) ?? 0;
      return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
    })
    .replace(/[\u2028\u2029]/g, '\n');

/** The same on one line: every run of white space is one blank. */
export const escapeLine = (text: string): string => escapeText(text).replace(/\s+/g, ' ').trim();
