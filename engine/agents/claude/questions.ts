// What Claude Code asks its host: may I use this tool, and what is the answer to this question.
import type { ApprovalAnswer, ApprovalAsk, Sink } from '../adapter.ts';
import { Questions, type Permission } from './lines.ts';

/** What goes back: Claude Code takes `updatedInput` in place of what it had asked for. */
export type Decision =
  | { readonly behavior: 'allow'; readonly updatedInput: Readonly<Record<string, unknown>> }
  | { readonly behavior: 'deny'; readonly message: string };

const TITLE_CHARS = 500;

const deny = (message: string): Decision => ({ behavior: 'deny', message });

/** Why not, in words that the model reads. */
const refusalOf = (answer: Exclude<ApprovalAnswer, { decision: 'allow' }>): Decision => {
  switch (answer.decision) {
    case 'deny':
      return deny(answer.reason ?? 'A person denied it.');
    case 'expired':
      return deny('Nobody answered in time.');
    case 'withdrawn':
      return deny('The question was withdrawn.');
  }
};

const titleOf = ({ tool_name: tool, input, description }: Permission): string => {
  const { command, file_path: path, url } = input;
  const [what] = [command, path, url, description].filter((each) => typeof each === 'string' && each !== '');
  return typeof what === 'string' ? `${tool}: ${what}`.replace(/\n[^]*/, ' …').slice(0, TITLE_CHARS) : tool;
};

/** Asks a person whether the tool may be used, as it is asked for and this once. */
const askPermission = async (
  sink: Sink,
  id: string,
  asked: Permission,
  cwd: string,
  withdrawn: AbortSignal,
): Promise<Decision> => {
  const { tool_name: tool, input, blocked_path: path, decision_reason: reason } = asked;
  const answer = await sink.approval({
    nativeId: id,
    kind: 'permission',
    title: titleOf(asked),
    tool,
    operation: {
      tool,
      input,
      cwd,
      ...(typeof path === 'string' ? { blocked_path: path } : {}),
      ...(typeof reason === 'string' ? { reason } : {}),
    },
    expiresAt: null,
    withdrawn,
  });
  // Without permission updates: Claude Code asks again the next time.
  return answer.decision === 'allow' ? { behavior: 'allow', updatedInput: input } : refusalOf(answer);
};

/** Asks a person each of the model’s questions; the answers go back with the input (AskUserQuestion). */
const askQuestions = async (
  sink: Sink,
  id: string,
  { tool_name: tool, input }: Permission,
  questions: readonly { readonly question: string }[],
  withdrawn: AbortSignal,
): Promise<Decision> => {
  const asks = questions.map((question, at): ApprovalAsk => ({
    nativeId: `${id}/${String(at)}`,
    kind: 'question',
    title: question.question,
    tool,
    operation: question,
    expiresAt: null,
    withdrawn,
  }));
  const answers = await Promise.all(asks.map((ask) => sink.approval(ask)));
  const given: [string, string][] = [];
  for (const [at, answer] of answers.entries()) {
    if (answer.decision !== 'allow') return refusalOf(answer);
    given.push([questions[at]?.question ?? '', answer.text ?? '']);
  }
  return { behavior: 'allow', updatedInput: { ...input, answers: Object.fromEntries(given) } };
};

/** Asks a person; rejects as the sink does. `id` is Claude Code’s own id of the request. */
export const decide = (
  sink: Sink,
  id: string,
  asked: Permission,
  cwd: string,
  withdrawn: AbortSignal,
): Promise<Decision> => {
  const questions = asked.tool_name === 'AskUserQuestion' ? Questions.safeParse(asked.input) : null;
  return questions?.success === true
    ? askQuestions(sink, id, asked, questions.data.questions, withdrawn)
    : askPermission(sink, id, asked, cwd, withdrawn);
};
