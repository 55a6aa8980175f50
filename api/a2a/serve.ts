// The A2A door: the SDK's transports over our methods, with bodies read by our guards and the version made plain.
import type { A2ARequestHandler } from '@a2a-js/sdk/server';
import {
  ContentTypeNotSupportedError,
  RequestMalformedError,
  restStatusFor,
  toRestErrorBody,
} from '@a2a-js/sdk/errors';
import { agentCardHandler, jsonRpcHandler, restHandler } from '@a2a-js/sdk/server/express';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { Caller, Engine } from '#engine/index';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import { PROTOCOLS } from '../contract/protocols.ts';
import { readJsonBody } from '../guard/body.ts';
import { readQuery } from '../guard/query.ts';
import { cardOf } from './card.ts';
import { createRequests, MeshUser } from './requests.ts';
import { createWatches } from './watch.ts';

/** Seconds that a client may keep the card: templates come and go. */
const CARD_AGE_S = 60;

export interface A2aDoor {
  readonly handle: RequestHandler;
  /** Ends open streams and waits. Idempotent. */
  close(): void;
}

const VERSION = 'a2a-version';

/**
 * Version 1.0 may be left out where the request says it by itself: 1.0 names its methods in PascalCase, and only 1.0
 * has the paths of the HTTP binding. (The header's absence means 0.3, and a peer that forgets it would be refused.)
 */
const completeVersion = (request: Request, isRpc: boolean, body: unknown): void => {
  if (request.headers[VERSION] !== undefined && request.headers[VERSION] !== '') return;
  const method: unknown = (body as { method?: unknown } | null | undefined)?.method;
  if (!isRpc || (typeof method === 'string' && /^[A-Z]/.test(method))) request.headers[VERSION] = '1.0';
};

const rpcError = (response: Response, code: number, message: string): void => {
  response.status(200).json({ jsonrpc: '2.0', id: null, error: { code, message } });
};

/** JSON-RPC has its own words for a body that cannot be read (JSON-RPC 2.0, section 5.1). */
const answerUnreadable = (response: Response, error: unknown): void => {
  if (!(error instanceof MeshError)) throw error;
  if (error.code === 'invalid_json') rpcError(response, -32700, error.detail);
  else if (error.code === 'unsupported_media_type') rpcError(response, -32005, error.detail);
  else rpcError(response, -32600, error.detail);
};

/** The HTTP binding answers errors as google.rpc.Status (A2A 1.0, section 11.6). */
const answerMalformed = (response: Response, error: unknown): void => {
  if (!(error instanceof MeshError)) throw error;
  const isType = error.code === 'unsupported_media_type';
  const shown = new (isType ? ContentTypeNotSupportedError : RequestMalformedError)({
    message: error.detail,
  });
  // The SDK says 400 for a content type; the table of section 5.4 says 415.
  const status = isType ? 415 : restStatusFor(shown);
  response.status(status).json(toRestErrorBody(shown, status));
};

/** Requests and answers of the HTTP binding are application/json (section 11.1), where the SDK names A2A's own type. */
const speakPlainJson = (response: Response): void => {
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) =>
    setHeader(
      name,
      name.toLowerCase() === 'content-type' && typeof value === 'string'
        ? value.replace(A2A_JSON, 'application/json')
        : value,
    );
};

const A2A_JSON = /^application\/a2a\+json/i;

/** Reads the body by our limits; the SDK finds it read and parses nothing. */
const readBody = async (request: Request): Promise<unknown> => {
  // Its own media type is JSON by another name (A2A 1.0, section 11).
  const type = request.headers['content-type'];
  if (type !== undefined && A2A_JSON.test(type)) request.headers['content-type'] = 'application/json';
  return readJsonBody(request, LIMITS.a2aBodyBytes);
};

/** When a text was first seen as it is now, as an HTTP date (RFC 9110, section 8.8.2). */
const lastChange = (): ((text: string) => string) => {
  let known = '';
  let since = '';
  return (text) => {
    if (text !== known) since = new Date().toUTCString();
    known = text;
    return since;
  };
};

export interface A2aParts {
  /** Where the door is reached; no slash at its end. */
  readonly baseUrl: string;
  /** The team of messages that name no skill. */
  readonly defaultTeam: string | null;
  /** Attributes a request, as the guards of the other routes do. */
  readonly callerOf: (request: Request) => Caller;
}

/** The door of an engine. */
export const createA2aDoor = (engine: Engine, { baseUrl, defaultTeam, callerOf }: A2aParts): A2aDoor => {
  const watches = createWatches(engine);
  const card = (): ReturnType<typeof cardOf> => cardOf(engine, baseUrl);
  const requestHandler: A2ARequestHandler = createRequests({ engine, watches, card, defaultTeam });
  const userBuilder = (request: Request): Promise<MeshUser> =>
    Promise.resolve(new MeshUser(callerOf(request)));
  const legacyCompat = { enabled: true };
  const router = Router();
  const cardChanged = lastChange();
  router.get(PROTOCOLS['a2a.card'].path, async (request, response, next) => {
    // The fields of 0.3 would break the schema of 1.0: they are for those who ask for 0.3.
    if (request.headers[VERSION] === undefined) request.headers[VERSION] = '1.0';
    response.setHeader('last-modified', cardChanged(JSON.stringify(await card())));
    next();
  });
  router.use(
    PROTOCOLS['a2a.card'].path,
    agentCardHandler({ agentCardProvider: card, legacyCompat, cache: { maxAge: CARD_AGE_S } }),
  );
  router.post(PROTOCOLS['a2a.rpc'].path, async (request, response, next) => {
    try {
      request.body = await readBody(request);
    } catch (error) {
      answerUnreadable(response, error);
      return;
    }
    completeVersion(request, true, request.body);
    next();
  });
  router.use(PROTOCOLS['a2a.rpc'].path, jsonRpcHandler({ requestHandler, userBuilder, legacyCompat }));
  router.use(PROTOCOLS['a2a.rest'].path, async (request, response, next) => {
    try {
      if (request.method === 'POST' && Number(request.headers['content-length'] ?? 1) > 0)
        request.body = await readBody(request);
      // The app reads no queries by itself; the SDK wants one that it may write to.
      speakPlainJson(response);
      Object.defineProperty(request, 'query', { value: { ...readQuery(request.url) }, writable: true });
    } catch (error) {
      answerMalformed(response, error);
      return;
    }
    completeVersion(request, false, undefined);
    next();
  });
  router.use(PROTOCOLS['a2a.rest'].path, restHandler({ requestHandler, userBuilder }));
  return { handle: router, close: watches.close };
};
