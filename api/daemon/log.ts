// The daemon's log: pino lines in agentmeshd.log, and lines for people on stderr when someone watches.
import { closeSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { pino, type Logger } from 'pino';
import { readable } from './readable-line.ts';

/** Files are turned at this size, at the start and while running; this many old ones are kept. */
const TURN_BYTES = 8 * 1024 * 1024;
const OLD_FILES = 3;

const SECRETS = [
  'token',
  'api_key',
  'apiKey',
  'headers',
  'credential',
  'authorization',
  'cookie',
  'password',
  'secret',
];

/** agentmeshd.log becomes .1, .1 becomes .2, …; the oldest goes. */
const turn = (file: string): void => {
  for (let age = OLD_FILES; age >= 1; age -= 1) {
    const from = age === 1 ? file : `${file}.${String(age - 1)}`;
    if (existsSync(from)) renameSync(from, `${file}.${String(age)}`);
  }
};

/** Writes lines to the file. What cannot be written is dropped, because a log must never end what it tells about. */
const logFile = (file: string): { write(line: string): void; close(): void; problem: string | null } => {
  let fd: number | null = null;
  let size = 0;
  let problem: string | null = null;
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      problem ??= error instanceof Error ? error.message : String(error);
    }
  };
  const open = (): void => {
    attempt(() => {
      if (existsSync(file) && statSync(file).size >= TURN_BYTES) turn(file);
      fd = openSync(file, 'a', 0o600);
      size = statSync(file).size;
    });
  };
  const close = (): void => {
    if (fd !== null) closeSync(fd);
    fd = null;
  };
  open();
  return {
    get problem() {
      return problem;
    },
    write(line) {
      if (size >= TURN_BYTES) {
        close();
        open();
      }
      attempt(() => {
        if (fd !== null) size += writeSync(fd, line);
      });
    },
    close,
  };
};

/** A logger whose lines hold no secret that can be known by its name or its form. */
const loggerTo = (level: string, write: (line: string) => void): Logger =>
  pino(
    {
      level,
      base: null,
      redact: {
        paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '[redacted]',
      },
    },
    {
      write(line: string) {
        // A credential inside a text (a header in an error, say) is out of redact's reach.
        write(line.replace(/\b(Bearer|Basic) [\w.~+/=-]{8,}/gi, '$1 [redacted]'));
      },
    },
  );

export interface People {
  readonly write: (text: string) => void;
  readonly colour: boolean;
}

/** A log for people alone, without a file. */
export const peopleLog = (level: string, people: People): Logger =>
  loggerTo(level, (line) => {
    people.write(readable(line, people.colour));
  });

export interface DaemonLog {
  readonly logger: Logger;
  /** Why the file cannot be written; null when it can. */
  problem(): string | null;
  close(): void;
}

/**
 * Opens the log.
 * @param people where lines for people go as well, with or without colour; null for nowhere
 */
export const openLog = (file: string, level: string, people: People | null): DaemonLog => {
  const target = logFile(file);
  const logger = loggerTo(level, (line) => {
    target.write(line);
    people?.write(readable(line, people.colour));
  });
  return {
    logger,
    problem: () => target.problem,
    close: () => {
      target.close();
    },
  };
};
