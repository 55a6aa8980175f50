// agentmesh demo: the whole product in half a minute.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { runDemo } from '../demo/run-demo.ts';
import { UsageProblem } from '../render/problem.ts';

export class DemoCommand extends MeshCommand {
  static override readonly paths = [['demo']];
  static override readonly usage = Command.Usage({
    description: 'See it all once: agents, a call, a team that repairs a fault, the trace',
    details: `
      Starts a daemon and five sample agents on data of its own, asks one of them, lets the code-fix team repair a
      repository with a failing test, shows the trace and the cross-check, and removes everything it made. Your own
      daemon and data are not touched.
    `,
    examples: [
      ['See it', '$0 demo'],
      ['Leave it running, to look at the console', '$0 demo --keep'],
      ['With a Redis and a worker, as over two hosts', '$0 demo --redis'],
    ],
  });

  redis = Option.String('--redis', {
    tolerateBoolean: true,
    description: 'Let calls travel through a Redis to a worker; alone, one is started for it',
  });
  keep = Option.Boolean('--keep', false, { description: 'Leave daemon and agents running at the end' });

  override async perform(): Promise<number> {
    if (this.output !== 'text')
      throw new UsageProblem('The demo is for people and prints text', 'Leave --output away.');
    if ((this.dataDir ?? this.daemonUrl ?? this.host ?? this.port) !== undefined)
      throw new UsageProblem(
        'The demo starts a daemon of its own, on data of its own',
        'Leave the options that choose a daemon away.',
      );
    const redis = typeof this.redis === 'boolean' ? (this.redis ? '' : undefined) : this.redis;
    return runDemo({ keep: this.keep, color: this.color, redis });
  }
}
