// Template text -> plain data with the place of everything, off the main thread and under a time limit.
import { Worker } from 'node:worker_threads';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';

/** Line and column, from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a value stands, and where its key does when it has one. */
export interface Place {
  readonly value: Position;
  readonly key: Position | null;
}

export interface SyntaxProblem extends Position {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What goes to the worker and what comes back. */
export interface ParseAsk {
  readonly id: number;
  readonly text: string;
}
export interface ParseAnswer {
  readonly id: number;
  readonly value: unknown;
  readonly problems: readonly SyntaxProblem[];
  /** JSON of the path -> its place. */
  readonly places: readonly (readonly [string, Place])[];
}

export interface Parsed {
  /** Null when there are problems. */
  readonly value: unknown;
  readonly problems: readonly SyntaxProblem[];
  /** The place of a path, or of the nearest thing around it that is written down. */
  place(path: readonly (string | number)[], which?: 'key' | 'value'): Position;
}

export interface Parser {
  /** Never rejects for what a text contains: that is a list of problems. */
  parse(text: string): Promise<Parsed>;
  close(): Promise<void>;
}

const START: Position = { line: 1, column: 1 };
/** Loading the worker’s modules on a busy machine; beyond this the machine is the problem. */
const WORKER_START_MS = 30_000;
const WORKER_HEAP_MB = 192;

const failed = (message: string): Parsed => ({
  value: null,
  problems: [{ path: [], message, ...START }],
  place: () => START,
});

const fromAnswer = (answer: ParseAnswer): Parsed => {
  const places = new Map(answer.places);
  return {
    value: answer.value,
    problems: answer.problems,
    place: (path, which = 'value') => {
      for (let length = path.length; length >= 0; length -= 1) {
        const place = places.get(JSON.stringify(path.slice(0, length)));
        if (place === undefined) continue;
        // A thing that is missing is pointed at by the key of what should hold it.
        return (which === 'key' || length < path.length ? place.key : null) ?? place.value;
      }
      return START;
    },
  };
};

/** Resolves with the first message of a worker, or with null when it ends, fails or takes longer than `ms`. */
const nextMessage = (worker: Worker, ms: number): Promise<unknown> =>
  new Promise((resolve) => {
    const done = (message: unknown): void => {
      clearTimeout(timer);
      worker.off('message', done);
      worker.off('error', gone);
      worker.off('exit', gone);
      resolve(message);
    };
    const gone = (): void => {
      done(null);
    };
    const timer = setTimeout(gone, ms);
    worker.once('message', done);
    worker.once('error', gone);
    worker.once('exit', gone);
  });

/** One warm worker, started on first use; texts are read one after another. */
export const createParser = (options: { readonly limitMs?: number } = {}): Parser => {
  const limitMs = options.limitMs ?? LIMITS.templateParseMs;
  let warm: Worker | null = null;
  let closed = false;
  let asked = 0;
  let queue: Promise<unknown> = Promise.resolve();

  const drop = async (): Promise<void> => {
    const worker = warm;
    warm = null;
    await worker?.terminate();
  };

  const start = async (): Promise<Worker> => {
    const worker = new Worker(new URL('./parse-worker.ts', import.meta.url), {
      // Flags of the parent (a test runner’s, an inspector’s) are not for this thread.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    });
    // An error also ends the worker, which nextMessage() sees; without a listener it would end the process.
    worker.on('error', () => {
      if (warm === worker) warm = null;
    });
    worker.on('exit', () => {
      if (warm === worker) warm = null;
    });
    warm = worker;
    if ((await nextMessage(worker, WORKER_START_MS)) !== 'ready') {
      await drop();
      throw new MeshError('internal', 'the template reader did not start');
    }
    worker.unref();
    return worker;
  };

  const ask = async (text: string): Promise<Parsed> => {
    if (closed) throw new MeshError('stopping');
    const worker = warm ?? (await start());
    asked += 1;
    const request: ParseAsk = { id: asked, text };
    worker.ref();
    const waiting = nextMessage(worker, limitMs);
    worker.postMessage(request);
    const answer = await waiting;
    worker.unref();
    if (answer === null) {
      await drop();
      return failed(`takes longer than ${limitMs} ms to read; make it simpler`);
    }
    return fromAnswer(answer as ParseAnswer);
  };

  return {
    parse: (text) => {
      const bytes = Buffer.byteLength(text);
      if (bytes > LIMITS.templateBytes)
        return Promise.resolve(
          failed(`is ${bytes} bytes; at most ${LIMITS.templateBytes} (64 KiB) are read`),
        );
      const result = queue.then(() => ask(text));
      queue = result.catch(() => null);
      return result;
    },
    close: async () => {
      closed = true;
      await queue;
      await drop();
    },
  };
};
