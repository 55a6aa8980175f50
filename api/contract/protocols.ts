// The doors beside the table of routes: protocols of others that the daemon speaks on its TCP port. Plain data.
import type { Risk, Role } from '#machines/nouns/audit';

interface Protocol {
  /** Where it is; with `below`, everything under it too. */
  readonly path: string;
  readonly below?: true;
  readonly methods: readonly ('GET' | 'POST' | 'DELETE')[];
  readonly risk: Risk;
  readonly role: Role;
  readonly summary: string;
}

/* prettier-ignore */
export const PROTOCOLS = {
  'a2a.card': { path: '/.well-known/agent-card.json', methods: ['GET'],                  risk: 'read',  role: 'viewer',   summary: 'The mesh as an A2A agent: its card' },
  'a2a.rpc':  { path: '/a2a/v1',                      methods: ['POST'],                 risk: 'write', role: 'operator', summary: 'A2A 1.0 (and 0.3) over JSON-RPC: every template is a skill, a team run is a task' },
  'a2a.rest': { path: '/a2a/rest', below: true,       methods: ['GET', 'POST', 'DELETE'], risk: 'write', role: 'operator', summary: 'A2A 1.0 over HTTP+JSON' },
  'mcp':      { path: '/mcp',                         methods: ['GET', 'POST', 'DELETE'], risk: 'write', role: 'operator', summary: 'MCP (streamable HTTP): the mesh as tools for agents' },
} as const satisfies Record<string, Protocol>;

export type ProtocolId = keyof typeof PROTOCOLS;

/** The protocol that a path belongs to; null for every other path. */
export const protocolAt = (path: string): ProtocolId | null => {
  for (const [id, protocol] of Object.entries(PROTOCOLS) as [ProtocolId, Protocol][])
    // Clients that join URLs put a slash at the end.
    if (
      path === protocol.path ||
      path === `${protocol.path}/` ||
      (protocol.below === true && path.startsWith(`${protocol.path}/`))
    )
      return id;
  return null;
};
