// A prompt is words for the agent, never orders to OpenClaw: what its chat would take for a command is made plain text.

/** WORD JOINER: no blank to OpenClaw’s parser, nothing to a reader’s eye. */
const JOINER = '\u2060';

/**
 * OpenClaw obeys `/word` wherever a blank stands before it and a blank, a colon or the end behind (`/exec security=full`
 * in the middle of a text, too). Only an owner may switch that off (suppressCommandInterpretation), and a mesh is none.
 * Paths such as /usr/bin are left as they are.
 */
const COMMAND = /(?<!\S)\/(?=[^\s/:]+(?:[\s:]|$))/gu;

/** A leading `!` runs a shell command where that is switched on. */
const SHELL = /^\s*!/;

/** The same words with nothing at their beginning that could mean something by itself. */
export const asWords = (text: string): string => JOINER + text;

/** The prompt, fit for chat.send: the agent reads the same words, the gateway finds no command in them. */
export const literal = (prompt: string): string => {
  const plain = prompt.replace(COMMAND, `${JOINER}/`);
  return SHELL.test(plain) ? asWords(plain) : plain;
};
