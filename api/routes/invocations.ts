// Calls to one agent. They are durable before they are answered; who asked follows them by their run id.
import { given, type Handlers } from './handler.ts';

export const invocationHandlers: Handlers<
  'invocations.start' | 'invocations.list' | 'invocations.get' | 'invocations.cancel'
> = {
  'invocations.start': ({ engine, caller, body, idempotencyKey }) =>
    engine.invocations.start(caller, {
      to: body.to,
      prompt: body.prompt,
      ...given({ from: body.from, timeoutMs: body.timeout_ms, origin: body.origin, idempotencyKey }),
    }),

  'invocations.list': ({ engine, query }) =>
    engine.invocations.list({
      limit: query.limit,
      plainOnly: query.plain_only,
      ...given({ status: query.status, before: query.before }),
    }),

  'invocations.get': ({ engine, params }) => engine.invocations.get(params.run_id),

  'invocations.cancel': ({ engine, caller, params, body }) =>
    engine.invocations.cancel(caller, params.run_id, body.reason),
};
