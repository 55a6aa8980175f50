// The state of the daemon for people.
import type { RouteAnswer } from '#api/contract/shapes';
import { escapeLine } from './escape.ts';
import { paintState, type Style } from './style.ts';
import { duration } from './time.ts';

export interface DaemonState {
  readonly health: RouteAnswer<'healthz'>;
  readonly address: string | null;
  readonly folder: string;
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** What looks for agents, on one line, and a line for each source that cannot. */
const sourceLines = (sources: RouteAnswer<'healthz'>['discovery'], style: Style): readonly string[] => {
  const looking = sources.filter(({ state }) => state === 'on');
  return [
    ...(looking.length === 0
      ? []
      : [looking.map(({ source, found }) => (found === 0 ? source : `${source} (${found})`)).join(', ')]),
    ...sources.flatMap(({ source, problem }) =>
      problem === null ? [] : [style.warn(`${source}: ${escapeLine(problem)}`)],
    ),
  ];
};

/** Lines of `status`. */
export const healthLines = ({ health, address, folder }: DaemonState, style: Style): readonly string[] => {
  const row = (name: string, text: string): string => `  ${style.dim(name.padEnd(8))} ${text}`;
  const { counts, mirror } = health;
  return [
    `${style.bold('agentmeshd')} ${health.version}  ${paintState(style, health.status)}, up ${duration(health.uptime_ms)}`,
    ...(address === null ? [] : [row('console', address)]),
    row('data', folder),
    row('agents', String(counts.agents)),
    row(
      'at work',
      `${count(counts.team_runs_active, 'team run')}, ${count(counts.invocations_active, 'call')}`,
    ),
    ...(counts.approvals_pending === 0
      ? []
      : [
          row(
            'waiting',
            style.warn(`${count(counts.approvals_pending, 'approval')} for you: agentmesh approvals`),
          ),
        ]),
    ...(health.queue.driver === 'sqlite'
      ? []
      : [
          row('queue', `${health.queue.driver}, ${count(health.queue.waiting, 'job')} waiting`),
          ...(health.queue.dropped === 0
            ? []
            : [row('', style.bad(`${count(health.queue.dropped, 'message')} in Redis not taken: not ours`))]),
        ]),
    ...health.workers.map(({ name, host, serves, calls }) =>
      row('worker', `${name} on ${host}, serves ${serves.join(', ')}: ${count(calls, 'call')}`),
    ),
    ...sourceLines(health.discovery, style).map((line) => row('looks', line)),
    row('events', `${health.head_seq}${mirror.lag === 0 ? '' : `, ${mirror.lag} not yet in events.jsonl`}`),
    ...(mirror.problem === null ? [] : [row('mirror', style.bad(mirror.problem))]),
    ...health.problems.map((problem) => row('problem', style.bad(problem))),
  ];
};
