// What must hold for the workflows: they parse, call only what exists, and can do no harm.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { SECTIONS } from '../../.ci/sections.ts';
import { LANES } from '../agents/lanes.ts';
import { ROOT } from './tree.ts';

const FOLDER = '.github/workflows';
const StepSchema = z.strictObject({
  name: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  if: z.string().optional(),
  env: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  with: z.record(z.string(), z.unknown()).optional(),
});
const WorkflowSchema = z.strictObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: z.strictObject({ contents: z.literal('read') }),
  concurrency: z.strictObject({ group: z.string(), 'cancel-in-progress': z.boolean() }),
  env: z.record(z.string(), z.string()).optional(),
  jobs: z.record(
    z.string(),
    z.strictObject({
      name: z.string(),
      'runs-on': z.string(),
      'timeout-minutes': z.number().int().positive(),
      steps: z.array(StepSchema).min(1),
    }),
  ),
});

const read = (file: string) => WorkflowSchema.parse(parse(readFileSync(join(ROOT, FOLDER, file), 'utf8')));
const scripts = Object.keys(
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> })
    .scripts,
);
const sections = SECTIONS.map(({ id }) => id);
const names = readdirSync(join(ROOT, FOLDER)).sort();

/** npm scripts that a command line calls, each with its arguments. */
const calls = (run: string): readonly { script: string; args: readonly string[] }[] =>
  [...run.matchAll(/npm (?:run )?(?:--silent )?([\w:-]+)(?: -- ([^\n|&;]*))?/g)].map((match) => ({
    script: match[1] ?? '',
    args: (match[2] ?? '').split(' ').filter((word) => word !== ''),
  }));

describe('the workflows', () => {
  test('are one for each push and one for each night', () => {
    assert.deepEqual(names, ['ci.yml', 'nightly.yml']);
    assert.deepEqual(Object.keys(read('ci.yml').on).sort(), ['pull_request', 'push']);
    assert.ok('schedule' in read('nightly.yml').on);
  });

  for (const name of names) {
    const steps = Object.values(read(name).jobs).flatMap((job) => job.steps);

    test(`${name} calls only npm scripts and sections that exist`, () => {
      for (const { script, args } of steps.flatMap((step) => calls(step.run ?? ''))) {
        assert.ok(scripts.includes(script), `npm run ${script}`);
        if (script === 'test:agents')
          for (const lane of args) assert.ok(lane in LANES, `${script} -- ${lane}`);
        if (script !== 'section' && script !== 'test') continue;
        for (const arg of args) assert.ok(sections.includes(arg), `${script} -- ${arg}`);
      }
    });

    test(`${name} pins each action by its major version and keeps no credential`, () => {
      for (const { uses, with: inputs } of steps) {
        if (uses === undefined) continue;
        assert.match(uses, /^actions\/[a-z-]+@v\d+$/);
        if (uses.startsWith('actions/checkout@')) assert.equal(inputs?.['persist-credentials'], false);
      }
    });
  }

  test('run, on each push, the lanes of OpenClaw and OpenCode, and each night all of them', () => {
    const lanesOf = (name: string) =>
      Object.values(read(name).jobs)
        .flatMap((job) => job.steps)
        .flatMap((step) => calls(step.run ?? ''))
        .filter(({ script }) => script === 'test:agents')
        .map(({ args }) => args.join(' '));
    assert.deepEqual(lanesOf('ci.yml').sort(), ['openclaw', 'opencode']);
    assert.deepEqual(lanesOf('nightly.yml'), ['']);
  });

  test('run, on each push, every section of npm test', () => {
    const called = Object.values(read('ci.yml').jobs)
      .flatMap((job) => job.steps)
      .flatMap((step) => calls(step.run ?? ''));
    const fast = called.some(({ script }) => script === 'check');
    const run = new Set(called.flatMap(({ args }) => args));
    const missing = SECTIONS.filter((section) => !run.has(section.id) && !(fast && section.fast));
    assert.deepEqual(
      missing.map(({ id }) => id),
      [],
    );
  });
});
