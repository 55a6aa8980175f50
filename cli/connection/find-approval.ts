// From what a person typed to the approval that it names: a whole id, or its beginning or end when only one has it.
import type { Client } from '#api/contract/client';
import type { Approval } from '#machines/nouns/approval';
import { MeshError } from '#machines/nouns/error-codes';
import { LIMITS } from '#machines/nouns/limits';
import { UsageProblem } from '../render/problem.ts';

/** Fewer characters are more likely a slip than a name. */
const PART_CHARS = 4;

/** The approval, as it is now. Throws unknown_approval, or a UsageProblem with the candidates. */
export const findApproval = async (client: Client, typed: string): Promise<Approval> => {
  try {
    return await client.call('approvals.get', { params: { approval_id: typed } });
  } catch (error) {
    if (!(error instanceof MeshError) || error.code !== 'unknown_approval') throw error;
    if (typed.length < PART_CHARS) throw error;
  }
  const limit = LIMITS.listPageMax;
  const [waiting, newest] = await Promise.all([
    client.call('approvals.list', { query: { limit, status: 'pending' } }),
    client.call('approvals.list', { query: { limit } }),
  ]);
  const ids = [...new Set([...waiting, ...newest].map((each) => each.approval_id))].filter(
    (id) => id.startsWith(typed) || id.endsWith(typed),
  );
  const [only, ...others] = ids;
  if (only === undefined) throw new MeshError('unknown_approval', `No approval is known as ${typed}`);
  if (others.length > 0)
    throw new UsageProblem(
      `${ids.length} approvals have an id like ${typed}`,
      `Give more of it, or its last characters. The latest: ${ids.slice(0, 3).join(', ')}.`,
    );
  return client.call('approvals.get', { params: { approval_id: only } });
};
