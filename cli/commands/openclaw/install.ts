// agentmesh openclaw install: the agents of an OpenClaw on this machine become agents of the mesh.
import { Command, Option } from 'clipanion';
import { InstallCommand } from '../../command-line/installing.ts';
import { OPENCLAW } from '../../command-line/programs.ts';

export class OpenclawInstallCommand extends InstallCommand {
  static override readonly paths = [['openclaw', 'install']];
  static override readonly usage = Command.Usage({
    description: 'Let the agents of the OpenClaw on this machine take part',
    details: `
      Finds OpenClaw by your PATH and its configuration, shows each change, file and command, asks, does it, and proves
      it by asking the gateway for its agents. A device of our own is paired with the gateway: its key and token lie in
      the data folder (0600); the gateway’s token is read once and never kept. OpenClaw’s configuration is not touched.

      With \`--a2a\` OpenClaw’s own A2A channel also gets a peer with a token of its own, by a command that OpenClaw
      checks; \`openclaw uninstall\` puts the configuration back byte for byte. Doing it again changes nothing.

      Where no gateway runs, \`--without-gateway\` uses OpenClaw’s program alone (\`openclaw agent --json\`): answers come
      whole at the end, nobody is asked before a command is run, and there is one run at a time. Once a gateway runs,
      \`openclaw install\` goes over to it.
    `,
    examples: [
      ['Look at the plan', '$0 openclaw install --dry-run'],
      ['Do it', '$0 openclaw install'],
      ['In a script, with one real word as proof', '$0 openclaw install --yes --test'],
    ],
  });

  a2a = Option.Boolean('--a2a', false, { description: 'Also switch on OpenClaw’s A2A channel for the mesh' });
  withoutGateway = Option.Boolean('--without-gateway', false, {
    description: 'No gateway runs: use OpenClaw’s program alone',
  });
  test = Option.Boolean('--test', false, { description: 'Ask an agent one real word at the end' });

  protected override readonly program = OPENCLAW;

  protected override settings(): Record<string, boolean> {
    return {
      ...(this.a2a ? { a2a: true } : {}),
      ...(this.test ? { test: true } : {}),
      ...(this.withoutGateway ? { without_gateway: true } : {}),
    };
  }
}
