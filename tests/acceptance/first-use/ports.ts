// Ports for newcomers: one that is free now, and one that somebody holds.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

const listen = async (server: Server, port: number): Promise<number> => {
  server.listen({ host: '127.0.0.1', port });
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** A port that nobody holds at this moment. */
export const unusedPort = async (): Promise<number> => {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** Holds a port and answers every request with this JSON; answers how to let go of it. */
export const holdPort = async (port: number, answer: unknown): Promise<() => Promise<void>> => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer));
  });
  await listen(server, port);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
};
