// One run as its gateway tells it: native events become events of the mesh, text comes once, and the end is recognised.
import { failure, type Failure } from '#machines/nouns/error';
import type { AdapterEvent, Outcome } from '../adapter.ts';
import type { GatewayEvent } from './connection.ts';
import { AgentEventSchema, ChatEventSchema, textOfMessage, type ChatEvent } from './frames.ts';

type Data = Readonly<Record<string, unknown>>;

/** Why models fail for good (`failoverReason`): asking again gives the same. */
const LASTING = new Set(['auth', 'auth_permanent', 'billing', 'format', 'model_not_found']);

/** Abort is told in several ways; a `timeout` beside one of these is an abort, not a time limit. */
const ABORT_REASONS = new Set(['rpc', 'aborted', 'stop', 'user']);

const str = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The text of a tool’s answer: its text parts, else its JSON. */
const toolText = (result: unknown): string | undefined => {
  if (typeof result === 'string' || result === undefined || result === null) return result ?? undefined;
  const { content } = result as { readonly content?: unknown };
  if (!Array.isArray(content)) return JSON.stringify(result);
  return content
    .map((part: { readonly text?: unknown } | null) => str(part?.text) ?? '')
    .filter((text) => text !== '')
    .join('\n');
};

const failedBy = (message: string, reason: string | undefined): Failure => {
  const base = failure('agent_failed', message === '' ? undefined : message, reason);
  return reason !== undefined && LASTING.has(reason) ? { ...base, retryable: false } : base;
};

export class RunView {
  readonly #runId: string;
  /** Texts of the answer so far, by item: OpenClaw sends each whole again and again. */
  readonly #texts = new Map<string, string>();
  readonly #tools = new Map<string, { name: string; isEnded: boolean; shown: string }>();
  /** Whoever speaks first, the agent’s stream or the chat’s, is the one that is listened to: both say the same. */
  #voice: 'agent' | 'chat' | null = null;
  #thought = '';
  #status = '';
  /** Tools are shown to the connection that began the run alone; others see `item` events. */
  #isForeign = false;
  #outcome: Outcome | null = null;
  /** What lifecycle said of the end, for when the chat does not. */
  #ending: Outcome | null = null;

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** The agent’s own end of the run, once it has said it. */
  get outcome(): Outcome | null {
    return this.#outcome;
  }

  /** The end as far as lifecycle told it; the chat says it with the text, a moment later. */
  get ending(): Outcome | null {
    return this.#ending;
  }

  /** From now on the events come over a connection that did not begin the run. `known` is the text that was seen. */
  becomeForeign(known: string): void {
    this.#isForeign = true;
    if (known !== '' && !this.#texts.has('')) this.#texts.set('', known);
  }

  /** The events that a native event is; none when it is of another run or says nothing new. */
  take({ event, payload }: GatewayEvent): AdapterEvent[] {
    if (this.#outcome !== null) return [];
    if (event === 'chat') {
      const chat = ChatEventSchema.safeParse(payload);
      return chat.success && chat.data.runId === this.#runId ? this.#chat(chat.data) : [];
    }
    if (event !== 'agent') return [];
    const agent = AgentEventSchema.safeParse(payload);
    if (!agent.success || agent.data.runId !== this.#runId) return [];
    const { stream, data } = agent.data;
    switch (stream) {
      case 'assistant':
        return this.#say('agent', str(data['itemId']) ?? 'answer', str(data['text']) ?? '');
      case 'thinking':
        return this.#think(str(data['text']) ?? '');
      case 'tool':
        return this.#tool(data);
      case 'item':
        return this.#isForeign && data['kind'] === 'tool' ? this.#item(data) : [];
      case 'command_output':
        return this.#commandOutput(data);
      case 'run_status':
        return this.#tell(str(data['message']) ?? str(data['phase'])?.replaceAll('_', ' ') ?? '');
      case 'lifecycle':
        return this.#lifecycle(data);
      default:
        return [];
    }
  }

  #tell(text: string): AdapterEvent[] {
    if (text === '' || text === this.#status) return [];
    this.#status = text;
    return [{ kind: 'status', payload: { state: 'working', text } }];
  }

  #say(voice: 'agent' | 'chat', item: string, text: string): AdapterEvent[] {
    this.#voice ??= voice;
    if (voice !== this.#voice) return [];
    // After a reconnect nobody knows which item the text so far belongs to: the first one that goes on from it.
    const before = this.#texts.get(item) ?? this.#texts.get('') ?? '';
    this.#texts.delete('');
    this.#texts.set(item, text);
    return this.#piece(text.startsWith(before) ? text.slice(before.length) : text);
  }

  #piece(text: string): AdapterEvent[] {
    return text === '' ? [] : [{ kind: 'message', payload: { role: 'agent', text }, delta: true }];
  }

  #think(text: string): AdapterEvent[] {
    const more = text.startsWith(this.#thought) ? text.slice(this.#thought.length) : text;
    this.#thought = text;
    return more === '' ? [] : [{ kind: 'reasoning', payload: { text: more }, delta: true }];
  }

  #tool(data: Data): AdapterEvent[] {
    const id = str(data['toolCallId']);
    const name = str(data['name']) ?? 'tool';
    if (id === undefined) return [];
    const parent = str(data['parentToolCallId']);
    const more = parent === undefined ? {} : { parent_call_id: parent };
    if (data['phase'] === 'start') return this.#begin(id, name, { ...more, input: data['args'] ?? null });
    if (data['phase'] !== 'result') return [];
    const output = toolText(data['result']);
    return this.#finish(id, name, data['isError'] === true, output, more);
  }

  /** A tool as others than its beginner see it: named and ended, its arguments not shown. */
  #item(data: Data): AdapterEvent[] {
    const id = str(data['toolCallId']);
    const name = str(data['name']) ?? 'tool';
    if (id === undefined) return [];
    const title = str(data['title']);
    if (data['phase'] === 'start') return this.#begin(id, name, title === undefined ? {} : { title });
    if (data['phase'] !== 'end') return [];
    return this.#finish(id, name, data['status'] === 'failed', str(data['error']), {});
  }

  #begin(id: string, name: string, more: Data): AdapterEvent[] {
    if (this.#tools.has(id)) return [];
    this.#tools.set(id, { name, isEnded: false, shown: '' });
    return [{ kind: 'tool', payload: { name, phase: 'start', call_id: id, ...more } }];
  }

  #finish(
    id: string,
    name: string,
    isError: boolean,
    output: string | undefined,
    more: Data,
  ): AdapterEvent[] {
    const known = this.#tools.get(id);
    if (known?.isEnded === true) return [];
    const said = output ?? known?.shown;
    this.#tools.set(id, { name, isEnded: true, shown: '' });
    const result = said === undefined || said === '' ? {} : { output: said };
    const payload = { name, phase: 'end' as const, call_id: id, ...more, ...result };
    return [{ kind: 'tool', payload: isError ? { ...payload, error: said ?? 'failed' } : payload }];
  }

  /** What a command prints while it runs; its end is told by the tool itself. */
  #commandOutput(data: Data): AdapterEvent[] {
    const id = str(data['toolCallId']) ?? '';
    const output = str(data['output']) ?? '';
    const known = this.#tools.get(id);
    if (known === undefined || known.isEnded || output === known.shown) return [];
    known.shown = output;
    if (data['phase'] !== 'delta') return [];
    return [{ kind: 'tool', payload: { name: known.name, phase: 'update', call_id: id, output } }];
  }

  #lifecycle(data: Data): AdapterEvent[] {
    const text = str((data['terminalReply'] as Data | undefined)?.['text']);
    const reason = str(data['stopReason']);
    switch (data['phase']) {
      case 'model': {
        const model = [str(data['provider']), str(data['model'])].filter((part) => part !== undefined);
        return model.length < 2 ? [] : this.#tell(`model ${model.join('/')}`);
      }
      case 'end':
        this.#ending =
          data['aborted'] === true ? this.#aborted(reason) : this.#completed(text ?? this.#spoken());
        return [];
      case 'error': {
        const cause = str((data['errorObservation'] as Data | undefined)?.['failoverReason']);
        this.#ending ??=
          data['aborted'] === true ? this.#aborted(reason) : this.#failed(str(data['error']) ?? '', cause);
        return [];
      }
      default:
        return [];
    }
  }

  #chat(chat: ChatEvent): AdapterEvent[] {
    const text = textOfMessage(chat.message);
    switch (chat.state) {
      case 'delta':
        return this.#say('chat', 'answer', text);
      case 'status':
        return this.#tell(chat.phase?.replaceAll('_', ' ') ?? '');
      case 'final':
        this.#outcome = this.#completed(chat.message === undefined ? this.#spoken() : text);
        return [];
      case 'aborted':
        this.#outcome = this.#aborted(chat.stopReason);
        return [];
      case 'error':
        this.#outcome = this.#failed(chat.errorMessage ?? '', chat.errorDetail?.failoverReason);
        return [];
      default:
        return [];
    }
  }

  /** The last text that was told. */
  #spoken(): string {
    return [...this.#texts.values()].at(-1) ?? '';
  }

  #completed(text: string): Outcome {
    return { status: 'completed', text, artifacts: [] };
  }

  #aborted(reason: string | undefined): Outcome {
    // OpenClaw’s own time limit also aborts; any other word is somebody’s wish.
    if (reason === 'timeout' || (reason !== undefined && !ABORT_REASONS.has(reason)))
      return this.#failed(`OpenClaw ended the run itself (${reason})`, reason);
    return { status: 'cancelled', artifacts: [], cancelConfirmed: true };
  }

  #failed(message: string, reason: string | undefined): Outcome {
    return { status: 'failed', artifacts: [], error: failedBy(message, reason) };
  }
}
