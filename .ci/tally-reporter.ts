// A node:test reporter that gives the counts and the failures of a run as one JSON text.
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

export interface Failure {
  /** The test's name, or the file's when the file itself failed. */
  readonly name: string;
  /** file:line, as far as known. */
  readonly at: string;
  readonly message: string;
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly Failure[];
}

const describeError = (error: unknown): string => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof Error) return cause.stack ?? cause.message;
  return typeof cause === 'string' ? cause : inspect(cause);
};

/** A parent fails when a child does; only the child says something. */
const isEcho = (error: unknown): boolean =>
  error instanceof Error && 'failureType' in error && error.failureType === 'subtestsFailed';

async function* tally(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let passed = 0;
  const failures: Failure[] = [];
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, file, line, details, skip, todo } = event.data;
    const at = file === undefined ? '' : `${file}:${line ?? 0}`;
    const isFile = event.data.nesting === 0 && file !== undefined && file.endsWith(name);
    const add = (message: string): number => failures.push({ name, at, message });
    if (event.type === 'test:fail') {
      if (!isEcho(event.data.details.error)) add(describeError(event.data.details.error));
    } else if (details.type === 'suite') continue;
    else if (skip !== undefined && skip !== false) add(`skipped, which counts as failed: ${skip}`);
    else if (todo !== undefined && todo !== false) add(`to do, which counts as failed: ${todo}`);
    else if (isFile) add('the file holds no test');
    else passed += 1;
  }
  yield JSON.stringify({ passed, failed: failures.length, failures } satisfies Tally);
}

// node:test takes a reporter by its default export.
export default tally;
