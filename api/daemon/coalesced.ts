// One key press, one signal: a Ctrl-C reaches a program from the terminal, from npx and from a wrapper, nearly at once.

/** What comes within this of the first is the same press, in milliseconds. */
const TOGETHER_MS = 400;

/** A signal handler that takes signals arriving together as one. */
export const coalesced = (onSignal: (signal: NodeJS.Signals) => void): ((signal: NodeJS.Signals) => void) => {
  let last = Number.NEGATIVE_INFINITY;
  return (signal) => {
    const now = performance.now();
    if (now - last < TOGETHER_MS) return;
    last = now;
    onSignal(signal);
  };
};
