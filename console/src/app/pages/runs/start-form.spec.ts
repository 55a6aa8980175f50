// What is typed becomes inputs of the right type, or an error at its field.
import { fieldsNamed, readForm, type Template } from './start-form.ts';

const template: Template = {
  name: 'code-fix',
  description: '',
  origin: 'built-in',
  hash: 'x',
  steps: ['analyze'],
  input_modes: null,
  problems: 0,
  inputs: {
    repo: { type: 'string' },
    issue: { type: 'string', default: 'a test fails' },
    depth: { type: 'number', default: 2 },
    strict: { type: 'boolean', default: true },
    options: { type: 'object', default: {} },
    files: { type: 'array' },
  },
};

describe('the form of a team’s inputs', () => {
  it('reads each type', () => {
    const texts = { repo: '/src', depth: '3.5', strict: 'false', options: '{"a":1}', files: '["x"]' };
    expect(readForm(template, texts)).toEqual({
      inputs: {
        repo: '/src',
        issue: 'a test fails',
        depth: 3.5,
        strict: false,
        options: { a: 1 },
        files: ['x'],
      },
      errors: {},
    });
  });

  it('takes an input for what it is called, though every object has a constructor', () => {
    const input: Template['inputs'][string] = { type: 'string' };
    const odd: Template = { ...template, inputs: { constructor: input } };
    expect(readForm(odd, {})).toEqual({ inputs: {}, errors: { constructor: 'missing' } });
    expect(readForm(odd, { constructor: 'x' })).toEqual({ inputs: { constructor: 'x' }, errors: {} });
  });

  it('names what is missing or wrong, field by field', () => {
    const texts = { repo: ' ', depth: 'many', options: '[]', files: '{' };
    expect(readForm(template, texts).errors).toEqual({
      repo: 'missing',
      depth: 'notNumber',
      options: 'notObject',
      files: 'notJson',
    });
  });

  it('leaves an emptied optional field to its default', () => {
    expect(readForm(template, { repo: 'x', files: '[]', depth: '' }).inputs).not.toHaveProperty('depth');
  });

  it('finds the field that the daemon speaks of', () => {
    expect(fieldsNamed(template, { message: 'repo: there is no such folder', extra: {} })).toEqual(['repo']);
    expect(fieldsNamed(template, { message: 'wrong', extra: { input: 'depth' } })).toEqual(['depth']);
    expect(fieldsNamed(template, { message: 'something else', extra: {} })).toEqual([]);
  });
});
