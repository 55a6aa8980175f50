// The daemon about itself: health, the comparison of table and log, the audit, and this API as a document.
import { openApiDocument } from '../openapi.ts';
import { given, type Handlers } from './handler.ts';

export const daemonHandlers: Handlers<'healthz' | 'openapi' | 'verify' | 'audit.list'> = {
  healthz: ({ engine }) => engine.health(),
  openapi: ({ engine }) => openApiDocument(engine.health().version),
  verify: ({ engine }) => engine.verify(),
  'audit.list': ({ engine, query }) =>
    engine.audit.list({ limit: query.limit, ...given({ before: query.before }) }),
};
