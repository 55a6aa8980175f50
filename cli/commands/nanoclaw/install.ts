// agentmesh nanoclaw install: the agent groups of a NanoClaw on this machine become agents of the mesh.
import { Command, Option } from 'clipanion';
import { InstallCommand } from '../../command-line/installing.ts';
import { NANOCLAW } from '../../command-line/programs.ts';
import { UsageProblem } from '../../render/problem.ts';

export class NanoclawInstallCommand extends InstallCommand {
  static override readonly paths = [['nanoclaw', 'install']];
  static override readonly usage = Command.Usage({
    description: 'Let agent groups of the NanoClaw on this machine take part',
    details: `
      Finds NanoClaw in NANOCLAW_DIR, in your home folder or by its service, shows each admin command as it is sent,
      asks, and does it over the sockets of NanoClaw’s own host, which must run: a messaging group for the mesh, a wiring
      to the agent group, and the agent’s way to answer. No file of NanoClaw is touched. Doing it again changes nothing.

      NanoClaw 2.0 gives each task a session of its own. Later hosts do not do that for the mesh: there an agent group
      takes as many tasks at once as \`--at-once\` says, and the others wait.

      \`nanoclaw uninstall\` takes away exactly what was made.
    `,
    examples: [
      ['Look at the plan', '$0 nanoclaw install --dry-run'],
      ['One agent group of several', '$0 nanoclaw install --group main'],
      [
        'Another installation, in a script, with one real word as proof',
        '$0 nanoclaw install --dir ~/nanoclaw-2 --yes --test',
      ],
    ],
  });

  group = Option.String('--group', {
    description: 'Agent group by its folder; several with commas; * for all. The only one when absent',
  });
  atOnce = Option.String('--at-once', {
    description:
      'Tasks that each agent group takes at once, where NanoClaw does not keep tasks apart itself; 3 when absent',
  });
  test = Option.Boolean('--test', false, { description: 'Ask each agent group one real word at the end' });

  protected override readonly program = NANOCLAW;

  #atOnce(): number | undefined {
    if (this.atOnce === undefined) return undefined;
    const count = Number(this.atOnce);
    if (Number.isSafeInteger(count) && count > 0) return count;
    throw new UsageProblem(`"${this.atOnce}" is no number of tasks`, 'Give one from 1 to 16.');
  }

  protected override settings(): Record<string, string | number | boolean> {
    const atOnce = this.#atOnce();
    return {
      ...(this.group === undefined ? {} : { group: this.group }),
      ...(atOnce === undefined ? {} : { at_once: atOnce }),
      ...(this.test ? { test: true } : {}),
    };
  }
}
