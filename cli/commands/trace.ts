// agentmesh trace: everything that happened in a run, a task or a team run.
import { Command, Option } from 'clipanion';
import { applyEvent, applyEvents, emptyView, type View } from '#api/contract/view';
import type { EventFilter, EventV1 } from '#machines/nouns/event';
import { MeshError } from '#machines/nouns/error-codes';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { printEvents } from '../command-line/print-events.ts';
import { completeId } from '../connection/find-run.ts';
import { escapeLine } from '../render/escape.ts';
import { endLine, failureLines } from '../render/runs.ts';
import { paintState } from '../render/style.ts';
import { itemLines } from '../render/timeline.ts';

export class TraceCommand extends MeshCommand {
  static override readonly paths = [['trace']];
  static override readonly usage = Command.Usage({
    description: 'Everything that happened in a run, a task or a team run',
    details: `
      Takes the id of a team run, of a run or of an agent’s task, or its first or last six or more characters
      when only one has them. Shows every event; of a long text its beginning, all of it with \`--full\`.

      \`-o json\` is one array of EventV1 records, \`-o jsonl\` the same a line each, byte for byte as they stand in
      events.jsonl. The text form joins the pieces of an answer, the two ends of a tool’s use,
      and a state of the engine with the agent’s bare repetition of it.
    `,
    examples: [
      ['A readable timeline', '$0 trace 0198c0de'],
      ['Follow a run to its end', '$0 trace 0198c0de --follow'],
      ['The errors of a run', '$0 trace 0198c0de -o json | jq ".[] | select(.kind==\\"error\\")"'],
    ],
  });

  follow = Option.Boolean('-f,--follow', false, { description: 'Go on until the run has ended' });
  full = Option.Boolean('--full', false, { description: 'Whole texts, however long' });
  id = Option.String({ name: 'ID' });

  /** The events of the id as typed; when nothing is known by it, of the one id that begins so. */
  async #read(): Promise<{ readonly id: string; readonly events: readonly EventV1[] }> {
    const all = async (id: string): Promise<readonly EventV1[]> => {
      const events: EventV1[] = [];
      for await (const event of this.client.trace(id)) events.push(event);
      return events;
    };
    try {
      const events = await all(this.id);
      if (events.length > 0) return { id: this.id, events };
    } catch (error) {
      if (!(error instanceof MeshError) || !['unknown_run', 'not_found'].includes(error.code)) throw error;
    }
    const id = await completeId(this.client, this.id);
    return { id, events: await all(id) };
  }

  override async perform(): Promise<number> {
    const { id, events } = await this.#read();
    if (this.output === 'text') return this.#text(id, events);
    const rest = this.follow ? this.#rest(id, events) : undefined;
    await printEvents(this.terminal, this.output, events, rest);
    return 0;
  }

  /** What happens after the pages, until the run has ended. */
  async *#rest(id: string, events: readonly EventV1[]): AsyncGenerator<EventV1, void, undefined> {
    const stop = new AbortController();
    let view = applyEvents(emptyView(), events);
    if (ended(view)) return;
    const stream = this.client.stream({
      filter: filterOf(id, events),
      afterSeq: view.lastSeq,
      signal: stop.signal,
    });
    for await (const event of stream) {
      view = applyEvent(view, event);
      yield event;
      if (ended(view)) break;
    }
    stop.abort();
  }

  async #text(id: string, events: readonly EventV1[]): Promise<number> {
    const { terminal } = this;
    let view = applyEvents(emptyView(), events);
    await terminal.line(this.#head(id, view));
    const printed = new Set<number>();
    const print = async (all: boolean): Promise<void> => {
      for (const item of view.items) {
        // What waits for a person is told at once: it may wait for long.
        if (printed.has(item.seq) || (item.open && item.kind !== 'status' && !all)) continue;
        printed.add(item.seq);
        const lines = itemLines(item, view, {
          style: terminal.style,
          width: terminal.width,
          lines: this.full ? 'all' : 'some',
        });
        await terminal.line(lines.join('\n'));
      }
    };
    await print(!this.follow);
    if (this.follow) {
      for await (const event of this.#rest(id, events)) {
        view = applyEvent(view, event);
        await print(false);
      }
      await print(true);
    }
    const tail = view.failure === null ? [] : failureLines(view.failure, terminal.style);
    if (tail.length > 0) await terminal.line(`\n${tail.join('\n')}`);
    const count = view.items.reduce((sum, item) => sum + item.seqs.length, 0);
    terminal.note(`${count} events, ${endLine(view, terminal.noteStyle)}`);
    return 0;
  }

  #head(id: string, view: View): string {
    const { style } = this.terminal;
    const [call] = view.calls;
    const name =
      view.template?.name ??
      (call === undefined ? 'run' : `${call.from === null ? '' : `${call.from} → `}${call.agent ?? 'run'}`);
    return `${style.bold(escapeLine(name))}  ${paintState(style, view.status ?? 'unknown')}  ${style.dim(id)}  ${style.dim(view.startedAt ?? '')}`;
  }
}

const ended = (view: View): boolean =>
  view.status === 'completed' || view.status === 'failed' || view.status === 'cancelled';

/** What of an event the id is. */
const filterOf = (id: string, events: readonly EventV1[]): EventFilter => {
  if (events.some((event) => event.team_run_id === id)) return { team_run_id: id };
  return events.some((event) => event.run_id === id) ? { run_id: id } : { task_id: id };
};
