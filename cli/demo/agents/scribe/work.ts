// scribe: writes down, in Markdown, what was asked and what each step found.
import type { Agent, Ask } from '../harness/work.ts';
import { asRecord, WorkFault } from '../harness/work.ts';

const LONG_TEXT = 160;
const MOST_ITEMS = 8;

/** Text that cannot break out of a line of Markdown. */
const inline = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/([\\`*_<>[\]|])/g, '\\$1')
    .trim();

const fence = (text: string, language: string): string => {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const marks = '`'.repeat(longest + 1);
  return `${marks}${language}\n${text.replace(/\n$/, '')}\n${marks}`;
};

const shortValue = (value: unknown): string => {
  if (typeof value === 'string')
    return inline(value.length > LONG_TEXT ? `${value.slice(0, LONG_TEXT)}…` : value);
  if (value === null) return 'none';
  if (Array.isArray(value)) {
    const shown = value.slice(0, MOST_ITEMS).map(shortValue).join('; ');
    const more = value.length > MOST_ITEMS ? `; … (${value.length} in all)` : '';
    return value.length === 0 ? 'none' : shown + more;
  }
  if (typeof value === 'object')
    return Object.entries(asRecord(value))
      .map(([key, inner]) => `${inline(key)} ${shortValue(inner)}`)
      .join(', ');
  return inline(JSON.stringify(value) ?? 'none');
};

const title = (key: string): string => inline(key.replaceAll('_', ' '));

const block = (key: string, value: unknown): string | null => {
  if (typeof value !== 'string' || value === '') return null;
  if (key === 'patch') return fence(value, 'diff');
  if (key === 'output_tail') return fence(value.split('\n').slice(-20).join('\n'), 'text');
  return value.includes('\n') ? fence(value, 'text') : null;
};

const section = (step: string, output: unknown): string => {
  const entries = Object.entries(asRecord(output));
  if (entries.length === 0) return `## ${title(step)}\n\n${shortValue(output)}`;
  const lines = entries
    .filter(([key, value]) => block(key, value) === null && value !== '')
    .map(([key, value]) => `- **${title(key)}**: ${shortValue(value)}`);
  const blocks = entries.flatMap(([key, value]) => block(key, value) ?? []);
  return [`## ${title(step)}`, lines.join('\n'), ...blocks].filter((part) => part !== '').join('\n\n');
};

/** The verdict of the steps, when one of them gave a `passed` or `fixed`. */
const verdict = (outputs: Readonly<Record<string, unknown>>): string | null => {
  const claims = Object.values(outputs)
    .map(asRecord)
    .flatMap(({ passed, fixed }) => [passed, fixed])
    .filter((claim) => typeof claim === 'boolean');
  if (claims.length === 0) return null;
  return claims.every(Boolean) ? 'It worked: every check passed.' : 'It did not work: a check failed.';
};

/** The summary of a run: what was asked, the verdict, then one section a step. */
export const summary = (ask: Ask): string => {
  const heading = inline(ask.prompt.split('\n')[0] ?? '') || 'Summary';
  const inputs = Object.entries(ask.inputs)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `- **${title(key)}**: ${shortValue(value)}`);
  return [
    `# ${heading.length > LONG_TEXT ? `${heading.slice(0, LONG_TEXT)}…` : heading}`,
    verdict(ask.outputs),
    inputs.length > 0 ? `## Asked\n\n${inputs.join('\n')}` : null,
    ...Object.entries(ask.outputs).map(([step, output]) => section(step, output)),
  ]
    .filter((part) => part !== null)
    .join('\n\n')
    .concat('\n');
};

export const scribe: Agent = {
  name: 'scribe',
  description: 'Writes the summary of a run as Markdown from what its steps found',
  skills: [
    {
      id: 'summarize',
      name: 'Summarize',
      description: 'A Markdown summary of inputs and outputs of earlier steps',
      tags: ['writing', 'markdown'],
      examples: ['Summarise what was done'],
    },
  ],
  work: async (ask, desk) => {
    if (ask.prompt.trim() === '' && Object.keys(ask.outputs).length === 0)
      throw new WorkFault('invalid_input', 'there is nothing to write about');
    await desk.phase('writing');
    const markdown = summary(ask);
    desk.effect('summarize');
    return {
      text: markdown,
      data: { markdown },
      artifacts: [{ name: 'summary.md', text: markdown, mime: 'text/markdown' }],
    };
  },
};
