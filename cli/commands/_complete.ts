// agentmesh _complete: what a shell asks while someone types. Never fails: a shell has nowhere to show an error.
import { Command, Option } from 'clipanion';
import { completionsOf } from '../command-line/completions.ts';
import { MeshCommand } from '../command-line/mesh-command.ts';
import { escapeLine } from '../render/escape.ts';

export class CompleteCommand extends MeshCommand {
  static override readonly paths = [['_complete']];
  static override readonly usage = Command.Usage({
    description: 'Candidates for the last of the given words, one a line, each with a tab and what it is',
  });

  words = Option.Proxy({ name: '-- WORDS' });

  override async perform(): Promise<number> {
    const typed = this.words[0] === '--' ? this.words.slice(1) : this.words;
    const candidates = await completionsOf(typed, this.client);
    for (const { word, about } of candidates)
      await this.terminal.line(`${escapeLine(word)}\t${escapeLine(about)}`);
    return 0;
  }
}
