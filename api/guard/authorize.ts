// Whether a caller may take a route: its role from the table, and authority on the socket alone.
import type { Caller } from '#engine/index';
import { roleIncludes, type Risk, type Role } from '#machines/nouns/audit';
import { MeshError } from '#machines/nouns/error';

/** Throws forbidden unless the caller’s role includes the route’s. */
export const authorize = (caller: Caller, route: { readonly risk: Risk; readonly role: Role }): void => {
  if (route.risk === 'authority' && caller.kind !== 'socket')
    throw new MeshError('forbidden', 'This changes who may do what: it works on the local socket only');
  if (!roleIncludes(caller.role, route.role))
    throw new MeshError('forbidden', `This needs the role ${route.role}; the caller has ${caller.role}`);
};
