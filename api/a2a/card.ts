// The mesh's own agent card: every team template is a skill. A2A 1.0, section 4.4.1; the 0.3 card is made from it.
import type { AgentCard, AgentSkill } from '@a2a-js/sdk';
import type { Engine } from '#engine/index';
import { PROTOCOLS } from '../contract/protocols.ts';

/** Key in the metadata of a status update: {kind: tool | reasoning, payload} of a step's agent. */
export const TRACE_EXTENSION = 'https://agentmesh.dev/ext/trace/v1';
/** Key in the metadata of a message: the chain of runs behind it, as machines/nouns/origin.ts says. */
export const ORIGIN_EXTENSION = 'https://agentmesh.dev/ext/origin/v1';

type Template = Awaited<ReturnType<Engine['templates']['list']>>[number];

const TEXT_AND_DATA = ['text/plain', 'application/json'];

/** Media types of what a skill takes: texts and data always, files as its template says. */
export const inputModesOf = ({ input_modes: modes }: Pick<Template, 'input_modes'>): string[] => [
  ...new Set([...TEXT_AND_DATA, ...(modes ?? [])]),
];

const inputsOf = ({ inputs }: Template): string => {
  const words = Object.entries(inputs).map(
    ([name, { type, description, default: fallback }]) =>
      `${name} (${type}${fallback === undefined ? ', required' : ''}${description === undefined ? '' : `: ${description}`})`,
  );
  return words.length === 0 ? '' : ` Inputs: ${words.join('; ')}.`;
};

const skillOf = (template: Template): AgentSkill => ({
  id: template.name,
  name: template.name,
  description: `${template.description}${inputsOf(template)}`.trim(),
  tags: ['team', ...template.steps],
  examples: [],
  inputModes: inputModesOf(template),
  outputModes: TEXT_AND_DATA,
  securityRequirements: [],
});

/** The card of the mesh as reached at `baseUrl` (no slash at its end). Templates with errors are no skills. */
export const cardOf = async (engine: Engine, baseUrl: string): Promise<AgentCard> => ({
  name: 'AgentMesh',
  description:
    'Runs teams of agents. Name a skill in the metadata of the message (`skill`) or in a data part ({"skill": …, "arguments": {…}}); a plain text goes to the only input that the skill asks for.',
  supportedInterfaces: [
    {
      url: `${baseUrl}${PROTOCOLS['a2a.rpc'].path}`,
      protocolBinding: 'JSONRPC',
      tenant: '',
      protocolVersion: '1.0',
    },
    {
      url: `${baseUrl}${PROTOCOLS['a2a.rest'].path}`,
      protocolBinding: 'HTTP+JSON',
      tenant: '',
      protocolVersion: '1.0',
    },
    {
      url: `${baseUrl}${PROTOCOLS['a2a.rpc'].path}`,
      protocolBinding: 'JSONRPC',
      tenant: '',
      protocolVersion: '0.3',
    },
  ],
  provider: undefined,
  version: engine.health().version,
  capabilities: {
    streaming: true,
    pushNotifications: false,
    extendedAgentCard: false,
    extensions: [
      {
        uri: TRACE_EXTENSION,
        description: 'Tool calls and reasoning of the agents at work, in the metadata of status updates',
        required: false,
        params: undefined,
      },
      {
        uri: ORIGIN_EXTENSION,
        description: 'The chain of runs behind a message, so that agents cannot start each other for ever',
        required: false,
        params: undefined,
      },
    ],
  },
  securitySchemes: {},
  securityRequirements: [],
  defaultInputModes: TEXT_AND_DATA,
  defaultOutputModes: TEXT_AND_DATA,
  skills: (await engine.templates.list()).filter(({ problems }) => problems === 0).map(skillOf),
  signatures: [],
});
