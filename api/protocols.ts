// The protocols of others on a TCP door, loaded when first asked for: most starts never need them, and they are large.
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Engine } from '#engine/index';
import type { A2aDoor } from './a2a/serve.ts';
import { protocolAt, PROTOCOLS } from './contract/protocols.ts';
import { authenticate } from './guard/authenticate.ts';
import { authorize } from './guard/authorize.ts';
import type { Door } from './guard/door.ts';

export interface Protocols {
  /** The handler of a door; paths that are no protocol's go on to what comes next. */
  at(door: Door, engine: Engine): RequestHandler;
  /** Ends what is open and takes no more. Idempotent. */
  close(): void;
}

/** Protocols served at `baseUrl` (no slash at its end). */
export const createProtocols = (baseUrl: string): Protocols => {
  const open: A2aDoor[] = [];
  return {
    at: (door, engine) => {
      let a2a: Promise<A2aDoor> | null = null;
      const load = async (): Promise<A2aDoor> => {
        const { createA2aDoor } = await import('./a2a/serve.ts');
        const made = createA2aDoor(engine, baseUrl, (request) => authenticate(door, request));
        open.push(made);
        return made;
      };
      return async (request: Request, response: Response, next: NextFunction) => {
        const protocol = protocolAt(request.path);
        if (protocol === null) {
          next();
          return;
        }
        authorize(authenticate(door, request), PROTOCOLS[protocol]);
        const { handle } = await (a2a ??= load());
        await handle(request, response, next);
      };
    },
    close: () => {
      for (const each of open) each.close();
    },
  };
};
