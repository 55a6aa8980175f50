// The entry of `agentmesh`: one command line, one exit code. Runs as it stands, and bundled (.ci/cli-bundle.js).
import { dispatch, type Streams } from './command-line/dispatch.ts';
import { leavable } from './render/terminal.ts';

/** The streams of this process. Each is made when it is first touched: together they take as long as a request. */
class ProcessStreams implements Streams {
  readonly env = process.env;
  /** Clipanion paints nothing here: colours are those of render/style.ts. */
  readonly colorDepth = 1;

  get stdin(): NodeJS.ReadStream {
    return process.stdin;
  }

  get stdout(): NodeJS.WriteStream {
    return leavable(process.stdout);
  }

  get stderr(): NodeJS.WriteStream {
    return leavable(process.stderr);
  }
}

/** Settles when the command is done; the launcher waits for it. */
export const finished = dispatch(process.argv.slice(2), new ProcessStreams()).then((code) => {
  process.exitCode = code;
});
