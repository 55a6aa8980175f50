// Starts and stops in large numbers: AGENTMESH_STARTS (500) and AGENTMESH_DOUBLE_STARTS (50). Prints the counts as
// one line of JSON; ends with 1 when anything was lost, left behind or let in twice.
import { exerciseProcesses, type ProcessCounts } from './processes/exercise.ts';

const number = (name: string, otherwise: number): number => {
  const word = process.env[name];
  if (word === undefined || word === '') return otherwise;
  if (!/^\d{1,6}$/.test(word)) throw new Error(`${name} takes a number`);
  return Number(word);
};

/** What is wrong with the counts; empty when nothing is. */
const faults = (counts: ProcessCounts): string[] => [
  ...counts.lost.map((what) => `lost: ${what}`),
  ...(counts.refused === counts.doubleStarts ? [] : ['a second start was not refused']),
  ...(counts.processesLeft === 0 ? [] : ['processes were left behind']),
  ...(counts.openFilesGrown <= 0 ? [] : ['files were left open']),
];

/** The long run; resolves to the counts and what is wrong with them. */
export const processes = async (): Promise<{
  readonly counts: ProcessCounts;
  readonly faults: readonly string[];
}> => {
  const numbers = {
    starts: number('AGENTMESH_STARTS', 500),
    doubleStarts: number('AGENTMESH_DOUBLE_STARTS', 50),
  };
  const counts = await exerciseProcesses(numbers, (line) => process.stderr.write(`processes: ${line}\n`));
  return { counts, faults: faults(counts) };
};

if (import.meta.main) {
  const { counts, faults: found } = await processes();
  process.stdout.write(`${JSON.stringify({ case: 'processes', ...counts })}\n`);
  for (const fault of found) process.stderr.write(`processes: ${fault}\n`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
