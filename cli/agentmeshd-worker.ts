// `agentmeshd worker`: the process that `agentmesh worker` starts.
import { Command, Option } from 'clipanion';
import { ERRORS, MeshError } from '#machines/nouns/error-codes';

export class WorkerCommand extends Command {
  static override paths = [['worker']];
  static override usage = Command.Usage({
    description: 'Perform calls of a daemon on another host, until a signal ends it',
    details: `
      Takes calls to the agents that it serves from the Redis of the daemon, performs them with the adapters of this
      host, and gives their events back. docs/queues.md tells how to set it up.
    `,
    examples: [
      [
        'Serve the NanoClaw and the ACP agents of this host',
        'agentmeshd worker --queue redis://10.0.0.5 --serves nanoclaw,acp',
      ],
    ],
  });

  queue = Option.String('--queue', {
    description: 'Redis of the daemon; else AGENTMESH_REDIS_URL (a URL with a password only there)',
  });
  serves = Option.String('--serves', { description: 'Kinds or names of agents, separated by commas' });
  name = Option.String('--name', { description: 'What the worker is called; else the name of this host' });
  meshKeyFile = Option.String('--mesh-key-file', {
    description: 'Copy of mesh.key of the daemon’s data folder; else mesh.key of the data folder here',
  });
  agents = Option.String('--agents', {
    description: 'Agents of this host, with folders, commands and credentials; the form of bootstrap.json',
  });
  dataDir = Option.String('--data-dir', {
    description: 'Data folder; else AGENTMESH_DATA_DIR, else ~/.agentmesh',
  });
  output = Option.String('-o,--output', 'text', { description: 'text (default) or json' });

  override async execute(): Promise<number> {
    try {
      if (this.output !== 'text' && this.output !== 'json')
        throw new MeshError('bad_request', '-o takes text or json');
      const { runQueueWorker } = await import('#api/daemon/queue-worker');
      const { queue, serves, name, meshKeyFile, agents, dataDir } = this;
      return await runQueueWorker(
        { queue, serves, name, meshKeyFile, agents, dataDir },
        process.env,
        {
          write: (text) => this.context.stderr.write(text),
          colour: process.stderr.isTTY && (process.env['NO_COLOR'] ?? '') === '',
        },
        (ready) => {
          if (this.output === 'json')
            this.context.stdout.write(`${JSON.stringify({ ...ready, pid: process.pid })}\n`);
        },
      );
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      const { remedy, exit } = ERRORS[error.code];
      this.context.stderr.write(`agentmeshd: ${error.detail}\n  ${remedy}\n`);
      return exit;
    }
  }
}
