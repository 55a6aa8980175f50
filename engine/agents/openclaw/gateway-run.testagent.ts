// One run at the fake gateway: what its agent does with the contract’s prompts, told in frames as they were recorded.
import { existsSync, readFileSync, rmSync, appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

type Json = Record<string, unknown>;

/** What a run needs of its gateway. */
export interface Stage {
  /** To whoever began the run, and to subscribers of its session; `tool` frames go to the first alone. */
  tell(run: FakeRun, event: string, payload: Json, isForBeginner?: boolean): void;
  /** Asks for an approval; resolves with the decision. */
  ask(run: FakeRun, command: string, toolCallId: string): Promise<string>;
}

const agentEvents = (file: string): Json[] =>
  readFileSync(new URL(`./fixtures/${file}.jsonl`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { event?: string; payload?: Json })
    .flatMap(({ event, payload }) => (event === 'agent' && payload !== undefined ? [payload] : []));

/** The recorded frames of one tool call, from its first to its last, for other runs to wear. */
const TOOL_FRAMES = agentEvents('chat-tool').filter(({ stream }) =>
  ['item', 'tool', 'command_output'].includes(String(stream)),
);

export class FakeRun {
  readonly key: string;
  readonly sessionKey: string;
  readonly prompt: string;
  readonly beginner: object;
  readonly stop = new AbortController();
  readonly #stage: Stage;
  readonly #folder: string;
  text = '';
  /** As agent.wait tells it; null while the run is in flight. */
  end: Json | null = null;
  #seq = 0;

  constructor(
    stage: Stage,
    folder: string,
    key: string,
    sessionKey: string,
    prompt: string,
    beginner: object,
  ) {
    this.#stage = stage;
    this.#folder = folder;
    this.key = key;
    this.sessionKey = sessionKey;
    this.prompt = prompt;
    this.beginner = beginner;
  }

  get #file(): string {
    return join(this.#folder, encodeURIComponent(this.key));
  }

  #agent(stream: string, data: Json): void {
    this.#seq += 1;
    const payload = { runId: this.key, stream, data, sessionKey: this.sessionKey, agentId: 'main' };
    this.#stage.tell(this, 'agent', { ...payload, seq: this.#seq, ts: Date.now() }, stream === 'tool');
  }

  #chat(state: string, more: Json): void {
    const payload = { runId: this.key, sessionKey: this.sessionKey, agentId: 'main', seq: this.#seq };
    this.#stage.tell(this, 'chat', { ...payload, state, ...more });
  }

  #message(): Json {
    return { role: 'assistant', content: [{ type: 'text', text: this.text }], timestamp: Date.now() };
  }

  /** A piece of the answer: told twice, as OpenClaw does. */
  say(piece: string): void {
    this.text += piece;
    this.#agent('assistant', { text: this.text, delta: piece, itemId: `${this.key}:1` });
    this.#chat('delta', { deltaText: piece, message: this.#message() });
  }

  async play(): Promise<void> {
    if (!existsSync(`${this.#file}.effects`)) writeFileSync(`${this.#file}.effects`, '');
    appendFileSync(`${this.#file}.effects`, 'x');
    writeFileSync(`${this.#file}.working`, '');
    this.#chat('status', { phase: 'preparing_workspace' });
    this.#agent('run_status', { phase: 'preparing_workspace' });
    this.#agent('lifecycle', { phase: 'start', startedAt: Date.now() });
    this.#agent('lifecycle', { phase: 'model', provider: 'fake', model: 'fake-1' });
    try {
      await this.#act();
      if (!this.stop.signal.aborted) this.#complete();
    } catch (error) {
      if (!this.stop.signal.aborted) this.#fail(String(error));
    }
  }

  async #act(): Promise<void> {
    const { prompt } = this;
    const [word = ''] = prompt.split(' ', 1);
    const rest = prompt.slice(word.length + 1);
    const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: this.stop.signal });
    switch (word) {
      case 'echo':
        this.say(rest);
        return;
      case 'repeat': {
        const [times = '0'] = rest.split(' ', 1);
        this.say(rest.slice(times.length + 1).repeat(Number(times)));
        return;
      }
      case 'stream':
        for (let at = 0; at < Number(rest); at += 1) {
          this.say(at === 0 ? 'p0' : ` p${String(at)}`);
          await pause(2);
        }
        return;
      case 'tool':
        this.#tool('call_ls', 'ls');
        this.say('used a tool');
        return;
      case 'reason':
        this.#agent('thinking', { text: 'thinking', delta: 'thinking' });
        this.#agent('thinking', { text: 'thinking about it', delta: ' about it' });
        this.say('done');
        return;
      case 'artifact':
        this.say('{"answer":42}');
        return;
      case 'fail':
        throw new Error('the model is broken');
      case 'hang':
        this.say('started');
        await pause(60_000);
        return;
      case 'wait': {
        const [ms = '0'] = rest.split(' ', 1);
        this.#agent('run_status', { phase: 'started' });
        await pause(Number(ms));
        this.say(rest.slice(ms.length + 1));
        return;
      }
      case 'ask': {
        const decision = await this.#stage.ask(this, `touch ${rest}`, 'call_touch');
        this.stop.signal.throwIfAborted();
        this.say(`${decision === 'allow-once' ? 'allowed' : 'denied'} ${rest}`);
        return;
      }
      default:
        this.say(`heard: ${prompt}`);
    }
  }

  /** The recorded tool call, with another command. */
  #tool(id: string, command: string): void {
    for (const frame of TOOL_FRAMES) {
      const data = JSON.parse(
        JSON.stringify(frame['data']).replaceAll('call_plpt1p', id).replaceAll('echo tool-says-hi', command),
      ) as Json;
      this.#agent(String(frame['stream']), data);
    }
  }

  #settle(end: Json): void {
    this.end = { runId: this.key, endedAt: Date.now(), ...end };
    rmSync(`${this.#file}.working`, { force: true });
  }

  #complete(): void {
    const terminalReply = { disposition: 'visible', text: this.text };
    this.#settle({ status: 'ok', terminalReply });
    this.#agent('lifecycle', { phase: 'finishing', stopReason: 'stop', aborted: false });
    this.#agent('lifecycle', { phase: 'end', stopReason: 'stop', aborted: false, terminalReply });
    this.#chat('final', { stopReason: 'stop', message: this.#message() });
  }

  #fail(error: string): void {
    const errorObservation = { provider: 'fake', model: 'fake-1', failoverReason: 'server_error' };
    this.#settle({ status: 'error', error });
    this.#agent('lifecycle', { phase: 'error', error, errorObservation, executionSettled: true });
    this.#chat('error', { errorMessage: error, errorDetail: errorObservation });
  }

  /** The odd endings of an abort, in the order of the recording. */
  abort(): void {
    this.stop.abort();
    this.#settle({ status: 'error', error: 'aborted', stopReason: 'rpc' });
    this.#chat('aborted', { stopReason: 'rpc', message: this.#message() });
    this.#agent('lifecycle', { phase: 'end', status: 'cancelled', aborted: true, stopReason: 'rpc' });
    this.#seq = 0;
    this.#agent('lifecycle', { phase: 'error', error: 'This operation was aborted', aborted: true });
  }

  /** The rows of chat.history. */
  history(): Json[] {
    const user = { role: 'user', content: this.prompt, idempotencyKey: `${this.key}:user` };
    const said = { ...this.#message(), stopReason: 'stop' };
    return this.end === null || this.text === '' ? [user] : [user, said];
  }
}
