// agentmesh run: one prompt to one agent, its answer on standard output.
import { randomUUID } from 'node:crypto';
import { Command, Option } from 'clipanion';
import type { AttemptView, TimelineItem, View } from '#api/contract/view';
import { ERRORS, isErrorCode } from '#machines/nouns/error-codes';
import type { EventV1 } from '#machines/nouns/event';
import { liveFollow } from '../command-line/live-follow.ts';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { exitOfRun } from '../command-line/outcome.ts';
import { readAll } from '../command-line/read-all.ts';
import { answerOf, answerStream } from '../render/answer.ts';
import { escapeLine, escapeText } from '../render/escape.ts';
import { problemJson, UsageProblem } from '../render/problem.ts';
import { parseDuration } from '../render/time.ts';

export class RunCommand extends MeshCommand {
  static override readonly paths = [['run']];
  static override readonly usage = Command.Usage({
    description: 'Ask one agent; its answer goes to standard output',
    details: `
      Sends the prompt to the agent of exactly this name or alias, or with \`skill:ID\` to the only one that offers that
      skill (when several do, they are named and none is asked), and follows it: progress on standard error, the answer on
      standard output, on a terminal as it is being written. The daemon does the work, so a restart of the daemon in
      between loses nothing, and Ctrl-C asks before anything is cancelled.

      \`--from\` names the agent on whose behalf this is asked; it must be known, and it is recorded.

      Exit codes: 0 answered, 12 failed, 20 no such agent, 22 cancelled, 23 timed out, 10 no daemon.
    `,
    examples: [
      ['Ask', '$0 run --to calc "1+1"'],
      ['Ask whoever can do it', '$0 run --to skill:calculate "1+1"'],
      ['On behalf of another agent', '$0 run --from openclaw --to nanoclaw "1+1"'],
      ['A long prompt from a file', '$0 run --to analyst - < question.txt'],
      ['Do not wait', '$0 run --to analyst --detach "Read the whole tree"'],
    ],
  });

  to = Option.String('--to', {
    required: true,
    description: 'Exact name or alias of the agent, or skill:ID',
  });
  from = Option.String('--from', { description: 'Known agent on whose behalf this is asked' });
  timeout = Option.String('--timeout', { description: 'Time limit of the call, such as 30s or 5m' });
  stream = Option.Boolean('--stream', true, {
    description: 'Show the answer as it comes; --no-stream prints only the end',
  });
  detach = Option.Boolean('-d,--detach', false, { description: 'Print the id of the run and leave' });
  prompt = Option.String({ name: 'PROMPT' });

  #timeoutMs(): number | undefined {
    if (this.timeout === undefined) return undefined;
    const ms = parseDuration(this.timeout);
    if (ms === null || ms < 1)
      throw new UsageProblem(
        `--timeout must be a time, not "${this.timeout}"`,
        'Give a time such as 30s or 5m.',
      );
    return ms;
  }

  override async perform(): Promise<number> {
    const timeoutMs = this.#timeoutMs();
    const prompt = this.prompt === '-' ? await readAll(this.context.stdin) : this.prompt;
    if (prompt.trim() === '')
      throw new UsageProblem(
        'The prompt is empty',
        'Give it as an argument, or - to read it from standard input.',
      );
    const { run_id: id, agent } = await this.client.call('invocations.start', {
      idempotencyKey: randomUUID(),
      body: {
        to: this.to,
        prompt,
        ...(this.from === undefined ? {} : { from: this.from }),
        ...(timeoutMs === undefined ? {} : { timeout_ms: timeoutMs }),
      },
    });
    if (this.detach) {
      await this.printOne({ run_id: id, status: 'queued' }, () => id);
      this.terminal.note(`follow it with: agentmesh trace ${id} --follow`);
      return 0;
    }
    return this.#follow(id, agent);
  }

  async #follow(id: string, agent: string): Promise<number> {
    const text = this.output === 'text';
    const writer = text && this.stream && this.terminal.outIsTerminal ? answerStream(this.terminal) : null;
    const onEvent = async (view: View, event: EventV1): Promise<void> => {
      if (this.output === 'jsonl' && this.stream) await this.terminal.line(JSON.stringify(event));
      await writer?.take(view, event);
    };
    if (text && this.stream)
      this.terminal.note(`${this.from === undefined ? '' : `${this.from} → `}${agent}  run ${id}`);
    const view = await liveFollow(this.client, this.terminal, this.context.stderr as NodeJS.WriteStream, {
      id,
      scope: { run_id: id },
      progress: this.stream && this.output !== 'json' && !this.quiet,
      hides: (item) => hidden(item, this.output === 'text'),
      cancel: () => this.client.call('invocations.cancel', { params: { run_id: id }, body: {} }),
      onEvent,
    });
    const [call] = view.calls;
    const answer = answerOf(view);
    if (this.output === 'json' || (this.output === 'jsonl' && !this.stream))
      await this.printOne(resultOf(id, view, call, answer), () => '');
    else if (text) {
      if (writer !== null) await writer.end(answer);
      else if (answer !== null) await this.terminal.line(escapeText(answer));
    }
    return this.#ended(id, view, call);
  }

  /** Says on standard error how it ended, when it did not end well. */
  #ended(id: string, view: View, call: AttemptView | undefined): number {
    const exit = exitOfRun(view.status, call?.error?.code ?? null);
    if (exit === 0) return exit;
    const code = call?.error?.code ?? (view.status === 'cancelled' ? 'cancelled' : 'agent_failed');
    const message =
      call?.error?.message ?? (view.status === 'cancelled' ? 'The run was cancelled' : 'The agent failed');
    const known = isErrorCode(code) ? ERRORS[code].remedy : 'Read the message of the agent in the trace.';
    // The catalogue cannot know which run; here it is.
    const trace = `agentmesh trace ${id}`;
    const remedy = known.replace('agentmesh trace RUN', trace);
    const next = remedy.includes(trace) ? '' : trace;
    const { noteStyle: style } = this.terminal;
    this.context.stderr.write(
      this.output === 'text'
        ? `${style.bad('error:')} ${escapeText(message)} ${style.dim(`(${escapeLine(code)})`)}\n${remedy}\n${next === '' ? '' : `${next}\n`}`
        : `${problemJson({ code: isErrorCode(code) ? code : 'agent_failed', message, remedy: `${remedy} ${next}`.trim(), docs: `docs/errors.md#${code}`, exit })}\n`,
    );
    return exit;
  }
}

/** The answer is data, and the states of a plain call say nothing that its end does not say. */
const hidden = (item: TimelineItem, text: boolean): boolean =>
  (text && item.kind === 'message' && (item.final || item.seqs.length > 1)) ||
  (item.kind === 'status' && ['submitted', 'completed', 'failed'].includes(item.word)) ||
  item.kind === 'error';

const resultOf = (
  id: string,
  view: View,
  call: AttemptView | undefined,
  text: string | null,
): Record<string, unknown> => ({
  run_id: id,
  task_id: call?.taskId ?? null,
  agent: call?.agent ?? null,
  from: call?.from ?? null,
  status: view.status,
  text,
  error:
    call?.error === null || call === undefined
      ? null
      : { code: call.error.code, message: call.error.message },
  may_have_run_twice: call?.mayHaveRunTwice ?? false,
  started_at: view.startedAt,
  ended_at: view.endedAt,
});
