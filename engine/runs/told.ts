// What a team run tells of itself besides its state: what its agents answered, and what was said about it.
import type { MeshFile } from '#machines/nouns/file';
import type { AskedMessage } from '#machines/nouns/origin';

/** An artifact of a step, read back from wherever it lies; files have their bytes or their address. */
export interface StepArtifact {
  readonly text?: string;
  readonly data?: unknown;
  readonly name: string | null;
  readonly mime: string | null;
  readonly files: readonly MeshFile[];
}

/** What one step came to. */
export interface StepAnswer {
  readonly step: string;
  readonly role: string;
  /** What its agent said at the end; empty when it said nothing. */
  readonly text: string;
  /** The agent answered at once and keeps no task of it. */
  readonly isDirect: boolean;
  /** In the order of recording. */
  readonly artifacts: readonly StepArtifact[];
  /** What later steps are given. */
  readonly output: unknown;
}

/** One message between whoever asked for a run and its agents. */
export type Said =
  | { readonly by: 'asker'; readonly messageId: string | null; readonly message: AskedMessage }
  | { readonly by: 'agent'; readonly approvalId: string; readonly text: string }
  /** `messageId` is that of the message that it came as; null when it was given here. */
  | {
      readonly by: 'person';
      readonly approvalId: string;
      readonly messageId: string | null;
      readonly text: string;
    };
