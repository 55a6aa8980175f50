// Agents for people: the table, and the page of one.
import type { Agent, Provenance } from '#machines/nouns/agent';
import { escapeLine, escapeText } from './escape.ts';
import { paintState, type Style } from './style.ts';
import { table, type Column } from './table.ts';
import { ago, duration } from './time.ts';

/** Where an agent is known from, in words. */
const SOURCES: Readonly<Record<Provenance['source'], string>> = {
  bootstrap: 'bootstrap',
  url: 'added by hand',
  install: 'installed',
  local: 'this machine',
  mdns: 'mDNS',
  tailnet: 'tailnet',
};
const sourceOf = ({ source }: Provenance): string => SOURCES[source];

/** Words of the trust that an agent has. */
const TRUST_WORDS: Readonly<Record<Agent['trust'], string>> = {
  trusted: 'trusted',
  seen: 'not trusted',
  changed: 'changed',
};

/** What became of a card's signature, in words. */
const SIGNATURE_WORDS: Readonly<Record<NonNullable<Agent['card_signature']>, string>> = {
  verified: 'verified',
  invalid: 'invalid',
  unsigned: 'the card is not signed',
  unverified: 'by a key that is not known here',
};

/** What is not as it was when the agent was trusted: a heading and three lines a fact; nothing when nothing changed. */
export const trustLines = (agent: Agent, style: Style): readonly string[] =>
  agent.trust_changes.length === 0
    ? []
    : [
        `  ${style.warn('not as it was when it was trusted')}`,
        ...agent.trust_changes.flatMap(({ fact, was, now }) => [
          `    ${style.name(escapeLine(fact))}`,
          `      ${style.dim('was')} ${escapeLine(was ?? 'absent')}`,
          `      ${style.dim('is ')} ${escapeLine(now ?? 'absent')}`,
        ]),
      ];

/** Lines of the table of agents. */
export const agentLines = (agents: readonly Agent[], width: number, style: Style): readonly string[] => {
  const columns: readonly Column<Agent>[] = [
    { head: 'NAME', of: (agent) => agent.name, paint: () => style.bold },
    {
      head: 'PRESENCE',
      of: (agent) => agent.presence,
      paint: (agent) => (text) => text.replace(agent.presence, paintState(style, agent.presence)),
    },
    ...(agents.every(({ trust }) => trust === 'trusted')
      ? []
      : [
          {
            head: 'TRUST',
            of: (agent: Agent) => TRUST_WORDS[agent.trust],
            paint: (agent: Agent) => (agent.trust === 'trusted' ? style.good : style.warn),
          },
        ]),
    { head: 'KIND', of: (agent) => agent.kind, optional: true },
    {
      head: 'LATENCY',
      of: (agent) => (agent.latency_ms === null ? '' : duration(agent.latency_ms)),
      optional: true,
    },
    { head: 'SKILLS', of: (agent) => agent.skills.map((skill) => skill.id).join(', '), gives: true },
    { head: 'ENDPOINT', of: (agent) => agent.endpoint, gives: true, optional: true },
    {
      head: 'FROM',
      of: (agent) => [...new Set(agent.provenance.map(sourceOf))].join(', '),
      optional: true,
    },
    { head: 'PROBLEM', of: (agent) => agent.problem ?? '', gives: true, paint: () => style.bad },
  ];
  const used = agents.some((agent) => agent.problem !== null) ? columns : columns.slice(0, -1);
  return table(agents, used, width, style.dim);
};

/** The page of one agent. */
export const agentPage = (agent: Agent, style: Style): readonly string[] => {
  const row = (name: string, text: string): string => `  ${style.dim(name.padEnd(10))} ${escapeLine(text)}`;
  return [
    `${style.bold(escapeLine(agent.name))}  ${paintState(style, agent.presence)}`,
    ...(agent.description === '' ? [] : [`  ${escapeText(agent.description)}`]),
    row(
      'kind',
      [agent.protocol ?? agent.kind, agent.version === null ? '' : `version ${agent.version}`]
        .filter((part) => part !== '')
        .join(', '),
    ),
    row('endpoint', agent.endpoint),
    row(
      'last seen',
      `${ago(agent.last_seen)}${agent.latency_ms === null ? '' : `, answered in ${duration(agent.latency_ms)}`}`,
    ),
    ...(agent.aliases.length === 0 ? [] : [row('also called', agent.aliases.join(', '))]),
    row('credential', agent.has_credential ? 'kept' : 'none'),
    row('trust', TRUST_WORDS[agent.trust]),
    ...(agent.card_signature === null ? [] : [row('signature', SIGNATURE_WORDS[agent.card_signature])]),
    ...(agent.problem === null
      ? []
      : [`  ${style.dim('problem   ')} ${style.bad(escapeLine(agent.problem))}`]),
    ...trustLines(agent, style),
    ...agent.provenance.map((seen) =>
      row('known from', seen.source === 'url' ? sourceOf(seen) : `${sourceOf(seen)} ${seen.detail}`),
    ),
    ...(agent.skills.length === 0 ? [] : ['  skills']),
    ...agent.skills.map((skill) => {
      const about = [skill.name === skill.id ? '' : skill.name, skill.description]
        .filter((part) => part !== '')
        .join(': ');
      return `    ${style.name(escapeLine(skill.id))}${about === '' ? '' : `  ${escapeLine(about)}`}`;
    }),
  ];
};
