// Names of what looks for agents; without zod, for the command line.

/** Sources that look around by themselves, and that the setting `discovery` switches. */
export const DISCOVERY_SOURCES = ['mdns', 'programs', 'tailnet'] as const;
export type DiscoverySource = (typeof DISCOVERY_SOURCES)[number];
