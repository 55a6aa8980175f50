// What a run at a gateway asks people, by the gateway’s three families of questions: before a command, by a plugin or an MCP
// tool, and the agent’s own questions (ask_user). What is asked, and what goes back.
import { z } from 'zod';
import type { ApprovalAnswer, ApprovalAsk } from '../adapter.ts';

const TITLE_CHARS = 200;

/** One open question of the gateway; it may hold several for a person. */
export interface Asked {
  readonly id: string;
  readonly runId: string | null;
  readonly sessionKey: string | null;
  readonly expiresAt: number | null;
  readonly asks: readonly Pick<ApprovalAsk, 'nativeId' | 'kind' | 'title' | 'tool' | 'operation'>[];
  /** What goes back, once every ask has its answer; null when there is nothing to say. */
  reply(answers: readonly ApprovalAnswer[]): Readonly<Record<string, unknown>> | null;
  /** What goes back when the gateway refuses the reply, so that the run does not wait for nobody; null where there is nothing. */
  readonly giveUp: Readonly<Record<string, unknown>> | null;
  /** Why it is not put to people here, in words for the trace; null when it is. */
  readonly unasked: string | null;
}

export interface Family {
  /** Events are `NAME.requested` and `NAME.resolved`, requests `NAME.list` and `NAME.resolve`. */
  readonly name: 'exec.approval' | 'plugin.approval' | 'question';
  /** Null for what it cannot be. */
  read(payload: unknown): Asked | null;
  /** The rows of an answer to `NAME.list`. */
  rows(answer: unknown): readonly unknown[];
}

const line = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, TITLE_CHARS);

const words = z.string().nullish();
const origin = { agentId: words, sessionKey: words, runId: words };
const rowsOf = (answer: unknown): readonly unknown[] => (Array.isArray(answer) ? (answer as unknown[]) : []);

/** What a person said, in OpenClaw’s words. Allowed is always once. */
const decided = (
  id: string,
  [answer]: readonly ApprovalAnswer[],
): Readonly<Record<string, unknown>> | null => {
  if (answer === undefined || answer.decision === 'withdrawn') return null;
  return { id, decision: answer.decision === 'allow' ? 'allow-once' : 'deny' };
};

const ExecSchema = z.object({
  id: z.string().min(1),
  request: z.looseObject({
    command: z.string().default(''),
    cwd: words,
    host: words,
    toolCallId: words,
    ...origin,
  }),
  expiresAtMs: z.number().nullish(),
});

const exec: Family = {
  name: 'exec.approval',
  rows: rowsOf,
  read(payload) {
    const parsed = ExecSchema.safeParse(payload);
    if (!parsed.success) return null;
    const { id, request, expiresAtMs = null } = parsed.data;
    const { command, cwd = null, host = null, agentId = null, toolCallId = null } = request;
    return {
      id,
      runId: request.runId ?? null,
      sessionKey: request.sessionKey ?? null,
      expiresAt: expiresAtMs,
      asks: [
        {
          nativeId: id,
          kind: 'permission',
          title: line(`run: ${command}`),
          tool: 'exec',
          operation: { command, cwd, host, agent: agentId, tool_call_id: toolCallId },
        },
      ],
      reply: (answers) => decided(id, answers),
      giveUp: null,
      unasked: null,
    };
  },
};

const PluginSchema = z.object({
  id: z.string().min(1),
  request: z.looseObject({
    title: z.string().default(''),
    description: words,
    detail: words,
    severity: words,
    pluginId: words,
    toolName: words,
    toolCallId: words,
    ...origin,
  }),
  expiresAtMs: z.number().nullish(),
});

const plugin: Family = {
  name: 'plugin.approval',
  rows: rowsOf,
  read(payload) {
    const parsed = PluginSchema.safeParse(payload);
    if (!parsed.success) return null;
    const { id, request, expiresAtMs = null } = parsed.data;
    const { title, description = null, detail = null, severity = null, pluginId = null } = request;
    return {
      id,
      runId: request.runId ?? null,
      sessionKey: request.sessionKey ?? null,
      expiresAt: expiresAtMs,
      asks: [
        {
          nativeId: id,
          kind: 'permission',
          title: line(title === '' ? `${pluginId ?? 'a plugin'} asks` : title),
          tool: request.toolName ?? pluginId,
          operation: {
            title,
            description,
            detail,
            severity,
            plugin: pluginId,
            tool: request.toolName ?? null,
            agent: request.agentId ?? null,
            tool_call_id: request.toolCallId ?? null,
          },
        },
      ],
      reply: (answers) => decided(id, answers),
      giveUp: { id, decision: 'deny' },
      unasked: null,
    };
  },
};

const OneSchema = z.looseObject({
  questionId: z.string().min(1),
  header: words,
  question: z.string().min(1),
  options: z.array(z.looseObject({ label: z.string(), description: words })).default([]),
  multiSelect: z.boolean().nullish(),
  isOther: z.boolean().nullish(),
  isSecret: z.boolean().nullish(),
  secretStore: z.unknown().optional(),
});
type One = z.infer<typeof OneSchema>;

const QuestionSchema = z.object({
  id: z.string().min(1),
  questions: z.array(OneSchema).min(1),
  expiresAtMs: z.number().nullish(),
  ...origin,
});

/** The values of an answer: an option by its label or its number, several with commas where several are allowed. */
const valuesOf = ({ options, multiSelect }: One, text: string): string[] => {
  const chosen = (part: string): string => {
    const plain = part.trim();
    const named = options.find(({ label }) => label.trim().toLowerCase() === plain.toLowerCase());
    const counted = /^\d+$/.test(plain) ? options[Number(plain) - 1] : undefined;
    return named?.label ?? counted?.label ?? plain;
  };
  const parts = multiSelect === true ? text.split(',') : [text];
  return parts.map(chosen).filter((value) => value !== '');
};

const question: Family = {
  name: 'question',
  rows: (answer) => rowsOf((answer as { readonly questions?: unknown } | null)?.questions),
  read(payload) {
    const parsed = QuestionSchema.safeParse(payload);
    if (!parsed.success) return null;
    const { id, questions, expiresAtMs = null, runId = null, sessionKey = null } = parsed.data;
    const isSecret = questions.some((each) => each.isSecret === true || each.secretStore !== undefined);
    return {
      id,
      runId,
      sessionKey,
      expiresAt: expiresAtMs,
      asks: questions.map((each) => ({
        nativeId: `${id}/${each.questionId}`,
        kind: 'question',
        title: line(each.question),
        tool: 'ask_user',
        operation: {
          header: each.header ?? null,
          question: each.question,
          options: each.options.map(({ label, description }) => ({
            label,
            description: description ?? null,
          })),
          several: each.multiSelect === true,
          other: each.isOther === true,
        },
      })),
      reply(answers) {
        if (answers.every(({ decision }) => decision === 'withdrawn')) return null;
        const given: Record<string, string[]> = {};
        for (const [at, each] of questions.entries()) {
          const answer = answers[at];
          if (answer?.decision !== 'allow') return { id, cancel: true };
          given[each.questionId] = valuesOf(each, answer.text ?? '');
        }
        return { id, answers: { answers: given } };
      },
      giveUp: { id, cancel: true },
      // Answers are kept in the log; a secret must not be.
      unasked: isSecret
        ? 'OpenClaw asks for a secret, which is not typed into the mesh: give it in OpenClaw’s Control UI'
        : null,
    };
  },
};

export const FAMILIES: readonly Family[] = [exec, plugin, question];
