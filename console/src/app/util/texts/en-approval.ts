// English texts of approvals: what agents ask, and what people say to it.
import { plural } from './plural.ts';

export const enApproval = {
  approval: {
    needsYou: (n: number) => `Needs you (${n.toLocaleString('en')})`,
    /** Who wants to do what: the agent, and the name of the tool. */
    wantsTool: (agent: string, tool: string) => `${agent} wants to use ${tool}`,
    wants: (agent: string) => `${agent} asks for permission`,
    asks: (agent: string) => `${agent} asks a question`,
    ownWords: 'In the agent’s own words',
    operation: 'What it wants to do, whole',
    showAll: (n: number) => `Show all ${plural(n, 'line', 'lines')}`,
    showLess: 'Show less',
    fingerprint: 'SHA-256',
    asked: 'asked',
    left: 'left to decide',
    answer: 'Your answer',
    answerHint: 'It is sent to the agent and stands in the log.',
    once: 'Allows this once. Recorded as local and unsigned.',
    deny: 'Deny',
    approve: 'Approve',
    sendAnswer: 'Send answer',
    resolving: 'Telling the daemon…',
    unsure: 'The daemon did not answer. Looking what became of it…',
    failed: 'That was not decided',
    run: 'Run',
    step: 'Step',
    open: 'Look and decide',
    fold: 'Fold',
    approvedHere: 'Approved. The agent goes on.',
    rejectedHere: 'Denied. The agent was told.',
    approvedElsewhere: 'Approved elsewhere',
    rejectedElsewhere: 'Denied elsewhere',
    expired: 'Expired: nobody decided in time.',
    withdrawn: 'No longer asked: the run ended, or it was answered elsewhere.',
    by: (who: string) => `by ${who}`,
    /** Titles of timeline rows. */
    words: {
      'waiting-approval': 'Waiting for you',
      'approval-approved': 'Approved',
      'approval-rejected': 'Denied',
      'approval-refused': 'Refused: cannot be shown whole',
      'approval-expired': 'Approval expired',
      'approval-withdrawn': 'No longer asked',
    },
  },
};
