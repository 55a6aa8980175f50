// Agents on the mesh, and looking for them.
import { MeshError } from '#machines/nouns/error';
import type { Handlers } from './handler.ts';

export const agentHandlers: Handlers<
  | 'agents.list'
  | 'agents.get'
  | 'agents.add'
  | 'agents.remove'
  | 'agents.trust'
  | 'agents.alias'
  | 'agents.unalias'
  | 'discover'
> = {
  'agents.list': ({ engine }) => engine.agents.list(),

  'agents.get': ({ engine, params }) => engine.agents.get(params.name),

  'agents.add': ({ engine, caller, body }) => {
    // A command is a program that will run as the daemon’s user, a dir holds sockets and files of the user, and a
    // setting may name such a file; on TCP any user of the machine may be asking.
    const isOwners = body.command !== undefined || body.dir !== undefined || body.settings !== undefined;
    if (isOwners && caller.kind !== 'socket')
      throw new MeshError(
        'forbidden',
        `An agent with ${body.command === undefined ? (body.dir === undefined ? 'settings' : 'a dir') : 'a command'} can be added through the local socket or bootstrap.json only`,
      );
    return engine.agents.add(caller, body, 'url', body.url === undefined ? 'api' : new URL(body.url).origin);
  },

  'agents.trust': ({ engine, caller, params, body }) =>
    engine.agents.trust(caller, params.name, body.identity),

  'agents.alias': ({ engine, caller, params, body }) => engine.agents.alias(caller, params.name, body.alias),

  'agents.unalias': ({ engine, caller, params }) => engine.agents.unalias(caller, params.name, params.alias),

  'agents.remove': async ({ engine, caller, params }) => {
    await engine.agents.remove(caller, params.name);
    return undefined;
  },

  discover: ({ engine, caller, body }) => engine.discovery.sweep(caller, { waitMs: body.wait_ms }),
};
