// `agentmeshd`: starts and stops the daemon, and says how it is. Loads the rest of the daemon only where it is needed.
import { Cli, Command, Option } from 'clipanion';
import type { StartFlags } from '#api/daemon/messages';
import { bootstrapOf, dataDirOf } from '#api/daemon/paths';
import { startInBackground, startInForeground } from '#api/daemon/start';
import { ERRORS, EXIT, MeshError } from '#machines/nouns/error-codes';
import { WorkerCommand } from './agentmeshd-worker.ts';

const dataDirOption = () =>
  Option.String('--data-dir', {
    description: 'Data folder; else AGENTMESH_DATA_DIR, else ~/.agentmesh',
  });

const outputOption = () => Option.String('-o,--output', 'text', { description: 'text (default) or json' });

/** @throws MeshError bad_request */
const isJson = (output: string): boolean => {
  if (output !== 'text' && output !== 'json') throw new MeshError('bad_request', '-o takes text or json');
  return output === 'json';
};

/** Leaves out what is not given. */
const given = (flags: Readonly<Record<keyof StartFlags, string | undefined>>): StartFlags =>
  Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));

/** Colour on a terminal only (isTTY is absent elsewhere), and not against NO_COLOR (no-color.org). */
const isColourful = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY ? (process.env['NO_COLOR'] ?? '') === '' : false;

/** A command whose failures come out as one line, its remedy, and the exit code of the catalogue. */
abstract class DaemonCommand extends Command {
  abstract perform(): Promise<number>;

  override async execute(): Promise<number> {
    try {
      return await this.perform();
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      const { remedy, exit } = ERRORS[error.code];
      this.context.stderr.write(`agentmeshd: ${error.detail}\n  ${remedy}\n`);
      return exit;
    }
  }
}

class StartCommand extends DaemonCommand {
  static override paths = [['start']];
  static override usage = Command.Usage({
    description: 'Start the daemon',
    details: `
      Runs in the foreground until a signal ends it: the first lets work in hand finish, the second does not wait.
      Flags go over environment (AGENTMESH_DATA_DIR, _HOST, _PORT, _BOOTSTRAP, _SYNCHRONOUS, _DISCOVERY, _ANNOUNCE,
      _LOG_LEVEL, _REDIS_URL), environment over config.json of the data folder, and that over defaults.
    `,
    examples: [
      ['Start in the background and wait until it answers', 'agentmeshd start -b'],
      ['Start on another folder and any free port', 'agentmeshd start --data-dir ./mesh --port 0'],
    ],
  });

  host = Option.String('--host', { description: 'Loopback address to listen on (127.0.0.1)' });
  port = Option.String('--port', { description: 'TCP port (8321); 0 takes any free one' });
  dataDir = dataDirOption();
  bootstrap = Option.String('--bootstrap', {
    description: 'Agents to know, beside <data folder>/bootstrap.json',
  });
  background = Option.Boolean('-b,--background', false, {
    description: 'Return as soon as the daemon answers',
  });
  synchronous = Option.String('--synchronous', {
    description: 'FULL survives a power cut (default), NORMAL only a crash, and is faster',
  });
  redis = Option.String('--redis', {
    description:
      'Redis that carries the jobs, so that workers on other hosts take part; redis://host:port, unix:/path',
  });
  discovery = Option.String('--discovery', {
    description: 'What looks for agents: on (default), off, or some of mdns,programs,tailnet',
  });
  announce = Option.Boolean('--announce', {
    description: 'Announce this daemon by mDNS where it listens (not by default)',
  });
  logLevel = Option.String('--log-level', { description: 'debug, info (default), warn or error' });

  async perform(): Promise<number> {
    const options = {
      flags: given({
        dataDir: dataDirOf(this.dataDir, process.env),
        host: this.host,
        port: this.port,
        bootstrap: bootstrapOf(this.bootstrap, process.env),
        synchronous: this.synchronous,
        discovery: this.discovery,
        announce: this.announce === undefined ? undefined : this.announce ? 'on' : 'off',
        logLevel: this.logLevel,
        redis: this.redis,
      }),
      env: process.env,
      write: (text: string | Uint8Array) => this.context.stderr.write(text),
      colour: isColourful(process.stderr),
    };
    if (!this.background) return startInForeground(options);
    const { exit, report } = await startInBackground(options);
    if (report !== null)
      this.context.stdout.write(
        `agentmeshd runs at ${report.info.url} (pid ${String(report.info.pid)}, data in ${dataDirOf(this.dataDir, process.env)})\n`,
      );
    return exit;
  }
}

class StopCommand extends DaemonCommand {
  static override paths = [['stop']];
  static override usage = Command.Usage({
    description: 'Stop the daemon and wait until it is gone',
    details: 'Work in hand may finish for a few seconds; what does not goes on at the next start.',
  });

  dataDir = dataDirOption();
  timeout = Option.String('--timeout', '20', { description: 'Seconds to wait for its end (20)' });

  async perform(): Promise<number> {
    const { stopDaemon } = await import('#api/daemon/control');
    const seconds = Number(this.timeout);
    if (!(seconds >= 0 && seconds <= 3_600))
      throw new MeshError('bad_request', '--timeout takes seconds, 0 to 3600');
    const dataDir = dataDirOf(this.dataDir, process.env);
    const pid = await stopDaemon(dataDir, seconds * 1_000);
    this.context.stdout.write(
      pid === null ? `No daemon runs on ${dataDir}\n` : `agentmeshd stopped (pid ${String(pid)})\n`,
    );
    return EXIT.ok;
  }
}

class StatusCommand extends DaemonCommand {
  static override paths = [['status']];
  static override usage = Command.Usage({
    description: 'Say whether the daemon runs, and how well; exit code 10 when it does not',
  });

  dataDir = dataDirOption();
  output = outputOption();

  async perform(): Promise<number> {
    const json = isJson(this.output);
    const { daemonStatus } = await import('#api/daemon/control');
    const { statusText } = await import('#api/daemon/status-text');
    const dataDir = dataDirOf(this.dataDir, process.env);
    const status = await daemonStatus(dataDir);
    this.context.stdout.write(
      json ? `${JSON.stringify({ data_dir: dataDir, ...status }, null, 2)}\n` : statusText(dataDir, status),
    );
    return status.state === 'running' ? EXIT.ok : EXIT.daemonUnreachable;
  }
}

class RebuildCommand extends DaemonCommand {
  static override paths = [['rebuild']];
  static override usage = Command.Usage({
    description: 'Make a new database from events.jsonl while no daemon runs',
    details: `
      The new database takes the place of the old one only when both hold the same events; the old one is kept beside
      it. When they differ nothing changes, the seqs that differ are named, and the exit code is 26.
    `,
  });

  dataDir = dataDirOption();
  output = outputOption();

  async perform(): Promise<number> {
    const json = isJson(this.output);
    const { rebuildFolder } = await import('#api/daemon/rebuild');
    const { rebuildText } = await import('#api/daemon/status-text');
    const report = await rebuildFolder(dataDirOf(this.dataDir, process.env), (text) =>
      this.context.stderr.write(text),
    );
    this.context.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : rebuildText(report));
    return report.swapped ? EXIT.ok : EXIT.logMismatch;
  }
}

/** The page of the command that is named, or one line for each. */
const help = async (cli: Cli, argv: readonly string[]): Promise<number> => {
  const { commandHelp } = await import('./command-line/command-help.ts');
  const { styleFor } = await import('./render/style.ts');
  const { stdout } = process;
  const named = argv.find((word) => !word.startsWith('-'));
  const known = cli.definitions().filter(({ description }) => description !== undefined);
  const found = known.find(({ path }) => path === `agentmeshd ${named ?? ''}`);
  const lines = known.map(
    ({ path, description = '' }) => `  ${path.slice('agentmeshd '.length).padEnd(8)} ${description.trim()}`,
  );
  stdout.write(
    found === undefined
      ? `The AgentMesh daemon\n\n  agentmeshd <command> [options]\n\n${lines.join('\n')}\n\nagentmeshd <command> --help tells all of a command.\n`
      : commandHelp(found, stdout.columns ?? 80, styleFor('auto', stdout.isTTY, process.env), new Set()),
  );
  return EXIT.ok;
};

const main = async (argv: readonly string[]): Promise<number> => {
  const cli = new Cli({
    binaryName: 'agentmeshd',
    binaryLabel: 'The AgentMesh daemon',
    enableColors: isColourful(process.stdout),
  });
  for (const each of [StartCommand, StopCommand, StatusCommand, RebuildCommand, WorkerCommand])
    cli.register(each);
  if (argv.length === 0 || argv.some((word) => ['help', '-h', '--help'].includes(word)))
    return help(
      cli,
      argv.filter((word) => word !== 'help'),
    );
  let command: Command;
  try {
    command = cli.process([...argv], Cli.defaultContext);
  } catch (error) {
    const said = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const option = /option name \("([^"]+)"\)/.exec(said)?.[1];
    const what =
      option === undefined
        ? `There is no command "${argv.join(' ')}"`
        : `agentmeshd ${argv[0] ?? ''} has no option ${option}`;
    process.stderr.write(`agentmeshd: ${what}\n  agentmeshd --help lists what there is.\n`);
    return EXIT.usage;
  }
  return cli.run(command, Cli.defaultContext);
};

process.exitCode = await main(process.argv.slice(2));
