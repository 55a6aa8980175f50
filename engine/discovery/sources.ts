// The sources that the setting asks for, wired to the adapters.
import { hostname } from 'node:os';
import { DISCOVERY_SOURCES, type DiscoverySource } from '#machines/nouns/discovery-sources';
import type { SourceState } from '#machines/nouns/discovery';
import type { AgentAdapter } from '../agents/adapter.ts';
import type { LocalHttp, Ports, Reach } from '../ports.ts';
import { createMdns, MDNS_PORT, type MdnsSettings } from './mdns/mdns.ts';
import { createPrograms } from './programs.ts';
import type { OwnPlace, Source } from './source.ts';
import { createTailnet } from './tailnet/tailnet.ts';

/** What the setting `discovery` says. */
export interface DiscoverySettings {
  readonly sources: readonly DiscoverySource[];
  /** Whether this daemon announces itself where it listens. */
  readonly announce: boolean;
  readonly mdns: MdnsSettings;
  /** Where tailscaled may listen. */
  readonly tailscaled: readonly string[];
}

/** Agents come from bootstrap files and by hand only. */
export const NOTHING_LOOKS: DiscoverySettings = {
  sources: [],
  announce: false,
  mdns: { port: MDNS_PORT, interfaces: null },
  tailscaled: [],
};

export interface SourcesParts {
  readonly settings: DiscoverySettings;
  readonly adapters: ReadonlyMap<string, AgentAdapter>;
  readonly http: LocalHttp;
  readonly ports: Pick<Ports, 'clock' | 'log'>;
  /** Names this daemon among others on one host. */
  readonly logId: string;
}

export interface Sources {
  readonly all: readonly Source[];
  /** Every source there is, switched off ones too. */
  states(): readonly SourceState[];
  /** The daemon listens there from now on: that is no agent of its own mesh, and is announced when the setting says so. */
  listening(place: OwnPlace): void;
}

/** A gateway is asked for its card this long. */
const GATEWAY_MS = 2_000;

const off = (source: DiscoverySource): SourceState => ({
  source,
  state: 'off',
  detail: 'switched off',
  found: 0,
  ignored: 0,
  ignored_last: null,
  problem: null,
});

/** Wires the sources. Nothing looks before `begin` of each. */
export const createSources = ({ settings, adapters, http, ports, logId }: SourcesParts): Sources => {
  const own: OwnPlace[] = [];
  const hasCard = async (url: string, reach: Reach, signal: AbortSignal): Promise<boolean> => {
    const target = { name: url, kind: 'a2a', entry: { url }, card: null, token: null, reach };
    const probe = await adapters.get('a2a')?.probe(target, { signal });
    return probe?.ok === true;
  };
  const mdns = createMdns({
    settings: settings.mdns,
    ports,
    own: () => own,
    // OpenClaw says where its gateway is; its A2A channel is open only when its owner has opened it.
    gateway: async (url, isLocal) => {
      const reach = isLocal ? { given: new URL(url).origin } : 'lan';
      if (await hasCard(url, reach, AbortSignal.timeout(GATEWAY_MS))) return { url };
      return adapters.has('openclaw') ? { kind: 'openclaw', url } : null;
    },
  });
  const made: Readonly<Record<DiscoverySource, () => Source>> = {
    mdns: () => mdns,
    programs: () => createPrograms({ adapters, ports }),
    tailnet: () =>
      createTailnet({
        sockets: settings.tailscaled,
        http,
        hasCard: (url, signal) => hasCard(url, 'lan', signal),
        ports,
      }),
  };
  const all = DISCOVERY_SOURCES.filter((name) => settings.sources.includes(name)).map((name) => made[name]());
  return {
    all,
    states: () =>
      DISCOVERY_SOURCES.map((name) => all.find((source) => source.name === name)?.state() ?? off(name)),
    listening(place) {
      own.push(place);
      if (!settings.announce || !settings.sources.includes('mdns')) return;
      mdns.announce({
        name: `AgentMesh on ${hostname()} (${logId.slice(0, 8)})`,
        address: place.host,
        port: place.port,
        txt: { url: `http://${place.host}:${String(place.port)}`, name: 'agentmesh', v: '1' },
      });
    },
  };
};
