// calc: works out an arithmetic expression exactly.
import type { Agent } from '../harness/work.ts';
import { firstText, fromOutputs, WorkFault } from '../harness/work.ts';
import { evaluate, findExpression } from './arithmetic.ts';

export const calc: Agent = {
  name: 'calc',
  description: 'Works out arithmetic exactly: + - * / ^, parentheses, decimals',
  skills: [
    {
      id: 'calculate',
      name: 'Calculate',
      description: 'The value of an arithmetic expression, alone or inside a sentence',
      tags: ['arithmetic', 'math', 'execute'],
      examples: ['1+1', 'What is (3+4)*2?'],
    },
  ],
  work: async (ask, desk) => {
    const given = firstText(fromOutputs(ask, 'expression'), ask.inputs['expression']);
    const expression = given ?? findExpression(ask.prompt);
    if (expression === null)
      throw new WorkFault('invalid_input', 'there is no arithmetic in this; try "1+1"');
    desk.think(`The expression is ${expression}`);
    await desk.phase('calculating');
    const { text, value } = await desk.tool(
      'evaluate',
      { expression },
      async () => evaluate(expression),
      ({ text: shown }) => shown,
    );
    desk.effect('calculate');
    return { text, data: { expression, result: value } };
  },
};
