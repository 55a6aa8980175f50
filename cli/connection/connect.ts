// A client of the daemon that flags, environment and data folder lead to.
import { createClient, type Client } from '#api/contract/client';
import { MeshError } from '#machines/nouns/error-codes';
import { fetchThrough } from './http-fetch.ts';
import { dataDirOf, doorName, doorsOf, type DaemonChoice } from './locate.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Only the path of the URL counts: fetchThrough chooses where the request goes. */
const BASE_URL = 'http://agentmesh';

/** A client of the chosen daemon. It opens no connection before it is asked something. */
export const connect = (choice: DaemonChoice, env: Env): Client =>
  createClient({ baseUrl: BASE_URL, fetch: fetchThrough(() => doorsOf(choice, env)) });

/** The same error with the places that were tried, when it says that no daemon answers; any other error as it is. */
export const withPlaces = (error: unknown, choice: DaemonChoice, env: Env): unknown => {
  if (!(error instanceof MeshError) || error.code !== 'daemon_unreachable') return error;
  // An answer that is none of ours came from somewhere: the client’s own words say what it was.
  if (typeof error.extra['status'] === 'number' || typeof error.extra['run'] === 'string') return error;
  const doors = doorsOf(choice, env).map(doorName);
  const places = doors.length === 0 ? '' : ` (tried ${doors.join(', then ')})`;
  return new MeshError(
    'daemon_unreachable',
    `No daemon answers for the data folder ${dataDirOf(choice, env)}${places}`,
    error.extra,
    { cause: error.cause },
  );
};
