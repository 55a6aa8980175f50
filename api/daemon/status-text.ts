// The status of a daemon and the report of a rebuild as people read them.
import type { RebuildReport } from '#engine/index';
import type { DaemonStatus } from './control.ts';

const seconds = (value: unknown): string =>
  typeof value === 'number' ? `${String(Math.round(value / 1_000))} s` : '?';

/** Lines for the terminal, each ended. */
export const statusText = (dataDir: string, status: DaemonStatus): string => {
  const rows: [string, string][] = [['data folder', dataDir]];
  if (status.state === 'stopped') rows.unshift(['agentmeshd', 'not running']);
  if (status.state === 'not_answering')
    rows.unshift([
      'agentmeshd',
      `not answering (starting, stopping or starting again), pid ${String(status.pid)}`,
    ]);
  if (status.state === 'running') {
    const { health, info } = status;
    rows.unshift(['agentmeshd', `running, ${String(health['status'])}`]);
    rows.push(
      ['address', info.url],
      ['socket', info.socket ?? 'none (path too long)'],
      ['processes', `${String(info.pid)} (supervisor), ${String(info.worker_pid)} (worker)`],
      ['version', info.version],
      ['running for', seconds(health['uptime_ms'])],
      ['events', String(health['head_seq'])],
    );
    if (Array.isArray(health['problems']))
      for (const problem of health['problems']) rows.push(['problem', String(problem)]);
  }
  return rows.map(([name, value]) => `${name.padEnd(12)} ${value}\n`).join('');
};

/** Lines for the terminal, each ended. */
export const rebuildText = ({ swapped, events, kept_as: kept, differences }: RebuildReport): string =>
  swapped
    ? `A new database with ${String(events)} events is in place\n${kept === null ? '' : `The old one is kept as ${kept}\n`}`
    : `Nothing was changed: the database and events.jsonl differ at seq ${differences.join(', ')}\n`;
