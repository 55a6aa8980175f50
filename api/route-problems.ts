// Which problems a route may answer: those of its guards, those of every change, and its own.
import type { ErrorCode } from '#machines/nouns/error';
import { ROUTES, type RouteId } from './contract/routes.ts';
import { SHAPES } from './contract/shapes.ts';

/** Whoever asks: the wrong door, the wrong role, a fault inside. */
const EVERY: readonly ErrorCode[] = [
  'bad_request',
  'host_refused',
  'origin_refused',
  'forbidden',
  'internal',
];
const WITH_BODY: readonly ErrorCode[] = ['invalid_json', 'payload_too_large', 'unsupported_media_type'];
/** What is written must reach the disk. */
const CHANGES: readonly ErrorCode[] = ['disk_full', 'storage_failed', 'stopping'];

const STEERING: readonly ErrorCode[] = ['unknown_run', 'not_enabled', 'machine_mismatch', 'machine_error'];

const OWN: Readonly<Record<RouteId, readonly ErrorCode[]>> = {
  healthz: [],
  openapi: [],
  'events.list': [],
  'events.append': ['invalid_event', 'unsupported_schema_version', 'id_conflict'],
  'events.stream': ['too_many_streams', 'stopping'],
  'trace.get': ['unknown_run'],
  'agents.list': [],
  'agents.get': ['unknown_agent'],
  'agents.add': [
    'invalid_input',
    'invalid_card',
    'address_refused',
    'auth',
    'agent_unreachable',
    'unsupported_agent_kind',
  ],
  'agents.trust': ['unknown_agent', 'agent_changed', 'card_signature_invalid'],
  'agents.alias': ['unknown_agent', 'ambiguous_agent'],
  'agents.unalias': ['unknown_agent'],
  'agents.remove': ['unknown_agent'],
  'installs.list': [],
  'installs.plan': ['unsupported_agent_kind'],
  'installs.apply': ['unsupported_agent_kind', 'install_blocked', 'install_failed', 'plan_changed'],
  'installs.undo': ['unsupported_agent_kind', 'not_installed', 'install_failed'],
  discover: [],
  'invocations.start': [
    'unknown_agent',
    'ambiguous_agent',
    'agent_untrusted',
    'agent_changed',
    'card_signature_invalid',
    'idempotency_conflict',
  ],
  'invocations.list': [],
  'invocations.get': ['unknown_run'],
  'invocations.cancel': ['unknown_run'],
  'templates.list': [],
  'templates.get': ['unknown_template'],
  'templates.check': [],
  'team-runs.start': [
    'unknown_template',
    'invalid_template',
    'not_supported_yet',
    'invalid_input',
    'idempotency_conflict',
  ],
  'team-runs.list': [],
  'team-runs.get': ['unknown_run'],
  'team-runs.pause': STEERING,
  'team-runs.resume': STEERING,
  'team-runs.cancel': STEERING,
  'team-runs.machine': ['unknown_run', 'machine_mismatch'],
  'approvals.list': [],
  'approvals.get': ['unknown_approval'],
  'approvals.decide': [
    'unknown_approval',
    'approval_decided',
    'approval_expired',
    'approval_mismatch',
    'approval_withdrawn',
  ],
  verify: [],
  'audit.list': [],
};

/** The codes that a route may answer, each once. */
export const routeProblems = (route: RouteId): ErrorCode[] => [
  ...new Set([
    ...EVERY,
    ...('body' in SHAPES[route] ? WITH_BODY : []),
    ...(ROUTES[route].risk === 'read' ? [] : CHANGES),
    ...OWN[route],
  ]),
];
