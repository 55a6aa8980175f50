// What pause and resume share: only a team run can be steered so.
import type { Client } from '#api/contract/client';
import { findRun } from '../connection/find-run.ts';
import { UsageProblem } from '../render/problem.ts';

/** The id of the team run that was typed. Throws when it names a call. */
export const teamRunId = async (client: Client, typed: string, verb: string): Promise<string> => {
  const found = await findRun(client, typed);
  if (found.kind === 'call')
    throw new UsageProblem(
      `${found.id} is a call to one agent; only team runs can be ${verb}`,
      `Cancel it with agentmesh cancel ${found.id}.`,
    );
  return found.id;
};
