// Approvals in words: rows of the list, the page of one with its whole operation, the line while a run waits.
import { operationLines } from '#api/contract/operation-lines';
import type { ApprovalView } from '#api/contract/view';
import { whoText } from '#api/contract/view-approvals';
import type { Approval } from '#machines/nouns/approval';
import { escapeLine, escapeText } from './escape.ts';
import { paintState, type Style } from './style.ts';
import { table } from './table.ts';
import { ago, between, duration } from './time.ts';

/** `pending` waits for a person here; a pending step waits for its turn. */
const paintApproval = (style: Style, state: string): string =>
  state === 'pending' ? style.warn(state) : paintState(style, state);

/** How long is left; what is over is over. */
const left = (expires: string): string => {
  const ms = between(new Date().toISOString(), expires);
  return ms > 0 ? `${duration(ms)} left` : 'no time left';
};

/** Lines of `approvals list`. */
export const approvalRows = (
  approvals: readonly Approval[],
  width: number,
  style: Style,
): readonly string[] =>
  table(
    approvals,
    [
      { head: 'ID', of: ({ approval_id }) => approval_id },
      {
        head: 'STATE',
        of: ({ state }) => state,
        paint:
          ({ state }) =>
          (text) =>
            text.replace(state, paintApproval(style, state)),
      },
      { head: 'AGENT', of: ({ agent }) => agent, gives: true },
      {
        head: 'WANTS',
        of: ({ title, kind }) => (kind === 'question' ? `answer: ${title}` : title),
        gives: true,
      },
      { head: 'STEP', of: ({ step }) => step ?? '', gives: true, optional: true },
      { head: 'ASKED', of: ({ requested_at }) => ago(requested_at), optional: true },
      {
        head: 'TIME',
        of: ({ state, expires_at }) => (state === 'pending' ? left(expires_at) : ''),
        optional: true,
      },
    ],
    width,
    style.dim,
  );

/** Who decided, in a few words. */
const decisionOf = ({ state, decided_by: by, decided_at: at }: Approval): string =>
  [state, by === null ? '' : `by ${whoText(by)}`, at === null ? '' : ago(at)]
    .filter((part) => part !== '')
    .join(', ');

/** The page of one: nothing of the operation is left out, whatever the width is. */
export const approvalPage = (approval: Approval, style: Style): readonly string[] => {
  const row = (name: string, text: string): string => `  ${style.dim(name.padEnd(9))} ${text}`;
  const { kind, title, tool, operation, state } = approval;
  const isQuestion = kind === 'question';
  return [
    `${style.bold(escapeLine(approval.agent))} ${isQuestion ? 'asks a question' : 'asks for permission'}  ${paintApproval(style, state)}`,
    row('id', approval.approval_id),
    row('run', approval.run_id),
    ...(approval.team_run_id === null
      ? []
      : [row('team run', `${approval.team_run_id} step ${approval.step ?? ''}`)]),
    ...(tool === null ? [] : [row('tool', escapeLine(tool))]),
    row('asked', `${approval.requested_at} (${ago(approval.requested_at)})`),
    ...(state === 'pending' ? [row('until', `${approval.expires_at} (${left(approval.expires_at)})`)] : []),
    ...(state === 'pending' ? [] : [row('decision', escapeLine(decisionOf(approval)))]),
    ...(approval.answer === null ? [] : [row('answer', escapeText(approval.answer))]),
    ...(approval.reason === null ? [] : [row('reason', escapeText(approval.reason))]),
    '',
    `${isQuestion ? 'The question' : 'What it says of it'} ${style.dim('(written by the agent)')}`,
    ...escapeText(title)
      .split('\n')
      .map((line) => `  ${line}`),
    '',
    ...(isQuestion && operation === null
      ? []
      : [
          style.bold('The operation, whole'),
          ...operationLines(operation).map((line) => `  ${line}`),
          `  ${style.dim(`sha256 ${approval.operation_hash}`)}`,
        ]),
  ];
};

/** What a person who follows the run is told when it waits for one: what, and the very commands to type. */
export const waitingLines = (approval: ApprovalView, style: Style): readonly string[] => {
  const { id, kind, expiresAt } = approval;
  const command = `agentmesh approvals approve ${id}${kind === 'question' ? ' --answer TEXT' : ''}`;
  return [
    `${style.warn('waiting for you:')} ${style.bold(escapeLine(approval.agent ?? 'the agent'))} ${kind === 'question' ? 'asks' : 'wants to'}: ${escapeLine(approval.title)}${expiresAt === null ? '' : style.dim(` (${left(expiresAt)})`)}`,
    `  look and decide: ${style.name(command)}`,
    `  say no:          ${style.name(`agentmesh approvals reject ${id}`)}`,
  ];
};

/** What waits, on the page of a run. */
export const pendingLines = (ids: readonly string[], style: Style): readonly string[] =>
  ids.map((id) => `  ${style.warn('waits for you:')} agentmesh approvals show ${id}`);
