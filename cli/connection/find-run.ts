// From what a person typed to the run that it names: a whole id, or its beginning or end when only one run has it.
import type { Client } from '#api/contract/client';
import { MeshError } from '#machines/nouns/error-codes';
import { LIMITS } from '#machines/nouns/limits';
import { UsageProblem } from '../render/problem.ts';
import type { Invocation, TeamRun } from '#machines/nouns/run';

/** Fewer characters are more likely a slip than a name. */
const PART_CHARS = 6;

export type FoundRun =
  | { readonly kind: 'team'; readonly id: string; readonly run: TeamRun }
  | { readonly kind: 'call'; readonly id: string; readonly call: Invocation };

/** null instead of a "not found"; every other error is thrown on. */
export const unlessMissing = async <T>(asked: Promise<T>): Promise<T | null> => {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof MeshError && (error.code === 'unknown_run' || error.code === 'not_found'))
      return null;
    throw error;
  }
};

/**
 * The whole id of the one recent run or task that begins or ends so (ids begin with the time: those of one hour begin
 * alike, and differ at their end). Throws unknown_run, or a UsageProblem with the candidates.
 */
export const completeId = async (client: Client, part: string): Promise<string> => {
  const unknown = new MeshError('unknown_run', `No run or task is known as ${part}`);
  if (part.length < PART_CHARS) throw unknown;
  const limit = LIMITS.listPageMax;
  const [teams, calls] = await Promise.all([
    client.call('team-runs.list', { query: { limit } }),
    client.call('invocations.list', { query: { limit } }),
  ]);
  const ids = new Set(
    [...teams.map((run) => run.team_run_id), ...calls.flatMap((call) => [call.run_id, call.task_id])].filter(
      (id) => id !== null && (id.startsWith(part) || id.endsWith(part)),
    ),
  );
  const [only, ...others] = [...ids].filter((id) => id !== null);
  if (only === undefined) throw unknown;
  if (others.length > 0)
    throw new UsageProblem(
      `${ids.size} runs have an id like ${part}`,
      `Give more of it, or its last characters. The latest: ${[only, ...others].slice(0, 3).join(', ')}.`,
    );
  return only;
};

const lookUp = async (client: Client, id: string): Promise<FoundRun | null> => {
  const run = await unlessMissing(client.call('team-runs.get', { params: { team_run_id: id } }));
  if (run !== null) return { kind: 'team', id, run };
  const call = await unlessMissing(client.call('invocations.get', { params: { run_id: id } }));
  return call === null ? null : { kind: 'call', id, call };
};

/** The team run or call of an id, or of a part of one. Throws unknown_run. */
export const findRun = async (client: Client, typed: string): Promise<FoundRun> => {
  const found = await lookUp(client, typed);
  if (found !== null) return found;
  const id = await completeId(client, typed);
  const completed = await lookUp(client, id);
  if (completed === null) throw new MeshError('unknown_run', `No run is known as ${id}`);
  return completed;
};
