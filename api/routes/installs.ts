// Installs of agent programs: authority, so on the local socket only (guard/authorize.ts).
import { given, type Handlers } from './handler.ts';

export const installHandlers: Handlers<
  'installs.list' | 'installs.plan' | 'installs.apply' | 'installs.undo'
> = {
  'installs.list': ({ engine }) => engine.installs.list(),

  'installs.plan': ({ engine, body }) => engine.installs.plan(given(body)),

  'installs.apply': ({ engine, caller, body: { plan_sha256: planSha256, ...ask } }) =>
    engine.installs.install(caller, given({ ...ask, planSha256 })),

  'installs.undo': ({ engine, caller, body }) => engine.installs.uninstall(caller, given(body)),
};
