// What an install would do at the OpenClaw that is found, and what stands in its way.
import type { Ports } from '../../ports.ts';
import type { InstallOptions, InstallPlan, InstallReceipt, InstallStep, Obstacle } from '../adapter.ts';
import { peerClash, peerToken } from './a2a-peer.ts';
import type { Identity } from './identity.ts';
import { gatewaySecret, locate, type Located } from './locate.ts';

const KIND = 'openclaw';
const READY_MS = 3_000;
/** The choices of an install. */
const CHOICES = ['a2a', 'test', 'without_gateway'];

export interface PlanParts {
  readonly ports: Pick<Ports, 'net' | 'disk'>;
  readonly identity: Identity;
}

/** What an install knows between plan and deed. */
export interface PlanDetails {
  readonly located: Located;
  readonly previous: InstallReceipt | null;
  readonly wantsPeer: boolean;
  readonly wantsTest: boolean;
  /** The program alone is used, without a gateway. */
  readonly isByProgram: boolean;
}

/** Whether a gateway answers at an address, and takes work. */
export const isReady = async ({ net }: Pick<Ports, 'net'>, url: string): Promise<boolean> => {
  try {
    const response = await net.fetch(new URL('/readyz', url).href, {
      reach: { given: new URL(url).origin },
      timeoutMs: READY_MS,
    });
    return ((await response.json()) as { ready?: unknown }).ready === true;
  } catch {
    return false;
  }
};

const TEST_STEP: InstallStep = { change: 'asks an agent one real word' };

/** Whether an earlier install was one of the program alone. */
const wasByProgram = (previous: InstallReceipt | null): boolean =>
  (previous?.details as { readonly url?: unknown } | undefined)?.url === null;

const stepsByProgram = ({ located, previous, wantsTest }: PlanDetails): InstallStep[] => [
  ...(previous === null
    ? [
        {
          change: 'registers the agents of OpenClaw with the mesh, each call a start of its program',
          command: [located.program, 'agent', '--json', '…'],
        },
      ]
    : []),
  ...(wantsTest ? [TEST_STEP] : []),
];

const stepsOf = (
  { located, previous, wantsPeer, wantsTest }: PlanDetails,
  identity: Identity,
): InstallStep[] => [
  ...(identity.token(located.url) === null
    ? [
        {
          change: 'pairs a device of the mesh with the gateway (to read, to write, to answer what runs ask)',
          file: identity.tokenFile(located.url),
        },
      ]
    : []),
  ...(wantsPeer && peerToken(located.config) === null
    ? [
        {
          change: 'adds the peer agentmesh, with a token made for it, to OpenClaw’s A2A channel',
          file: located.configFile,
          command: ['openclaw', 'config', 'patch', '--stdin'],
        },
      ]
    : []),
  ...(previous === null || wasByProgram(previous)
    ? [{ change: 'registers the agents of the gateway with the mesh' }]
    : []),
  ...(wantsTest ? [TEST_STEP] : []),
];

/** Looks for OpenClaw and says what an install would do. */
export const plan = async (parts: PlanParts, options: InstallOptions): Promise<InstallPlan> => {
  const unknown = Object.keys(options.settings).filter((name) => !CHOICES.includes(name));
  const found = await locate(parts.ports.disk, options.dir, options.env);
  const blocked = (obstacles: readonly Obstacle[], more: Partial<InstallPlan> = {}): InstallPlan => ({
    kind: KIND,
    steps: [],
    ...more,
    obstacles,
    details: null,
  });
  if ('remedy' in found) return blocked([found]);
  const { dir, url, version, program, config, configFile } = found;
  const wantsPeer = options.settings['a2a'] === true;
  const hasPeer = peerToken(config) !== null;
  const ready = await isReady(parts.ports, url);
  const lines = [
    `OpenClaw ${version} (${program})`,
    `configuration ${configFile}`,
    ready
      ? `gateway ${url}, ready`
      : `no gateway answers at ${url}; without one OpenClaw’s program is started for each call: answers come whole at the end, nobody can be asked, one run at a time`,
    ...(parts.identity.token(url) === null ? [] : ['our device is paired with it']),
    ...(hasPeer ? ['the peer agentmesh is in its A2A channel'] : []),
  ];
  const previous = options.receipts.find((receipt) => receipt.dir === dir) ?? null;
  const isByProgram =
    options.settings['without_gateway'] === true || (!ready && !wantsPeer && wasByProgram(previous));
  const clash = wantsPeer && !hasPeer ? peerClash(config) : null;
  const none = (message: string, remedy: string): Obstacle[] => [
    { code: 'install_blocked', message, remedy, retryable: false },
  ];
  const unknowns = unknown.flatMap((name) => none(`OpenClaw has no setting ${name}`, 'Leave it away.'));
  const byGateway = (): Obstacle[] => [
    ...(ready
      ? []
      : none(
          `The gateway does not answer at ${url}`,
          'Start it (openclaw gateway run), then run this again; or use OpenClaw’s program alone: agentmesh openclaw install --without-gateway',
        )),
    ...(parts.identity.token(url) === null && gatewaySecret(config, options.env) === null
      ? none(
          'The gateway’s token does not stand in its configuration',
          'Give it in the environment variable OPENCLAW_GATEWAY_TOKEN; it is used once and not kept.',
        )
      : []),
    ...(clash === null ? [] : [clash]),
  ];
  const byProgram = (): Obstacle[] => [
    ...(ready
      ? none(
          `A gateway runs at ${url}: through it the mesh sees more than by the program`,
          'Leave --without-gateway away.',
        )
      : []),
    ...(wantsPeer ? none('The A2A channel is the gateway’s', 'Leave --a2a or --without-gateway away.') : []),
  ];
  const obstacles = [...unknowns, ...(isByProgram ? byProgram() : byGateway())];
  if (obstacles.length > 0) return blocked(obstacles, { dir, found: lines });
  const details: PlanDetails = {
    located: found,
    previous,
    wantsPeer,
    wantsTest: options.settings['test'] === true,
    isByProgram,
  };
  const steps = isByProgram ? stepsByProgram(details) : stepsOf(details, parts.identity);
  return { kind: KIND, dir, found: lines, steps, obstacles: [], details };
};
