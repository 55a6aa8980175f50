// Serves the built console: files with a hash in their name for ever, the page fresh, and every address of it to the page.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { setSecurityHeaders } from './guard/headers.ts';

/** Names that the build gives: main-ABCD1234.js. Their content never changes. */
const HASHED = /-[A-Z0-9]{8}\.[a-z0-9]+$/;

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>AgentMesh: the console is not built</title>
<h1>The daemon runs, its console is not built yet</h1>
<p>Build it in the project’s folder with <code>npm run build:console</code>, then load this page again.</p>
<p>The API is there: <a href="/openapi.json">/openapi.json</a>, <a href="/healthz">/healthz</a>.</p>
</html>
`;

/** The console's own addresses: all but the API's. A path that a route of the table has is not one either. */
export const isConsolePath = (path: string): boolean => path !== '/api' && !path.startsWith('/api/');

/** A browser that asks for a page, not a script that is missing. */
const asksForPage = ({ method, path, headers }: Request): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  (headers.accept ?? '').includes('text/html') &&
  isConsolePath(path);

/** The console in `directory`. What it has no answer for goes on to the next handler. */
export const consoleFiles = (directory: string): Router => {
  const router = express.Router();
  const index = join(directory, 'index.html');
  router.use((_request: Request, response: Response, next: NextFunction) => {
    setSecurityHeaders(response, 'page');
    next();
  });
  router.use(
    express.static(directory, {
      index: false,
      redirect: false,
      dotfiles: 'ignore',
      cacheControl: false,
      setHeaders: (response, path) => {
        response.setHeader(
          'cache-control',
          HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
        );
      },
    }),
  );
  router.use((request: Request, response: Response, next: NextFunction) => {
    if (!asksForPage(request)) {
      next();
      return;
    }
    response.setHeader('cache-control', 'no-cache');
    if (existsSync(index)) response.sendFile(index, { cacheControl: false });
    else response.status(503).type('html').send(NOT_BUILT);
  });
  return router;
};
