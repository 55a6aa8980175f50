// agentmesh agents add: an agent by its address, or a program as an agent.
import { Command, Option } from 'clipanion';
import type { Agent } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error-codes';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { agentPage } from '../../render/agents.ts';
import { UsageProblem } from '../../render/problem.ts';

export class AgentsAddCommand extends MeshCommand {
  static override readonly paths = [['agents', 'add']];
  static override readonly usage = Command.Usage({
    description: 'Add an A2A agent by its URL, or a program by its command line',
    details: `
      An A2A agent is known by the address of its card. A program is run for each call: the prompt comes on its standard
      input, what it prints is the answer. Put \`--\` before a program whose arguments begin with a dash. No shell is
      involved.

      A token is read from an environment variable, never from the command line, where others could read it; it is sent
      to this agent at this origin only.
    `,
    examples: [
      ['An A2A agent', '$0 agents add http://127.0.0.1:9001'],
      ['With a token', '$0 agents add https://agent.example --token-env AGENT_TOKEN'],
      ['A program', '$0 agents add --name upper --skill shout --command tr a-z A-Z'],
      ['A program with options', '$0 agents add --name sorter --command -- sort -r'],
    ],
  });

  name = Option.String('--name', { description: 'Its name on the mesh; the card’s own when absent' });
  tokenEnv = Option.String('--token-env', {
    description: 'Environment variable that holds its bearer token',
  });
  skills = Option.Array('--skill', [], { description: 'A skill of a program; may be given more than once' });
  description = Option.String('--description', { description: 'What a program is for' });
  cwd = Option.String('--cwd', { description: 'Working folder of a program' });
  isCommand = Option.Boolean('--command', false, {
    description: 'What follows is a program and its arguments, not a URL',
  });
  rest = Option.Rest({ name: 'URL | PROGRAM ARGUMENTS' });

  #token(): string | undefined {
    if (this.tokenEnv === undefined) return undefined;
    const token = this.context.env[this.tokenEnv];
    if (!token)
      throw new UsageProblem(
        `The environment variable ${this.tokenEnv} is empty`,
        'Set it to the agent’s token.',
      );
    return token;
  }

  override async perform(): Promise<number> {
    const [url, ...more] = this.rest;
    if (url === undefined) throw new UsageProblem('Which agent?', 'Give its URL, or --command PROGRAM ….');
    if (!this.isCommand && more.length > 0)
      throw new UsageProblem(
        `"${more.join(' ')}" stands behind the URL`,
        'Give one URL, or --command before a program.',
      );
    if (!this.isCommand && !/^https?:\/\//i.test(url))
      throw new UsageProblem(
        `"${url}" is no address of an agent`,
        'Give one such as http://127.0.0.1:9001, or a program behind --command.',
      );
    const agent = await this.#add(url, this.#token());
    await this.printOne(agent, () => agentPage(agent, this.terminal.style));
    return 0;
  }

  async #add(url: string, token: string | undefined): Promise<Agent> {
    const asked = this.client.call('agents.add', {
      body: {
        ...(this.name === undefined ? {} : { name: this.name }),
        ...(this.isCommand ? { command: this.rest } : { url }),
        ...(token === undefined ? {} : { token }),
        ...(this.skills.length === 0 ? {} : { skills: this.skills }),
        ...(this.description === undefined ? {} : { description: this.description }),
        ...(this.cwd === undefined ? {} : { cwd: this.cwd }),
      },
    });
    try {
      return await asked;
    } catch (error) {
      if (error instanceof MeshError && error.code === 'agent_unreachable')
        throw new MeshError(error.code, `${error.detail}, so it was not added`, error.extra, {
          cause: error,
        });
      throw error;
    }
  }
}
