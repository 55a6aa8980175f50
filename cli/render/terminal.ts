// The two streams of a command: data to stdout, everything else to stderr. Knows what is a terminal and how wide it is.
import type { Writable } from 'node:stream';
import { styleFor, type ColourChoice, type Style } from './style.ts';

export interface Terminal {
  /** Writes data as it is, resolving once the stream can take more. */
  out(text: string): Promise<void>;
  /** Writes one line of data. */
  line(text: string): Promise<void>;
  /** Writes one line beside the data: progress, hints, warnings. */
  note(text: string): void;
  /** Style of stdout and of stderr. */
  readonly style: Style;
  readonly noteStyle: Style;
  /** Cells of a line on stdout; Infinity when it is piped. */
  readonly width: number;
  /** Cells of a line on stderr; 160 when it is piped, where lines of progress end somewhere. */
  readonly noteWidth: number;
  readonly outIsTerminal: boolean;
  readonly noteIsTerminal: boolean;
}

type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** A reader that left early (`| head`) ends the command without a word, as SIGPIPE does for others. */
const leaveQuietly = (error: NodeJS.ErrnoException): void => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
};

/** A terminal’s own width; of a pipe only where a caller that shows our output on its terminal says so. */
const widthOf = (stream: Stream, env: Readonly<Record<string, string | undefined>>): number | null => {
  if (stream.isTTY === true) return Math.max(20, stream.columns ?? 80);
  const told = env['CLICOLOR_FORCE'] ? Number(env['COLUMNS']) : Number.NaN;
  return Number.isSafeInteger(told) && told >= 20 ? told : null;
};

/** A terminal over the two streams of a command. */
export const terminalOf = (
  {
    stdout,
    stderr,
    env,
  }: {
    readonly stdout: Stream;
    readonly stderr: Stream;
    readonly env: Readonly<Record<string, string | undefined>>;
  },
  { color, quiet }: { readonly color: ColourChoice; readonly quiet: boolean },
): Terminal => {
  for (const stream of [stdout, stderr])
    if (stream.listenerCount('error', leaveQuietly) === 0) stream.on('error', leaveQuietly);
  const outIsTerminal = stdout.isTTY === true;
  const noteIsTerminal = stderr.isTTY === true;
  const out = (text: string): Promise<void> =>
    new Promise((resolve) => {
      if (stdout.write(text)) resolve();
      else stdout.once('drain', resolve);
    });
  return {
    out,
    line: (text) => out(`${text}\n`),
    note: (text) => {
      if (!quiet) stderr.write(`${text}\n`);
    },
    style: styleFor(color, outIsTerminal, env),
    noteStyle: styleFor(color, noteIsTerminal, env),
    width: widthOf(stdout, env) ?? Number.POSITIVE_INFINITY,
    noteWidth: widthOf(stderr, env) ?? 160,
    outIsTerminal,
    noteIsTerminal,
  };
};
