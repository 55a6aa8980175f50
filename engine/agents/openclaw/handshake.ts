// The connect request of the Gateway protocol: who we are, proved by a signature over the gateway’s challenge.
import type { DeviceToken, Device } from './identity.ts';
import { PROTOCOL } from './frames.ts';

/** OpenClaw has a closed list of clients and none for third parties: this one is the nearest to the truth. */
const CLIENT = { id: 'cli', mode: 'cli', version: '0.1.0', displayName: 'agentmesh' } as const;
const ROLE = 'operator';

/** To see, to start and cancel runs, to answer what they ask; no more. */
export const SCOPES: readonly string[] = [
  'operator.read',
  'operator.write',
  'operator.approvals',
  'operator.questions',
];

/** Without tool-events a connection sees no tools. */
const CAPS = ['tool-events', 'approvals', 'exec-approvals'];

export interface Challenge {
  readonly nonce: string;
  readonly ts: number;
}

/**
 * Parameters of `connect`. The signed text is version 3 of OpenClaw’s device authentication: the parts below joined by
 * `|`; the device family, which we have none of, is empty (docs/gateway/protocol/auth.md of OpenClaw).
 */
export const connectParams = async (
  device: Device,
  challenge: Challenge,
  { token, scopes }: DeviceToken,
  platform: string,
): Promise<Readonly<Record<string, unknown>>> => {
  const signed = [
    'v3',
    device.id,
    CLIENT.id,
    CLIENT.mode,
    ROLE,
    scopes.join(','),
    String(challenge.ts),
    token,
    challenge.nonce,
    platform,
    '',
  ].join('|');
  return {
    minProtocol: PROTOCOL,
    maxProtocol: PROTOCOL,
    client: { ...CLIENT, platform },
    role: ROLE,
    scopes,
    caps: CAPS,
    auth: { token },
    device: {
      id: device.id,
      publicKey: device.publicKey,
      signature: await device.sign(signed),
      signedAt: challenge.ts,
      nonce: challenge.nonce,
    },
  };
};
