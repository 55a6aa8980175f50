// The A2A 1.0 card of a sample agent.
import type { AgentCard } from '@a2a-js/sdk';
import { TRACE } from './messages.ts';
import type { Agent } from './work.ts';

const VERSION = '1.0.0';

/** The card of an agent that listens at `url`; `secured` asks for a bearer token. */
export const makeCard = (agent: Agent, url: string, secured: boolean): AgentCard => ({
  name: agent.name,
  description: agent.description,
  version: VERSION,
  supportedInterfaces: [
    { url: `${url}/a2a/v1`, protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' },
    { url: `${url}/a2a/rest`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0', tenant: '' },
  ],
  provider: undefined,
  capabilities: {
    streaming: true,
    pushNotifications: false,
    extendedAgentCard: false,
    extensions: [
      {
        uri: TRACE,
        description: 'tool calls, thoughts and errors in the metadata of status updates',
        required: false,
        params: undefined,
      },
    ],
  },
  securitySchemes: secured
    ? {
        bearer: {
          scheme: {
            $case: 'httpAuthSecurityScheme',
            value: { scheme: 'Bearer', bearerFormat: '', description: 'the token given with --token' },
          },
        },
      }
    : {},
  securityRequirements: secured ? [{ schemes: { bearer: { list: [] } } }] : [],
  defaultInputModes: ['text/plain', 'application/json'],
  defaultOutputModes: ['text/plain', 'application/json'],
  skills: agent.skills.map((skill) => ({
    ...skill,
    tags: [...skill.tags],
    examples: [...skill.examples],
    inputModes: [],
    outputModes: [],
    securityRequirements: [],
  })),
  signatures: [],
});
