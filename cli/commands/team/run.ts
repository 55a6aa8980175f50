// agentmesh team run: starts a team and follows it.
import { randomUUID } from 'node:crypto';
import { Command, Option } from 'clipanion';
import { followTeam } from '../../command-line/follow-team.ts';
import { inputsOf } from '../../command-line/inputs.ts';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { localTemplate, looksLikeFile, readTemplate } from '../../connection/template-file.ts';

export class TeamRunCommand extends MeshCommand {
  static override readonly paths = [['team', 'run']];
  static override readonly usage = Command.Usage({
    description: 'Run a team by name or file and watch its steps',
    details: `
      A name is looked for in ./.agentmesh/templates, then the daemon is asked for it; anything with a slash or an ending
      is a file. The run keeps the very text that it was started with, and the commit when the file is committed as it
      is; a later change of the file never touches it.

      Inputs are \`name=text\`, read as the type that the template declares, or \`name:=json\`.

      Ctrl-C asks before anything is cancelled; the daemon does the work, not this command. Exit codes: 0 completed,
      12 failed, 22 cancelled, 23 timed out.
    `,
    examples: [
      ['Repair a repository', '$0 team run code-fix --input repo=. --input issue="the sum is wrong"'],
      ['A file, with the inputs in another', '$0 team run ./team.yaml --inputs inputs.json'],
      ['Do not wait', '$0 team run code-fix --input repo=. --input issue=x --detach'],
    ],
  });

  inputs = Option.Array('-i,--input', [], {
    description: 'An input: name=text or name:=json; may be given more than once',
  });
  inputsFile = Option.String('--inputs', {
    description: 'File with the inputs as a JSON object; - is standard input',
  });
  detach = Option.Boolean('-d,--detach', false, { description: 'Print the id of the team run and leave' });
  template = Option.String({ name: 'NAME|FILE' });

  override async perform(): Promise<number> {
    const inputs = inputsOf(this.inputs, this.inputsFile);
    const own = looksLikeFile(this.template)
      ? await readTemplate(this.template)
      : await localTemplate(this.template);
    const run = await this.client.call('team-runs.start', {
      idempotencyKey: randomUUID(),
      body: { template: own ?? { name: this.template }, inputs },
    });
    const { team_run_id: id } = run;
    if (this.detach) {
      await this.printOne(run, () => id);
      this.terminal.note(`follow it with: agentmesh runs watch ${id}`);
      return 0;
    }
    if (this.output === 'text')
      this.terminal.note(`${this.terminal.noteStyle.bold(run.team)}  team run ${id}`);
    const { client, terminal, output, quiet } = this;
    return followTeam({ client, terminal, output, quiet, id, stderr: this.context.stderr });
  }
}
