// agentmesh team list: the teams that can be run by name.
import { Command } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { localNames, localTemplate } from '../../connection/template-file.ts';
import { table } from '../../render/table.ts';

interface TeamRow {
  readonly name: string;
  readonly description: string;
  readonly origin: string;
  readonly hash: string;
  readonly steps: readonly string[];
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly problems: number;
}

const inputWords = (inputs: Readonly<Record<string, unknown>>): string =>
  Object.entries(inputs)
    .map(([name, input]) =>
      typeof input === 'object' && input !== null && 'default' in input ? `[${name}]` : name,
    )
    .join(' ');

export class TeamListCommand extends MeshCommand {
  static override readonly paths = [['team', 'list']];
  static override readonly usage = Command.Usage({
    description: 'Teams that can be run by name: steps, inputs, where they come from',
    details: `
      First those of ./.agentmesh/templates, then those of the daemon’s data folder, then those that came with
      AgentMesh; the first of a name is the one that runs. Inputs in brackets have a default.
    `,
    examples: [['All teams', '$0 team list']],
  });

  async #local(): Promise<readonly TeamRow[]> {
    const rows = await Promise.all(
      localNames().map(async (name): Promise<TeamRow | null> => {
        const found = await localTemplate(name);
        if (found === null) return null;
        const check = await this.client.call('templates.check', { body: { text: found.text } });
        const problems = check.problems.filter((problem) => problem.severity === 'error').length;
        return {
          name,
          description: '',
          origin: found.origin,
          hash: check.hash,
          steps: [],
          inputs: {},
          problems,
        };
      }),
    );
    return rows.filter((row) => row !== null);
  }

  override async perform(): Promise<number> {
    const known = await this.client.call('templates.list');
    const local = await this.#local();
    const rows: readonly TeamRow[] = [
      ...local,
      ...known.filter((row) => !local.some((own) => own.name === row.name)),
    ];
    const { width, style } = this.terminal;
    await this.printList(rows, () =>
      rows.length === 0
        ? []
        : table(
            rows,
            [
              { head: 'NAME', of: (row) => row.name, paint: () => style.bold },
              { head: 'INPUTS', of: (row) => inputWords(row.inputs) },
              { head: 'STEPS', of: (row) => row.steps.join(' → '), gives: true },
              { head: 'FROM', of: (row) => row.origin, gives: true, optional: true },
              {
                head: 'ABOUT',
                of: (row) =>
                  row.problems > 0
                    ? `${row.problems} problems: agentmesh team check ${row.name}`
                    : row.description,
                gives: true,
                optional: true,
              },
            ],
            width,
            style.dim,
          ),
    );
    if (rows.length === 0) this.terminal.note('no team is known');
    return 0;
  }
}
