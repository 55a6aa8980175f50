// The agent’s end of the ACP wire, for the counterparts of the contract: lines out, lines in, questions to a person.
// Written without the SDK, so that both ends of the wire are not the same code.

export interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** The session at work, and how many there were. */
export const session = { id: '', cwd: '', count: 0 };

/** Begins another session. */
export const nextSession = (cwd: unknown): string => {
  session.cwd = String(cwd);
  session.count += 1;
  session.id = `ses_${String(session.count)}`;
  return session.id;
};

export const send = (message: object): void => {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
};
export const update = (sessionUpdate: string, more: object, sessionId = session.id): void => {
  send({ method: 'session/update', params: { sessionId, update: { sessionUpdate, ...more } } });
};
export const say = (text: string, messageId?: string): void => {
  update('agent_message_chunk', {
    content: { type: 'text', text },
    ...(messageId === undefined ? {} : { messageId }),
  });
};

export const answers = new Map<number | string, (result: Readonly<Record<string, unknown>>) => void>();
let questions = 0;

/** The id of the last question. */
export const lastQuestion = (): number => questions - 1;

export const cancel = { isAsked: false };
let turn = Promise.withResolvers<undefined>();

/** Resolves when the client cancels the turn at work. */
export const cancelled = (): Promise<undefined> => turn.promise;

/** Another turn begins, which nobody has cancelled yet. */
export const nextTurn = (): void => {
  cancel.isAsked = false;
  turn = Promise.withResolvers<undefined>();
};

export const askPerson = (
  toolCallId: string,
  text: string,
  kinds: readonly string[],
  sessionId = session.id,
): Promise<string> =>
  new Promise((resolve) => {
    const id = questions;
    questions += 1;
    answers.set(id, (result) => {
      const outcome = result['outcome'] as { outcome: string; optionId?: string };
      resolve(outcome.optionId ?? outcome.outcome);
    });
    send({
      id,
      method: 'session/request_permission',
      params: {
        sessionId,
        toolCall: {
          toolCallId,
          title: `write ${text}`,
          kind: 'edit',
          status: 'pending',
          rawInput: { path: text },
        },
        options: kinds.map((kind) => ({ optionId: `opt-${kind}`, kind, name: kind })),
      },
    });
  });

export const ALL = ['allow_once', 'allow_always', 'reject_once'];

/** The client has asked to cancel. */
export const cancelNow = (): void => {
  cancel.isAsked = true;
  turn.resolve(undefined);
};
