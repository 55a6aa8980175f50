// The OpenClaw of this machine: its gateway when one answers, else its program.
import type { Ports } from '../../ports.ts';
import type { Found } from '../adapter.ts';
import { locate } from './locate.ts';
import { isReady } from './plan.ts';

const KIND = 'openclaw';

/**
 * The agent `main` of an OpenClaw that the daemon’s own environment leads to; nothing when there is none, or one that was
 * never set up. The detail says what is there, and what lets the mesh use all of it.
 */
export async function* discover(
  ports: Pick<Ports, 'disk' | 'net'>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): AsyncGenerator<Found> {
  const known = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const found = await locate(ports.disk, undefined, known);
  if ('remedy' in found) return;
  const { program, version, url } = found;
  const base = { name: KIND, kind: KIND, settings: { agent: 'main' } };
  const what = `OpenClaw ${version} (${program})`;
  yield (await isReady(ports, url))
    ? {
        entry: { ...base, url },
        source: 'local',
        detail: `${what}, its gateway answers; to let it take part: agentmesh openclaw install`,
      }
    : {
        entry: { ...base, command: [program] },
        source: 'local',
        detail: `${what}, no gateway answers; to use all of it start one (openclaw gateway run), then: agentmesh openclaw install`,
      };
}
