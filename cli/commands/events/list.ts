// agentmesh events: the log, filtered.
import { Command, Option } from 'clipanion';
import { EVENT_KIND_WORDS } from '../../command-line/event-kinds.ts';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { printEvents } from '../../command-line/print-events.ts';
import { UsageProblem } from '../../render/problem.ts';
import { eventLine } from '../../render/event-line.ts';
import { parseDuration } from '../../render/time.ts';
import type { EventFilter, EventV1 } from '#machines/nouns/event';

export class EventsListCommand extends MeshCommand {
  static override readonly paths = [['events', 'list']];
  static override readonly usage = Command.Usage({
    description: 'The event log, filtered; all of it, not only the first page',
    details: `
      All filters that are given must hold. \`--since\` and \`--until\` take an RFC 3339 time, or a span such as 10m that
      is counted back from now. \`--follow\` goes on with what is recorded from then on, until Ctrl-C.
    `,
    examples: [
      ['The errors of the last hour', '$0 events --kind error --since 1h'],
      ['Everything as it happens', '$0 events --follow --tail 0'],
      ['For other programs', '$0 events --agent calc -o jsonl'],
    ],
  });

  runId = Option.String('--run-id', { description: 'Of one run' });
  taskId = Option.String('--task-id', { description: 'Of one task of an agent' });
  teamRunId = Option.String('--team-run-id', { description: 'Of one team run' });
  kind = Option.String('--kind', { description: 'status, message, artifact, tool, reasoning or error' });
  agent = Option.String('--agent', { description: 'Of one agent' });
  status = Option.String('--status', { description: 'Status events of one state' });
  since = Option.String('--since', { description: 'At or after this time' });
  until = Option.String('--until', { description: 'Before this time' });
  afterSeq = Option.String('--after-seq', { description: 'After this place in the log' });
  tail = Option.String('-n,--tail', { description: 'Only the last N' });
  follow = Option.Boolean('-f,--follow', false, { description: 'Go on with what is recorded from now on' });

  #filter(): EventFilter {
    const kind = EVENT_KIND_WORDS.find((word) => word === this.kind);
    if (this.kind !== undefined && kind === undefined)
      throw new UsageProblem(
        `There is no kind "${this.kind}"`,
        `The kinds are ${EVENT_KIND_WORDS.join(', ')}.`,
      );
    const filter = {
      run_id: this.runId,
      task_id: this.taskId,
      team_run_id: this.teamRunId,
      kind,
      agent: this.agent,
      status: this.status,
      since: timeOf(this.since, '--since'),
      until: timeOf(this.until, '--until'),
    };
    return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
  }

  async *#events(
    filter: EventFilter,
    afterSeq: number,
    tail: number | null,
  ): AsyncGenerator<EventV1, void, undefined> {
    let last = afterSeq;
    // The log as it stands when we begin: a stream from its head misses nothing of what comes after.
    const { head_seq: head, log_id: logId } = await this.client.call('healthz');
    const window: EventV1[] = [];
    for await (const event of this.client.events({ scope: filter, afterSeq })) {
      last = event.seq;
      if (tail === null) yield event;
      else {
        window.push(event);
        if (window.length > tail) window.shift();
      }
    }
    yield* window;
    if (!this.follow) return;
    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    yield* this.client.stream({ filter, afterSeq: Math.max(last, head), logId, signal: stop.signal });
  }

  override async perform(): Promise<number> {
    const afterSeq = countOf(this.afterSeq, '--after-seq') ?? 0;
    const events = this.#events(this.#filter(), afterSeq, countOf(this.tail, '--tail'));
    if (this.output !== 'text') {
      await printEvents(this.terminal, this.output, events);
      return 0;
    }
    for await (const event of events) await this.terminal.line(eventLine(event, this.terminal));
    return 0;
  }
}

const countOf = (given: string | undefined, option: string): number | null => {
  if (given === undefined) return null;
  if (!/^\d{1,15}$/.test(given))
    throw new UsageProblem(`${option} must be a whole number, not "${given}"`, `Give ${option} 20.`);
  return Number(given);
};

const timeOf = (given: string | undefined, option: string): string | undefined => {
  if (given === undefined) return undefined;
  const span = /^\d+(?:ms|s|m|h|d)$/.test(given) ? parseDuration(given) : null;
  if (span !== null) return new Date(Date.now() - span).toISOString();
  const time = /^\d{4}-\d{2}-\d{2}/.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageProblem(
      `${option} must be a time, not "${given}"`,
      'Give an RFC 3339 time, or a span back from now such as 10m.',
    );
  return new Date(time).toISOString();
};
