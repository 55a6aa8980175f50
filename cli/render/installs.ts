// Installs for people: what was found, what would be done, what stands in the way, what is there.
import type { Agent } from '#machines/nouns/agent';
import type { Installation, InstallPlanView, InstallReport, InstallStepView } from '#machines/nouns/install';
import { escapeLine } from './escape.ts';
import { paintState, type Style } from './style.ts';
import { ago } from './time.ts';

const quoted = (word: string): string =>
  /^[\w@%+=:,./…-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

const stepLines = (step: InstallStepView, at: number, style: Style): readonly string[] => {
  const row = (name: string, text: string): string =>
    `       ${style.dim(name.padEnd(8))} ${escapeLine(text)}`;
  return [
    `  ${String(at + 1).padStart(2)}. ${escapeLine(step.change)}`,
    ...(step.file === undefined ? [] : [row('file', step.file)]),
    ...(step.command === undefined ? [] : [row('command', step.command.map(quoted).join(' '))]),
  ];
};

/** The plan: what is there, and each change with its file and command. */
export const planLines = (plan: InstallPlanView, style: Style): readonly string[] => [
  ...plan.found.map((line) => `${style.good('found')}  ${escapeLine(line)}`),
  ...(plan.steps.length === 0 ? [] : [style.bold('would do')]),
  ...plan.steps.flatMap((step, at) => stepLines(step, at, style)),
  ...plan.obstacles.flatMap(({ message, remedy }) => [
    `${style.bad('in the way')}  ${escapeLine(message)}`,
    `            ${style.dim('→')} ${escapeLine(remedy)}`,
  ]),
];

const agentLine = (agent: Agent, style: Style): string =>
  `  ${style.name(escapeLine(agent.name))}  ${paintState(style, agent.presence)}${
    agent.problem === null ? '' : `  ${style.bad(escapeLine(agent.problem))}`
  }`;

/** What an install or uninstall did. */
export const reportLines = (report: InstallReport, style: Style): readonly string[] => [
  ...report.notes.map((note) => `${style.good('done')}  ${escapeLine(note)}`),
  ...(report.agents.length === 0 ? [] : [style.bold('agents')]),
  ...report.agents.map((agent) => agentLine(agent, style)),
];

/** What an earlier install left. */
export const installationLines = (
  { kind, dir, installed_at, complete, steps }: Installation,
  agents: readonly Agent[],
  style: Style,
): readonly string[] => [
  `${style.bold(escapeLine(kind))}  ${complete ? style.good('installed') : style.warn('not finished')} ${ago(installed_at)} for ${escapeLine(dir)}`,
  ...steps.map(({ change }) => `  ${style.dim('did')}  ${escapeLine(change)}`),
  ...agents.map((agent) => agentLine(agent, style)),
];
