// The status of a daemon and the report of a rebuild as people read them.
import type { RebuildReport } from '#engine/index';
import type { DaemonStatus } from './control.ts';

/** Milliseconds as 42s, 6m10s, 3h04m or 2d03h. */
const span = (value: unknown): string => {
  if (typeof value !== 'number') return '?';
  const two = (n: number): string => String(n).padStart(2, '0');
  const seconds = Math.round(value / 1_000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3_600)];
  if (minutes === 0) return `${String(seconds)}s`;
  if (hours === 0) return `${String(minutes)}m${two(seconds % 60)}s`;
  return hours < 24
    ? `${String(hours)}h${two(minutes % 60)}m`
    : `${String(Math.floor(hours / 24))}d${two(hours % 24)}h`;
};

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
      ['running for', span(health['uptime_ms'])],
      ['events', String(health['head_seq'])],
    );
    if (Array.isArray(health['workers']))
      for (const worker of health['workers'] as readonly Record<string, unknown>[])
        rows.push(['worker', `${String(worker['name'])} on ${String(worker['host'])}`]);
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
