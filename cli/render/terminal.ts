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

const leaveQuietly = (error: NodeJS.ErrnoException): void => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
};

/** A stream whose reader may leave early (`| head`): that ends the command without a word, as SIGPIPE does for others. */
export const leavable = <S extends Writable>(stream: S): S =>
  stream.listenerCount('error', leaveQuietly) === 0 ? stream.on('error', leaveQuietly) : stream;

/** A terminal’s own width; of a pipe only where a caller that shows our output on its terminal says so. */
const widthOf = (stream: Stream, env: Readonly<Record<string, string | undefined>>): number | null => {
  // A terminal that does not know its size says 0.
  const { columns = 0 } = stream;
  if (stream.isTTY === true) return columns === 0 ? 80 : Math.max(20, columns);
  const told = env['CLICOLOR_FORCE'] ? Number(env['COLUMNS']) : Number.NaN;
  return Number.isSafeInteger(told) && told >= 20 ? told : null;
};

/** A terminal over the two streams of a command; neither is touched before it is needed. */
export const terminalOf = (
  streams: {
    readonly stdout: Stream;
    readonly stderr: Stream;
    readonly env: Readonly<Record<string, string | undefined>>;
  },
  { color, quiet }: { readonly color: ColourChoice; readonly quiet: boolean },
): Terminal => {
  const { env } = streams;
  const out = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const stream = streams.stdout;
      if (stream.write(text)) resolve();
      else stream.once('drain', resolve);
    });
  return {
    out,
    line: (text) => out(`${text}\n`),
    note: (text) => {
      if (!quiet) streams.stderr.write(`${text}\n`);
    },
    get style() {
      return styleFor(color, this.outIsTerminal, env);
    },
    get noteStyle() {
      return styleFor(color, this.noteIsTerminal, env);
    },
    get width() {
      return widthOf(streams.stdout, env) ?? Number.POSITIVE_INFINITY;
    },
    get noteWidth() {
      return widthOf(streams.stderr, env) ?? 160;
    },
    get outIsTerminal() {
      return streams.stdout.isTTY === true;
    },
    get noteIsTerminal() {
      return streams.stderr.isTTY === true;
    },
  };
};
