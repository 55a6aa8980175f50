// agentmesh worker: this host takes calls of a daemon on another one.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { runAgentmeshd } from '../connection/daemon-process.ts';
import { UsageProblem } from '../render/problem.ts';

export class WorkerCommand extends MeshCommand {
  static override readonly paths = [['worker']];
  static override readonly usage = Command.Usage({
    description: 'Perform calls of a daemon on another host, through its Redis',
    details: `
      Takes calls to the agents that it serves, performs them with the adapters of this host, and gives their events,
      questions and results back to the daemon, which alone decides and records. Runs until a signal ends it: the first
      lets work in hand finish for a few seconds and gives back the rest, the second does not wait.

      It needs the key of the mesh: copy mesh.key from the data folder of the daemon into the data folder here, or name
      the copy with \`--mesh-key-file\`. Agents with folders, commands or credentials are those of \`--agents\`, by the
      names that the daemon knows; none of these ever travels through Redis. docs/queues.md tells it all.
    `,
    examples: [
      [
        'Serve the NanoClaw and the ACP agents of this host',
        '$0 worker --queue rediss://10.0.0.5 --serves nanoclaw,acp --agents agents.json',
      ],
      ['With a password, which no argument may hold', 'AGENTMESH_REDIS_URL=… $0 worker --serves nanoclaw'],
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

  override perform(): Promise<number> {
    if ((this.daemonUrl ?? this.host ?? this.port) !== undefined)
      throw new UsageProblem(
        'A worker meets its daemon in Redis',
        'Leave --daemon-url, --host and --port away, and give --queue.',
      );
    if (this.serves === undefined)
      throw new UsageProblem('What does it serve?', 'Give --serves, for example --serves nanoclaw,acp.');
    const given = {
      '--queue': this.queue,
      '--serves': this.serves,
      '--name': this.name,
      '--mesh-key-file': this.meshKeyFile,
      '--agents': this.agents,
      '--data-dir': this.dataDir,
    };
    return runAgentmeshd([
      'worker',
      ...Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [] : [flag, value])),
      ...(this.output === 'text' ? [] : ['-o', 'json']),
    ]);
  }
}
