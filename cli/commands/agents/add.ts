// agentmesh agents add: an agent by its address, a program as an agent, or an installation of one on this machine.
import { resolve } from 'node:path';
import { Command, Option } from 'clipanion';
import type { Agent, AgentEntry } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error-codes';
import { readSecrets } from '../../command-line/secrets.ts';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { agentPage } from '../../render/agents.ts';
import { UsageProblem } from '../../render/problem.ts';

export class AgentsAddCommand extends MeshCommand {
  static override readonly paths = [['agents', 'add']];
  static override readonly usage = Command.Usage({
    description: 'Add an agent by its URL, a program by its command line, or an installation by its folder',
    details: `
      An A2A agent is known by the address of its card. A program is run for each call: the prompt comes on its standard
      input, what it prints is the answer. Put \`--\` before a program whose arguments begin with a dash. No shell is
      involved. An agent that is installed in a folder of this machine is known by that folder.

      \`--kind\` says how to talk to it when it is no A2A agent, \`--setting\` what that kind needs besides. A value that
      reads as a number, true or false is one.

      A token, an API key and other headers that show the agent who you are come from a file, from standard input (-) or
      from the environment, never from the command line, where others could read them. They are sent to this agent at
      this origin only, and shown by no command. An API key goes into the header that the agent's card names. A file of
      headers holds one a line: \`Name: value\`.
    `,
    examples: [
      ['An A2A agent', '$0 agents add http://127.0.0.1:9001'],
      ['With a token', '$0 agents add https://agent.example --token-file agent.token'],
      [
        'With an API key from a password tool',
        'pass agent | $0 agents add https://agent.example --api-key-file -',
      ],
      ['A program', '$0 agents add --name upper --skill shout --command tr a-z A-Z'],
      ['A program with options', '$0 agents add --name sorter --command -- sort -r'],
      ['An ACP agent', '$0 agents add --kind acp --cwd ~/project --command opencode'],
      ['Claude Code', '$0 agents add --kind claude --cwd ~/project --setting model=opus --command claude'],
      ['OpenClaw where no gateway runs', '$0 agents add --kind openclaw --name claw --command openclaw'],
      ['An installation', '$0 agents add --kind nanoclaw --dir ~/nanoclaw --setting agent=main'],
    ],
  });

  name = Option.String('--name', { description: 'Its name on the mesh; the card’s own when absent' });
  tokenEnv = Option.String('--token-env', {
    description: 'Environment variable that holds its bearer token',
  });
  tokenFile = Option.String('--token-file', {
    description: 'File that holds its bearer token; - for standard input',
  });
  apiKeyFile = Option.String('--api-key-file', {
    description: 'File that holds its API key; - for standard input',
  });
  apiKeyHeader = Option.String('--api-key-header', {
    description: 'Header that the API key goes into; the one that its card names when absent',
  });
  headerFile = Option.String('--header-file', {
    description: 'File of headers to send, “Name: value” a line; - for standard input',
  });
  skills = Option.Array('--skill', [], { description: 'A skill of a program; may be given more than once' });
  description = Option.String('--description', { description: 'What a program is for' });
  cwd = Option.String('--cwd', { description: 'Working folder of a program' });
  kind = Option.String('--kind', { description: 'How to talk to it; A2A for a URL when absent' });
  dir = Option.String('--dir', { description: 'Folder of a local installation, instead of a URL' });
  settings = Option.Array('--setting', [], {
    description: 'What this kind needs besides; may be given more than once',
  });
  isCommand = Option.Boolean('--command', false, {
    description: 'What follows is a program and its arguments, not a URL',
  });
  rest = Option.Rest({ name: 'URL | PROGRAM ARGUMENTS' });

  #settings(): AgentEntry['settings'] {
    if (this.settings.length === 0) return undefined;
    return Object.fromEntries(
      this.settings.map((setting) => {
        const at = setting.indexOf('=');
        if (at < 1)
          throw new UsageProblem(`"${setting}" is no setting`, 'Give it as KEY=VALUE, such as agent=main.');
        const value = setting.slice(at + 1);
        const isPlain = /^(?:true|false|-?(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?)$/.test(value);
        return [setting.slice(0, at), isPlain ? (JSON.parse(value) as number | boolean) : value];
      }),
    );
  }

  /** Where it is: exactly one of url, command and dir. */
  #place(): Pick<AgentEntry, 'url' | 'command' | 'dir'> {
    const [url, ...more] = this.rest;
    if (this.dir !== undefined) {
      if (url !== undefined)
        throw new UsageProblem(`"${this.rest.join(' ')}" stands beside --dir`, 'Give one or the other.');
      if (this.kind === undefined)
        throw new UsageProblem(
          'Which kind of agent is in that folder?',
          'Add --kind, such as --kind nanoclaw.',
        );
      return { dir: resolve(this.dir) };
    }
    if (url === undefined)
      throw new UsageProblem('Which agent?', 'Give its URL, --command PROGRAM …, or --dir FOLDER.');
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
    return this.isCommand ? { command: this.rest } : { url };
  }

  override async perform(): Promise<number> {
    const place = this.#place();
    const secrets = await readSecrets(this, { env: this.context.env, stdin: this.context.stdin });
    const agent = await this.#add(place, secrets, this.#settings());
    await this.printOne(agent, () => agentPage(agent, this.terminal.style));
    return 0;
  }

  async #add(
    place: Pick<AgentEntry, 'url' | 'command' | 'dir'>,
    secrets: Awaited<ReturnType<typeof readSecrets>>,
    settings: AgentEntry['settings'],
  ): Promise<Agent> {
    const asked = this.client.call('agents.add', {
      body: {
        ...(this.name === undefined ? {} : { name: this.name }),
        ...place,
        ...(this.kind === undefined ? {} : { kind: this.kind }),
        ...(settings === undefined ? {} : { settings }),
        ...secrets,
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
