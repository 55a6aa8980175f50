// One request as the client makes it: the address from the table, and what an answer that is no success means.
import { ERRORS, MeshError, isErrorCode } from '#machines/nouns/error-codes';
import { ROUTES, type RouteId } from './routes.ts';

/** Values that may stand in a path or a query. */
export type Scalar = string | number | boolean;

/** Path parameters and query of a request; undefined values are left out. */
export interface Address {
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
}

const scalar = (value: unknown, where: string): string => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new MeshError('bad_request', `${where} must be text, a number or a boolean`);
};

/** The URL of a route below `baseUrl` (which may be empty for a page of the same origin). */
export const routeUrl = (baseUrl: string, route: RouteId, { params = {}, query = {} }: Address): string => {
  const path = ROUTES[route].path.replace(/:(\w+)/g, (_, name: string) => {
    const value = scalar(params[name], `The path parameter ${name}`);
    // URL parsers fold `.` and `..` away, %2E or not, so that another route would be asked.
    if (value === '' || value === '.' || value === '..')
      throw new MeshError('bad_request', `The path parameter ${name} cannot be "${value}"`);
    return encodeURIComponent(value);
  });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) search.set(name, scalar(value, `The query parameter ${name}`));
  const text = search.toString();
  return `${baseUrl.replace(/\/+$/, '')}${path}${text === '' ? '' : `?${text}`}`;
};

/** The error for a daemon that cannot be talked to; `cause` is what fetch threw. */
export const unreachable = (baseUrl: string, cause: unknown): MeshError =>
  new MeshError(
    'daemon_unreachable',
    `No daemon answers at ${baseUrl === '' ? 'this address' : baseUrl}`,
    { url: baseUrl },
    { cause },
  );

const STANDARD_MEMBERS = new Set(['type', 'title', 'status', 'detail', 'code']);

/** The MeshError of an answer that is no success: its problem document (RFC 9457), or that it is none of ours. */
export const answerError = async (baseUrl: string, response: Response): Promise<MeshError> => {
  const text = await response.text().catch(() => '');
  let problem: unknown = null;
  try {
    problem = JSON.parse(text);
  } catch {
    // Not JSON: answered below.
  }
  if (typeof problem === 'object' && problem !== null) {
    const members = problem as Readonly<Record<string, unknown>>;
    const { code, detail } = members;
    if (typeof code === 'string' && isErrorCode(code))
      return new MeshError(
        code,
        typeof detail === 'string' ? detail : undefined,
        // A remedy stays only when it says more than that of the code.
        Object.fromEntries(
          Object.entries(members).filter(
            ([name, value]) =>
              !STANDARD_MEMBERS.has(name) && !(name === 'remedy' && value === ERRORS[code].remedy),
          ),
        ),
      );
  }
  return new MeshError(
    'daemon_unreachable',
    `What answers at ${baseUrl} is not this version of AgentMesh (HTTP ${String(response.status)})`,
    { url: baseUrl, status: response.status },
  );
};
