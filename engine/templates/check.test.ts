// The checker: each fault in plain words with its line and column; what a run costs at worst.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { inspectTemplate } from './check.ts';
import { createParser } from './parse.ts';

const parser = createParser();
after(() => parser.close());

const GOOD = `apiVersion: agentmesh/v1
kind: Team
name: sample
inputs:
  what: { type: string }
  many: { type: object, default: {} }
roles:
  one: { skill: analyze, prefer: [analyst] }
  two: { agent: calc }
steps:
  - id: first
    role: one
    prompt: "Look at {{ inputs.what }} and {{ inputs.many.x }}"
    timeout: 10s
    retry: { max: 2, initial: 1s, max_delay: 60s }
    output: { type: object, required: [cause], properties: { cause: { type: string } } }
  - id: second
    role: two
    prompt: "Do {{ steps.first.output.cause }}"
    timeout: 1m
`;

const problems = async (text: string): Promise<string[]> =>
  (await inspectTemplate(parser, text)).check.problems.map(
    ({ line, column, severity, message }) => `${line}:${column} ${severity} ${message}`,
  );

/** The template with one text replaced; fails when the text is not there. */
const but = (from: string, to: string): string => {
  assert.ok(GOOD.includes(from), from);
  return GOOD.replace(from, to);
};

describe('a good template', () => {
  it('has no problems, and a worst case in attempts and wall time', async () => {
    const { check, template } = await inspectTemplate(parser, GOOD);
    assert.deepEqual(check.problems, []);
    assert.equal(check.ok, true);
    assert.equal(check.name, 'sample');
    assert.match(check.hash, /^[0-9a-f]{64}$/);
    // first: 3 attempts of 10 s, waits of 1 s and 2 s; second: one of 60 s
    assert.deepEqual(check.worst_case, { invocations: 4, wall_ms: 30_000 + 3_000 + 60_000 });
    assert.deepEqual(
      template?.steps.map(({ id }) => id),
      ['first', 'second'],
    );
  });

  it('is the same as JSON', async () => {
    const { template } = await inspectTemplate(parser, GOOD);
    const json = await inspectTemplate(parser, JSON.stringify(template, null, '\t'));
    assert.deepEqual(json.check.problems, []);
    assert.deepEqual(json.template, template);
  });
});

describe('faults', () => {
  for (const [what, text, expected] of [
    [
      'a misspelt key, once',
      but('prompt: "Do', 'promt: "Do'),
      ['19:5 error steps[1].promt: unknown key `promt`; did you mean `prompt`?'],
    ],
    [
      'a misspelt key inside a choice',
      but('{ agent: calc }', '{ agnt: calc }'),
      ['9:10 error roles.two.agnt: unknown key `agnt`; did you mean `agent`?'],
    ],
    [
      'a key of the later language with a fault in it',
      but('role: two', 'role: two\n    approve: { before: yes }'),
      ['19:24 error steps[1].approve.before: must be true'],
    ],
    [
      'a key beside those that it does not go with',
      but(
        '    role: two\n    prompt: "Do {{ steps.first.output.cause }}"\n    timeout: 1m\n',
        '    wait: { for: 1s }\n    approve: { before: true }\n',
      ),
      ['19:5 error steps[1].approve: `approve` does not belong here'],
    ],
    ['a number out of bounds', but('max: 2', 'max: 99'), ['15:19 error steps[0].retry.max: at most 20']],
    [
      'a wrong duration',
      but('10s', 'soon'),
      ['14:14 error steps[0].timeout: a duration such as 500ms, 2s, 5m, 1h or 7d'],
    ],
    ['a duration beyond a month', but('10s', '32d'), ['14:14 error steps[0].timeout: at most 31d']],
    ['a missing key', but('    role: two\n', ''), ['17:5 error steps[1].role: is missing']],
    [
      'an unknown version',
      but('agentmesh/v1', 'agentmesh/v9'),
      ['1:13 error apiVersion: must be agentmesh/v1'],
    ],
    [
      'a wrong step id',
      but('id: second', 'id: Second Step'),
      ['17:9 error steps[1].id: a lower-case letter, then letters, digits, - or _ (at most 48)'],
    ],
    [
      'an unknown role',
      but('role: two', 'role: too'),
      [
        '9:3 warning roles.two: no step uses the role `two`',
        '18:11 error steps[1].role: there is no role `too`; did you mean `two`?',
      ],
    ],
    [
      'a step id used twice',
      but('id: second', 'id: first'),
      [
        '17:9 error steps[1].id: the step id `first` is used twice',
        '19:13 error steps[1].prompt: {{ steps.first.output.cause }}: a step cannot use its own output',
      ],
    ],
    [
      'an unknown input',
      but('inputs.what', 'inputs.waht'),
      ['13:13 error steps[0].prompt: {{ inputs.waht }}: there is no input `waht`; did you mean `what`?'],
    ],
    [
      'a path into a text',
      but('inputs.what', 'inputs.what.x'),
      ['13:13 error steps[0].prompt: {{ inputs.what.x }}: the input `what` is a string and holds no `x`'],
    ],
    [
      'an unknown step',
      but('steps.first.output', 'steps.frist.output'),
      [
        '19:13 error steps[1].prompt: {{ steps.frist.output.cause }}: there is no step `frist`; did you mean `first`?',
      ],
    ],
    [
      'a later step',
      but('inputs.many.x', 'steps.second.output'),
      [
        '13:13 error steps[0].prompt: {{ steps.second.output }}: the step `second` has not ended when this one begins',
      ],
    ],
    [
      'a malformed reference',
      but('inputs.many.x', 'env.HOME'),
      [
        '13:13 error steps[0].prompt: {{ env.HOME }} is no reference; write {{ inputs.name }} or {{ steps.id.output.path }}',
      ],
    ],
    [
      'an open reference',
      but('{{ inputs.many.x }}', '{{ inputs.many'),
      [
        '13:13 error steps[0].prompt: a reference is not closed; write {{ inputs.name }} or {{ steps.id.output.path }}',
      ],
    ],
    [
      'an output that a schema does not name',
      but('output.cause', 'output.reason'),
      [
        '19:13 warning steps[1].prompt: {{ steps.first.output.reason }}: the output schema of `first` does not name `reason`',
      ],
    ],
    [
      'an unknown word in an output schema',
      but('required: [cause]', 'requird: [cause]'),
      ['16:38 error steps[0].output.requird: unknown keyword: "requird"'],
    ],
    [
      'a wrong type in an output schema',
      but('cause: { type: string }', 'cause: { type: strin }'),
      [
        '16:77 error steps[0].output.properties.cause.type: must be equal to one of the allowed values: array, boolean, integer, null, number, object, string',
      ],
    ],
    [
      'a default of the wrong type',
      but('default: {}', 'default: 3'),
      ['6:34 error inputs.many.default: must be of type object'],
    ],
    [
      'a wrong type of input',
      but('type: string }\n  many', 'type: text }\n  many'),
      ['5:17 error inputs.what.type: must be string or number or boolean or object or array'],
    ],
  ] as const)
    it(`tells ${what}`, async () => {
      assert.deepEqual(await problems(text), expected);
    });

  it('tells what cannot run yet, apart from what is wrong', async () => {
    const { check } = await inspectTemplate(
      parser,
      `${GOOD}    when: { step: first, path: cause, exists: true }\nbudget: { wall: 30m }\n`,
    );
    assert.equal(check.ok, false);
    assert.deepEqual(
      check.problems.map(({ code, path, line }) => ({ code, path, line })),
      [
        { code: 'not_supported_yet', path: 'steps[1].when', line: 21 },
        { code: 'not_supported_yet', path: 'budget', line: 22 },
      ],
    );
  });

  it('keeps a template with warnings only usable', async () => {
    const { check } = await inspectTemplate(parser, but('roles:\n', 'roles:\n  three: { agent: x }\n'));
    assert.equal(check.ok, true);
    assert.equal(check.problems.length, 1);
  });
});
