// The words of approvals as plain data. No zod here: the CLI and the browser load it.

/** permission: may I do this. question: what is the answer (text). */
export const APPROVAL_KINDS = ['permission', 'question'] as const;
export type ApprovalKind = (typeof APPROVAL_KINDS)[number];

/** Only `pending` changes, and once. `withdrawn`: the agent no longer asks, because its run ended or it was answered elsewhere. */
export const APPROVAL_STATES = ['pending', 'approved', 'rejected', 'expired', 'withdrawn'] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

/** Allow always means once: this operation, now. */
export const DECISIONS = ['allow', 'deny'] as const;
export type Decision = (typeof DECISIONS)[number];

/** What status events of a run say when an agent asks a person, and when that is over (docs/event-v1.md). */
export const APPROVAL_WORDS = { asked: 'waiting-approval', decided: 'approval-decided' } as const;
