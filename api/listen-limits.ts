// The HTTP server of a door, with limits on time, size and number: slow and greedy peers cost a socket for seconds, no more.
import { createServer, type RequestListener, type Server } from 'node:http';
import { LIMITS } from '#machines/nouns/limits';

/** How often the time limits of waiting connections are checked, milliseconds. */
const CHECK_MS = 1_000;

/** A server for the app of a door (which may be added later as its `request` listener); the caller makes it listen and closes it. */
export const createLimitedServer = (app?: RequestListener): Server => {
  const server = createServer(
    {
      maxHeaderSize: LIMITS.headerBytes,
      headersTimeout: LIMITS.headersTimeoutMs,
      requestTimeout: LIMITS.requestTimeoutMs,
      keepAliveTimeout: LIMITS.keepAliveTimeoutMs,
      connectionsCheckingInterval: CHECK_MS,
      // The host guard answers a missing Host with a problem of its own.
      requireHostHeader: false,
      insecureHTTPParser: false,
    },
    app,
  );
  server.maxConnections = LIMITS.connections;
  return server;
};
