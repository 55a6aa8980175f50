// What an agent did wrong, on its way up as an exception: it becomes the failure of its run, never a fault of ours.
import { failure, type ErrorCode, type Failure } from '#machines/nouns/error';

export class AgentFault extends Error {
  readonly failure: Failure;

  constructor(code: ErrorCode, message: string, cause?: string) {
    super(message);
    this.name = 'AgentFault';
    this.failure = failure(code, message, cause);
  }
}
