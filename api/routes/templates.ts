// Team templates: those that the daemon finds, and checking any text.
import type { Handlers } from './handler.ts';

export const templateHandlers: Handlers<'templates.list' | 'templates.get' | 'templates.check'> = {
  'templates.list': ({ engine }) => engine.templates.list(),
  'templates.get': ({ engine, params }) => engine.templates.get(params.name),
  'templates.check': ({ engine, body }) => engine.templates.check(body.text),
};
