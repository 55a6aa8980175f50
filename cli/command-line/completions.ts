// What may come next on a half-typed command line: commands, options, values, and ids that the daemon knows.
import { Cli } from 'clipanion';
import type { Client } from '#api/contract/client';
import { connect } from '../connection/connect.ts';
import type { DaemonChoice } from '../connection/locate.ts';
import { localNames } from '../connection/template-file.ts';
import { escapeLine } from '../render/escape.ts';
import { EVENT_KIND_WORDS } from './event-kinds.ts';
import { COMMANDS, commandOf } from './table.ts';

interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** Ids that are offered at most: more than a screen of them helps nobody. */
const IDS = 30;
type Source = 'agents' | 'approvals' | 'pending' | 'runs' | 'team-runs' | 'teams';

/** Where the values of an option come from. */
const OPTION_VALUES: Readonly<Record<string, Source | readonly string[]>> = {
  '--to': 'agents',
  '--from': 'agents',
  '--agent': 'agents',
  '--run-id': 'runs',
  '--team-run-id': 'team-runs',
  '--output': ['text', 'json', 'jsonl'],
  '-o': ['text', 'json', 'jsonl'],
  '--color': ['auto', 'always', 'never'],
  '--kind': EVENT_KIND_WORDS,
};
/** Where the argument of a command comes from. */
const ARGUMENTS: Readonly<Record<string, Source | readonly string[]>> = {
  'agents get': 'agents',
  'agents trust': 'agents',
  'agents alias': 'agents',
  'agents remove': 'agents',
  'team run': 'teams',
  'team check': 'teams',
  'runs get': 'runs',
  'runs watch': 'runs',
  'runs pause': 'team-runs',
  'runs resume': 'team-runs',
  'runs cancel': 'runs',
  cancel: 'runs',
  trace: 'runs',
  'approvals show': 'approvals',
  'approvals approve': 'pending',
  'approvals reject': 'pending',
  completion: ['bash', 'zsh', 'fish'],
};

const idsOf = async (client: Client, source: Source): Promise<readonly Candidate[]> => {
  switch (source) {
    case 'agents': {
      const agents = await client.call('agents.list');
      return agents.map((agent) => ({ word: agent.name, about: `${agent.presence} ${agent.description}` }));
    }
    case 'teams': {
      const teams = await client.call('templates.list').catch(() => []);
      const local = localNames().map((name) => ({ word: name, about: 'of this folder' }));
      return [...local, ...teams.map((team) => ({ word: team.name, about: team.description }))];
    }
    case 'approvals':
    case 'pending': {
      const approvals = await client.call('approvals.list', {
        query: { limit: IDS, ...(source === 'pending' ? { status: 'pending' } : {}) },
      });
      return approvals.map((each) => ({
        word: each.approval_id,
        about: `${each.agent} ${each.state} ${each.title}`,
      }));
    }
    case 'team-runs': {
      const runs = await client.call('team-runs.list', { query: { limit: IDS } });
      return runs.map((run) => ({ word: run.team_run_id, about: `${run.team} ${run.status}` }));
    }
    case 'runs': {
      const [teams, calls] = await Promise.all([
        idsOf(client, 'team-runs'),
        client.call('invocations.list', { query: { limit: IDS, plain_only: 'true' } }),
      ]);
      return [
        ...teams,
        ...calls.map((call) => ({ word: call.run_id, about: `${call.agent} ${call.state}` })),
      ];
    }
  }
};

const valuesOf = async (client: Client, source: Source | readonly string[]): Promise<readonly Candidate[]> =>
  typeof source === 'string'
    ? await idsOf(client, source).catch(() => [])
    : source.map((word) => ({ word, about: '' }));

const words = (typed: readonly string[]): readonly Candidate[] => {
  const found = new Map<string, string>();
  for (const name of Object.keys(COMMANDS)) {
    const parts = name.split(' ');
    if (!typed.every((word, at) => parts[at] === word)) continue;
    const next = parts[typed.length];
    if (next !== undefined) found.set(next, parts.length > typed.length + 1 ? 'commands' : '');
  }
  return [...found].map(([word, about]) => ({ word, about }));
};

const options = async (name: string): Promise<readonly Candidate[]> => {
  const entry = COMMANDS[name];
  if (entry === undefined) return [];
  const [definition] = Cli.from(await entry.load(), {
    binaryName: 'agentmesh',
    enableColors: false,
  }).definitions();
  return (definition?.options ?? []).flatMap((option) =>
    (option.definition.match(/--[a-z][a-z-]*/g) ?? []).map((word) => ({
      word,
      about: (option.description ?? '').trim(),
    })),
  );
};

/** Candidates for the last of the words typed so far (it may be empty), those that begin with it. */
const completionsOf = async (typed: readonly string[], client: Client): Promise<readonly Candidate[]> => {
  const last = typed.at(-1) ?? '';
  const before = typed.slice(0, -1);
  const found = commandOf(before.filter((word) => !word.startsWith('-')));
  const fitting = (all: readonly Candidate[]): readonly Candidate[] =>
    all.filter(({ word }) => word.startsWith(last));
  // The kind of an agent is no kind of event.
  const option = before.at(-1) ?? '';
  const source = option === '--kind' && found?.name === 'agents add' ? [] : OPTION_VALUES[option];
  if (source !== undefined) return fitting(await valuesOf(client, source));
  if (last.startsWith('-')) return found === null ? [] : fitting(await options(found.name));
  const argument = found === null ? undefined : ARGUMENTS[found.name];
  return fitting([...words(before), ...(argument === undefined ? [] : await valuesOf(client, argument))]);
};

/** The daemon that the half-typed command line is about. */
const choiceOf = (typed: readonly string[]): DaemonChoice => {
  const behind = (option: string): string | undefined => {
    const at = typed.indexOf(option);
    return at === -1 || at === typed.length - 1 ? undefined : typed[at + 1];
  };
  return {
    dataDir: behind('--data-dir'),
    daemonUrl: behind('--daemon-url'),
    host: behind('--host'),
    port: behind('--port'),
  };
};

/**
 * What `agentmesh _complete -- WORDS` prints: a candidate a line, a tab, what it is. Never fails: a shell that completes
 * has nowhere to show an error.
 */
export const completionLines = async (
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> => {
  const typed = words[0] === '--' ? words.slice(1) : words;
  const candidates = await completionsOf(typed, connect(choiceOf(typed), env)).catch(() => []);
  return candidates.map(({ word, about }) => `${escapeLine(word)}\t${escapeLine(about)}`);
};
