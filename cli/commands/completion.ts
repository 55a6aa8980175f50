// agentmesh completion: the script that makes a shell complete our words.
import { Command, Option } from 'clipanion';
import { COMPLETION_SCRIPTS } from '../command-line/completion-scripts.ts';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { UsageProblem } from '../render/problem.ts';

export class CompletionCommand extends MeshCommand {
  static override readonly paths = [['completion']];
  static override readonly usage = Command.Usage({
    description: 'Completion for bash, zsh or fish: commands, options, names and ids',
    details: 'Prints a script. Ids of runs, names of agents and teams come from the daemon while you type.',
    examples: [
      ['bash', 'eval "$($0 completion bash)"'],
      ['zsh', 'eval "$($0 completion zsh)"'],
      ['fish', '$0 completion fish > ~/.config/fish/completions/agentmesh.fish'],
    ],
  });

  shell = Option.String({ name: 'bash|zsh|fish' });

  override async perform(): Promise<number> {
    const script = Object.hasOwn(COMPLETION_SCRIPTS, this.shell) ? COMPLETION_SCRIPTS[this.shell] : undefined;
    if (script === undefined)
      throw new UsageProblem(`There is no completion for "${this.shell}"`, 'Give bash, zsh or fish.');
    await this.terminal.out(script);
    return 0;
  }
}
