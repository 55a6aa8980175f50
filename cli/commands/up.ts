// agentmesh up: a daemon is there afterwards, whether or not one was before.
import { Command, Option } from 'clipanion';
import type { RouteAnswer } from '#api/contract/shapes';
import { EXIT, MeshError } from '#machines/nouns/error-codes';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { agentmeshd } from '../connection/daemon-process.ts';
import { addressOf, dataDirOf, type DaemonChoice } from '../connection/locate.ts';
import { healthLines } from '../render/health.ts';
import { problemJson, problemOf } from '../render/problem.ts';

export class UpCommand extends MeshCommand {
  static override readonly paths = [['up']];
  static override readonly usage = Command.Usage({
    description: 'Start the daemon in the background, if none answers yet',
    details: `
      Starts a daemon on the data folder and waits until it answers. When one runs already, nothing is changed and its
      address is printed, so this can stand at the beginning of any script.

      With \`--host\` and \`--port\` the new daemon listens there (loopback only); without them at 127.0.0.1:8321.
    `,
    examples: [
      ['Start the daemon', '$0 up'],
      ['A second one beside it, with its own data', '$0 up --data-dir /var/tmp/mesh --port 8400'],
    ],
  });

  bootstrap = Option.String('--bootstrap', {
    description: 'File with agents to begin with, beside bootstrap.json',
  });
  discovery = Option.String('--discovery', {
    description: 'What looks for agents: on (default), off, or some of mdns,programs,tailnet',
  });
  announce = Option.Boolean('--announce', {
    description: 'Announce the new daemon by mDNS where it listens (not by default)',
  });

  redis = Option.String('--redis', {
    description: 'Redis that carries the jobs of a new daemon; docs/queues.md',
  });

  /** `--host` and `--port` say where a new daemon listens; which one is there already is the data folder’s to say. */
  override get choice(): DaemonChoice {
    const elsewhere =
      this.daemonUrl ?? (this.dataDir === undefined ? this.context.env['AGENTMESH_DAEMON_URL'] : undefined);
    return elsewhere
      ? { daemonUrl: elsewhere }
      : { dataDir: this.dataDir ?? dataDirOf({}, this.context.env) };
  }

  async #health(): Promise<RouteAnswer<'healthz'> | null> {
    try {
      return await this.client.call('healthz');
    } catch (error) {
      if (
        error instanceof MeshError &&
        error.code === 'daemon_unreachable' &&
        error.extra['status'] === undefined
      )
        return null;
      throw error;
    }
  }

  override async perform(): Promise<number> {
    const before = await this.#health();
    const refused = before === null ? await this.#start() : 0;
    if (refused !== 0) return refused;
    const health = before ?? (await this.client.call('healthz'));
    const address = addressOf(this.choice, this.context.env);
    await this.printOne({ ...health, address, started: before === null }, () =>
      healthLines({ health, address, folder: this.folder }, this.terminal.style),
    );
    if (this.output === 'text')
      this.terminal.note(
        before !== null
          ? 'it was running already'
          : health.counts.agents === 0
            ? 'started; next: agentmesh agents add URL, then agentmesh discover'
            : 'started; next: agentmesh discover',
      );
    return 0;
  }

  /** Starts it; the exit code of `agentmeshd start`, which has said itself why when it is not 0. */
  async #start(): Promise<number> {
    if (this.choice.daemonUrl !== undefined)
      throw new MeshError(
        'daemon_unreachable',
        `No daemon answers at ${this.choice.daemonUrl}; \`up\` starts one by --host and --port`,
      );
    const { code, stdout, stderr } = await agentmeshd([
      'start',
      '-b',
      ...['--data-dir', this.folder],
      ...(this.host === undefined ? [] : ['--host', this.host]),
      ...(this.port === undefined ? [] : ['--port', this.port]),
      ...(this.bootstrap === undefined ? [] : ['--bootstrap', this.bootstrap]),
      ...(this.redis === undefined ? [] : ['--redis', this.redis]),
      ...(this.discovery === undefined ? [] : ['--discovery', this.discovery]),
      ...(this.announce === undefined ? [] : [this.announce ? '--announce' : '--no-announce']),
    ]);
    if (code === 0) return code;
    const said = [stderr, stdout].map((text) => text.trim()).filter((text) => text !== '');
    const { docs } = problemOf(new MeshError('daemon_unreachable'));
    this.context.stderr.write(
      this.output === 'text'
        ? `${said.join('\n')}\n`
        : `${problemJson({ code: 'daemon_unreachable', message: said.join(' '), remedy: 'Do what the message says.', docs, exit: EXIT.daemonUnreachable })}\n`,
    );
    return code;
  }
}
