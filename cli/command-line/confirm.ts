// Asks a person yes or no. Without a terminal nobody can be asked, and nothing is taken for a yes.
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { UsageProblem } from '../render/problem.ts';

interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
}

/**
 * Whether the person at the terminal says yes to `question`; anything but y or yes is a no.
 * @throws UsageProblem when there is no terminal to ask at; `otherwise` says how to agree beforehand
 */
export const confirm = async (
  { stdin, stderr }: Streams,
  question: string,
  otherwise: string,
): Promise<boolean> => {
  if (stdin.isTTY !== true) throw new UsageProblem('Nobody can be asked here whether to do this', otherwise);
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    return /^\s*(y|yes)\s*$/i.test(await lines.question(`${question} [y/N] `));
  } catch {
    // Ctrl-C or Ctrl-D at the question.
    stderr.write('\n');
    return false;
  } finally {
    lines.close();
  }
};
