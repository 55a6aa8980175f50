// What every command has: the daemon it speaks to, its output format, its terminal.
import { Command, Option } from 'clipanion';
import type { Client } from '#api/contract/client';
import { lazyClient } from '../connection/lazy-client.ts';
import { dataDirOf, type DaemonChoice } from '../connection/locate.ts';
import { UsageProblem } from '../render/problem.ts';
import { COLOUR_CHOICES, type ColourChoice } from '../render/style.ts';
import { terminalOf, type Terminal } from '../render/terminal.ts';

export const OUTPUTS = ['text', 'json', 'jsonl'] as const;
export type Output = (typeof OUTPUTS)[number];

const oneOf = <T extends string>(known: readonly T[], given: string, option: string): T => {
  const found = known.find((word) => word === given);
  if (found === undefined)
    throw new UsageProblem(
      `${option} must be one of ${known.join(', ')}, not "${given}"`,
      `Give ${option} ${known.join('|')}.`,
    );
  return found;
};

export abstract class MeshCommand extends Command {
  dataDir = Option.String('--data-dir', {
    description: 'Data folder of the daemon (AGENTMESH_DATA_DIR, else ~/.agentmesh)',
  });
  daemonUrl = Option.String('--daemon-url', {
    description: 'Address of the daemon (AGENTMESH_DAEMON_URL, else that of the data folder)',
  });
  host = Option.String('--host', { description: 'Host of the daemon, with --port' });
  port = Option.String('--port', { description: 'Port of the daemon' });
  outputGiven = Option.String('-o,--output', { description: 'text, json or jsonl' });
  colorGiven = Option.String('--color', { description: 'auto, always or never (NO_COLOR is honoured)' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Only data and errors: no progress, no hints' });

  #terminal: Terminal | undefined;
  #client: Client | undefined;

  /** The format asked for; `text` when none was. */
  get output(): Output {
    return this.outputGiven === undefined ? 'text' : oneOf(OUTPUTS, this.outputGiven, '--output');
  }

  get color(): ColourChoice {
    return this.colorGiven === undefined ? 'auto' : oneOf(COLOUR_CHOICES, this.colorGiven, '--color');
  }

  get terminal(): Terminal {
    this.#terminal ??= terminalOf(this.context, { color: this.color, quiet: this.quiet });
    return this.#terminal;
  }

  get choice(): DaemonChoice {
    return { dataDir: this.dataDir, daemonUrl: this.daemonUrl, host: this.host, port: this.port };
  }

  /** Absolute path of the data folder. */
  get folder(): string {
    return dataDirOf(this.choice, this.context.env);
  }

  get client(): Client {
    this.#client ??= lazyClient(async () => {
      const { connect } = await import('../connection/connect.ts');
      return connect(this.choice, this.context.env);
    });
    return this.#client;
  }

  /** Reading the two is what checks them. */
  #formats(): readonly string[] {
    return [this.output, this.color];
  }

  /** What a command does; answers its exit code. */
  protected abstract perform(): Promise<number>;

  override async execute(): Promise<number> {
    // Both are checked before anything is done.
    this.#formats();
    try {
      return await this.perform();
    } catch (error) {
      const { withPlaces } = await import('../connection/connect.ts');
      throw withPlaces(error, this.choice, this.context.env);
    }
  }

  /** Prints one object: as JSON, or by its text. */
  protected async printOne(value: unknown, text: () => string | readonly string[]): Promise<void> {
    if (this.output === 'text') {
      const lines = text();
      await this.terminal.line(typeof lines === 'string' ? lines : lines.join('\n'));
    } else await this.terminal.line(JSON.stringify(value, null, this.output === 'json' ? 2 : 0));
  }

  /** Prints a list: a JSON array with one element a line, a line each, or its text. */
  protected async printList(values: readonly unknown[], text: () => readonly string[]): Promise<void> {
    if (this.output === 'text') {
      const lines = text();
      if (lines.length > 0) await this.terminal.line(lines.join('\n'));
      return;
    }
    const lines = values.map((value) => JSON.stringify(value));
    if (this.output === 'json')
      await this.terminal.line(lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n]`);
    else if (lines.length > 0) await this.terminal.line(lines.join('\n'));
  }
}
