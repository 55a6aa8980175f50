// The chain of runs behind something that an agent asks for: what its own call carries, checked for depth.
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { Origin, OriginLink } from '#machines/nouns/origin';
import type { InvocationRow } from './invocation-row.ts';
import type { InvocationRows } from './rows.ts';

/** An asker: its agent, where its call is known, and the chain behind what it asks for, oldest first. */
export interface Asker {
  readonly agent: string | null;
  readonly chain: readonly OriginLink[];
}

/** Who asks, by what it says of itself. Throws unknown_run and origin_too_deep. */
export type FindAsker = (origin: Origin) => Asker;

/**
 * The chain that goes along with a call: what stands behind it (its row's `origin`, absent for what a person started),
 * then the run that it belongs to.
 */
export const chainOfCall = (
  row: Pick<InvocationRow, 'runId' | 'teamRunId' | 'data'>,
  mesh: string,
): readonly OriginLink[] => [
  ...((row.data['origin'] ?? []) as readonly OriginLink[]),
  row.teamRunId === null
    ? { mesh, team: null, run_id: row.runId }
    : { mesh, team: row.data['team'] as string, run_id: row.teamRunId },
];

/**
 * What this mesh knows of its own call counts more than what the asker says of it: a chain that came with the request
 * is taken only where no call is named, so that no agent shortens the chain of its own call.
 */
export const createFindAsker =
  (rows: Pick<InvocationRows, 'get' | 'atWorkIn'>, mesh: string): FindAsker =>
  (origin) => {
    const { run_id: id } = origin;
    // A program that serves many calls says its own id: it speaks for the one that it has at work.
    const call = id === undefined ? null : (rows.get(id) ?? rows.atWorkIn(id));
    if (origin.run_id !== undefined && call === null)
      throw new MeshError(
        'unknown_run',
        `no call ${origin.run_id} is known, so nothing can be started on its behalf`,
      );
    const chain = call === null ? (origin.chain ?? []) : chainOfCall(call, mesh);
    if (chain.length >= LIMITS.originDepth)
      throw new MeshError(
        'origin_too_deep',
        `${String(chain.length)} runs stand behind it already; at most ${String(LIMITS.originDepth - 1)} may`,
        { chain },
      );
    return { agent: call?.agent ?? null, chain };
  };
