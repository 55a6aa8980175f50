// What came of the newcomers when they last went through, for docs/acceptance.md.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inCell } from '#tests/docs/pages';
import type { Outcome } from './journey.ts';

export const RECORD = join(import.meta.dirname, 'record.json');

export type NewcomerResult = Outcome & {
  readonly name: string;
  readonly about: string;
  readonly seconds: number;
};

export interface FirstUse {
  readonly date: string;
  readonly node: string;
  /** Load average at the end. */
  readonly load: number;
  readonly results: readonly NewcomerResult[];
}

const said = (result: NewcomerResult): string => {
  switch (result.state) {
    case 'succeeded':
      return result.mended === 0 ? 'succeeded' : `succeeded after ${String(result.mended)} hint`;
    case 'told':
      return `told: ${result.words.replaceAll('\n', ' ')}`;
    case 'failed':
      return `**failed**: ${result.words.replaceAll('\n', ' ')}`;
  }
};

/** The section of the page; says so when nobody has gone through yet. */
export const firstUseSection = (): string => {
  if (!existsSync(RECORD)) return '## First use\n\nNobody has gone through yet.\n';
  const { date, node, load, results } = JSON.parse(readFileSync(RECORD, 'utf8')) as FirstUse;
  const succeeded = results.filter(({ state }) => state === 'succeeded').length;
  return [
    '## First use',
    '',
    `\`npm run accept:first-use\`, ${date}, Node ${node} behind the system’s own, load ${String(load)}: ${String(succeeded)} of ${String(results.length)} newcomers succeeded (${String(Math.round((100 * succeeded) / results.length))} %). Each starts a daemon, installs OpenClaw and NanoClaw, discovers, runs \`run --from openclaw --to nanoclaw "1+1"\` and reads the trace. A hint is an error whose words were followed. OpenClaw and NanoClaw are those of the tests: they speak the recorded protocols, without a model.`,
    '',
    '| newcomer | what is special | seconds | outcome |',
    '| --- | --- | --- | --- |',
    ...results.map(
      (result) =>
        `| ${[result.name, result.about, result.seconds.toFixed(1), said(result)].map(inCell).join(' | ')} |`,
    ),
    '',
  ].join('\n');
};
