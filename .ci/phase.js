// Shows one phase of the preparation: a line that counts seconds on a terminal, plain lines elsewhere. Writes to stderr.
import process from 'node:process';

const seconds = (sinceMs) => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;

/**
 * Runs `work` and shows how long it takes.
 * @template T
 * @param {string} title what happens, such as "installing packages"
 * @param {() => Promise<T>} work
 * @param {{ unlessDoneInMs?: number }} [options] how soon it must be done to be worth no word
 * @returns {Promise<T>} what `work` gives; its error passes through
 */
export const phase = async (title, work, { unlessDoneInMs = 0 } = {}) => {
  const startedMs = Date.now();
  const isTerminal = process.stderr.isTTY === true;
  const show = () => process.stderr.write(`\r\u001b[2K${title} … ${seconds(startedMs)}`);
  const clear = isTerminal ? '\r\u001b[2K' : '';
  let timer;
  let isShown = false;
  const begin = () => {
    isShown = true;
    if (isTerminal) timer = setInterval(show, 250);
    else process.stderr.write(`${title} …\n`);
  };
  const later = unlessDoneInMs > 0 ? setTimeout(begin, unlessDoneInMs) : begin();
  try {
    const result = await work();
    if (isShown) process.stderr.write(`${clear}${title}: done in ${seconds(startedMs)}\n`);
    return result;
  } catch (error) {
    process.stderr.write(`${clear}${title}: failed after ${seconds(startedMs)}\n`);
    throw error;
  } finally {
    clearTimeout(later);
    clearInterval(timer);
  }
};
