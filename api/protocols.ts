// The protocols of others on a TCP door, loaded when first asked for: most starts never need them, and they are large.
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Engine, Log } from '#engine/index';
import { protocolAt, PROTOCOLS, type ProtocolId } from './contract/protocols.ts';
import { authenticate } from './guard/authenticate.ts';
import { authorize } from './guard/authorize.ts';
import type { Door } from './guard/door.ts';

export interface Protocols {
  /** The handler of a door; paths that are no protocol's go on to what comes next. */
  at(door: Door, engine: Engine): RequestHandler;
  /** Ends what is open and takes no more. Idempotent. */
  close(): void;
}

interface Opened {
  readonly handle: RequestHandler;
  readonly close: () => void;
}

export interface ProtocolParts {
  /** Where the door is reached; no slash at its end. */
  readonly baseUrl: string;
  /** The team of plain texts that name no skill; null: they are told what there is. */
  readonly defaultTeam: string | null;
  readonly log: Log;
}

/** The protocols of a daemon. */
export const createProtocols = ({ baseUrl, defaultTeam, log }: ProtocolParts): Protocols => {
  const open: Opened[] = [];

  const openA2a = async (engine: Engine, door: Door): Promise<Opened> => {
    const { createA2aDoor } = await import('./a2a/serve.ts');
    return createA2aDoor(engine, {
      baseUrl,
      defaultTeam,
      callerOf: (request) => authenticate(door, request),
    });
  };
  const openMcp = async (engine: Engine): Promise<Opened> => {
    const { createMcpDoor } = await import('./mcp/serve.ts');
    return createMcpDoor(baseUrl, engine.health().version, (error) => {
      log.warn({ err: error }, 'an MCP request was not understood');
    });
  };

  return {
    at: (door, engine) => {
      const loading = new Map<string, Promise<Opened>>();
      const opened = (protocol: ProtocolId): Promise<Opened> => {
        const name = protocol === 'mcp' ? 'mcp' : 'a2a';
        const known = loading.get(name);
        if (known !== undefined) return known;
        const made = (name === 'mcp' ? openMcp(engine) : openA2a(engine, door)).then((each) => {
          open.push(each);
          return each;
        });
        loading.set(name, made);
        return made;
      };
      return async (request: Request, response: Response, next: NextFunction) => {
        const protocol = protocolAt(request.path);
        if (protocol === null) {
          next();
          return;
        }
        authorize(authenticate(door, request), PROTOCOLS[protocol]);
        const { handle } = await opened(protocol);
        await handle(request, response, next);
      };
    },
    close: () => {
      for (const each of open) each.close();
    },
  };
};
