// agentmesh events append: records what happened elsewhere.
import { Command, Option } from 'clipanion';
import { MeshCommand } from '../../command-line/mesh-command.ts';
import { readAll } from '../../command-line/read-all.ts';
import { UsageProblem } from '../../render/problem.ts';

export class EventsAppendCommand extends MeshCommand {
  static override readonly paths = [['events', 'append']];
  static override readonly usage = Command.Usage({
    description: 'Record EventV1 records from standard input, one JSON object a line',
    details: `
      Takes EventV1 and the records of earlier tools. Time and ids are filled in when they are missing; the same id with
      the same content twice is one event. Stops at the first line that is refused and says which one it was.
    `,
    examples: [
      [
        'Record a line',
        'echo \'{"run_id":"r1","kind":"message","payload":{"role":"user","text":"hi"}}\' | $0 events append',
      ],
    ],
  });

  rest = Option.Rest({ name: '-', required: 0 });

  override async perform(): Promise<number> {
    if (this.rest.some((word) => word !== '-'))
      throw new UsageProblem(
        'Records are read from standard input',
        'Pipe them in: agentmesh events append < records.jsonl',
      );
    const input = await readAll(this.context.stdin);
    const lines = recordsOf(input);
    if (lines.length === 0)
      throw new UsageProblem('There is nothing on standard input', 'Give one JSON object a line.');
    for (const { number, record } of lines) {
      try {
        const stored = await this.client.call('events.append', { body: record });
        await this.printOne(stored, () => `${stored.seq}  ${stored.id}`);
      } catch (error) {
        if (lines.length > 1)
          this.context.stderr.write(`line ${number} was refused; those before it are recorded\n`);
        throw error;
      }
    }
    return 0;
  }
}

interface Line {
  readonly number: number;
  readonly record: unknown;
}

/** One object over several lines, or an object a line. */
const recordsOf = (input: string): readonly Line[] => {
  try {
    const whole: unknown = JSON.parse(input);
    return (Array.isArray(whole) ? whole : [whole]).map((record: unknown, index) => ({
      number: index + 1,
      record,
    }));
  } catch {
    // Several lines, read one by one. Only \n ends a line: U+2028 may stand inside a string.
  }
  return input.split('\n').flatMap((line, index): Line[] => {
    if (line.trim() === '') return [];
    try {
      return [{ number: index + 1, record: JSON.parse(line) as unknown }];
    } catch {
      throw new UsageProblem(
        `Line ${index + 1} is not JSON`,
        'Nothing was recorded. Give one JSON object a line.',
      );
    }
  });
};
