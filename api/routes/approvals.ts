// What agents ask people: seen by all, decided by who may.
import { given, type Handlers } from './handler.ts';

export const approvalHandlers: Handlers<'approvals.list' | 'approvals.get' | 'approvals.decide'> = {
  'approvals.list': ({ engine, query }) =>
    engine.approvals.list({
      limit: query.limit,
      ...given({ status: query.status, before: query.before }),
    }),

  'approvals.get': ({ engine, params }) => engine.approvals.get(params.approval_id),

  'approvals.decide': ({ engine, caller, params, body: { decision, answer, reason, hash } }) =>
    engine.approvals.decide(caller, params.approval_id, { decision, ...given({ answer, reason, hash }) }),
};
