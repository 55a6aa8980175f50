// Follows a run in front of a person: lines and a spinner on stderr, Ctrl-C that never leaves one in doubt.
import type { Client } from '#api/contract/client';
import type { TimelineItem, View } from '#api/contract/view';
import { MeshError } from '#machines/nouns/error-codes';
import type { EventV1 } from '#machines/nouns/event';
import { Detached } from './detached.ts';
import { followRun, type RunScope } from '../connection/follow-run.ts';
import { waitingLines } from '../render/approvals.ts';
import { escapeLine } from '../render/escape.ts';
import { spinner } from '../render/spinner.ts';
import type { Terminal } from '../render/terminal.ts';
import { between, duration } from '../render/time.ts';
import { itemLines } from '../render/timeline.ts';

/** How long a first Ctrl-C waits for a second one before the command leaves the run alone. */
const SECOND_THOUGHT_MS = 3_000;
/** A Ctrl-C that reaches us twice by way of a parent process arrives within this. */
const SAME_SIGNAL_MS = 100;

export interface LiveOptions {
  readonly id: string;
  readonly scope: RunScope;
  /** Whether lines of progress are printed. */
  readonly progress: boolean;
  /** Asks the daemon to cancel the run. */
  readonly cancel: () => Promise<unknown>;
  /** Items that are not shown as progress (the answer, when it is printed as data). */
  readonly hides?: (item: TimelineItem) => boolean;
  readonly onEvent?: (view: View, event: EventV1) => void | Promise<void>;
}

/** The events of a run that is joined late tell of questions that were answered long ago. */
const stillWaits = async (client: Client, id: string): Promise<boolean> => {
  try {
    return (await client.call('approvals.get', { params: { approval_id: id } })).state === 'pending';
  } catch {
    return true;
  }
};

const atWork = (view: View): string => {
  const call = [...view.calls, ...view.steps.flatMap((step) => step.attempts)].findLast(
    (each) => each.endedAt === null,
  );
  const step = view.steps.find((each) => each.state === 'running' || each.state === 'retrying');
  const since = call?.startedAt ?? view.startedAt;
  const time = since === null ? '' : ` · ${duration(between(since, new Date().toISOString()))}`;
  const words = [step?.id, call?.agent ?? null].filter((word) => typeof word === 'string').join(' · ');
  const waits = view.approvals.some(({ state }) => state === 'pending') ? 'waiting for you · ' : '';
  return escapeLine(`${waits}${words === '' ? (view.status ?? 'waiting') : words}${time}`);
};

/** The end of the run. Throws Detached when the person leaves, MeshError when the daemon stays away. */
export const liveFollow = async (
  client: Client,
  terminal: Terminal,
  stderr: NodeJS.WritableStream & { readonly isTTY?: boolean },
  options: LiveOptions,
): Promise<View> => {
  const leave = new AbortController();
  let latest: View | null = null;
  let thought: NodeJS.Timeout | undefined;
  let lastSignalAt = 0;
  let presses = 0;
  const spin = spinner(stderr as NodeJS.WriteStream, options.progress, () =>
    latest === null ? 'starting' : atWork(latest),
  );
  const say = (text: string): void => {
    spin.clear();
    terminal.note(text);
  };
  const interrupted = (): void => {
    const now = performance.now();
    if (now - lastSignalAt < SAME_SIGNAL_MS) return;
    lastSignalAt = now;
    presses += 1;
    if (presses === 1) {
      say(`\nstill running as ${options.id}; Ctrl-C again to cancel it, or wait to leave it running`);
      thought = setTimeout(() => leave.abort(), SECOND_THOUGHT_MS);
    } else if (presses === 2) {
      clearTimeout(thought);
      say(`cancelling ${options.id}; Ctrl-C again to leave at once`);
      options.cancel().catch((error: unknown) => {
        say(`it cannot be cancelled: ${error instanceof MeshError ? error.detail : String(error)}`);
      });
    } else leave.abort();
  };
  const onTerminate = (): void => leave.abort();
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', onTerminate);
  const begun = new Set<number>();
  const show = (view: View, item: TimelineItem): void => {
    if (options.hides?.(item) === true) return;
    // A tool is shown when it starts and when it ends; an answer in pieces once it is whole; a state once.
    // The line that waits for a person is told by itself.
    if (item.open && (item.kind !== 'tool' || begun.has(item.seq))) return;
    if (item.kind === 'status' && begun.has(item.seq)) return;
    begun.add(item.seq);
    const width = terminal.noteWidth;
    for (const line of itemLines(item, view, { style: terminal.noteStyle, width, lines: 'one' })) say(line);
  };
  try {
    const view = await followRun(client, options.scope, {
      signal: leave.signal,
      onAway: (away) =>
        say(away ? 'the daemon does not answer; waiting for it, nothing is lost' : 'the daemon is back'),
      onEvent: async (now, event) => {
        latest = now;
        const item = now.items.findLast((each) => each.seqs.at(-1) === event.seq);
        if (options.progress && item !== undefined) show(now, item);
        const asked = now.approvals.find(({ seq }) => seq === event.seq);
        if (asked !== undefined && (await stillWaits(client, asked.id)))
          for (const line of waitingLines(asked, terminal.noteStyle)) say(line);
        spin.clear();
        await options.onEvent?.(now, event);
      },
    });
    if (leave.signal.aborted) throw new Detached(options.id);
    return view;
  } finally {
    clearTimeout(thought);
    spin.stop();
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', onTerminate);
  }
};
