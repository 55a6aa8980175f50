// Which machine 127.0.0.1 is: an agent there can be called by those alone to whom it is the same one.
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** This boot of the kernel and this network namespace (random(4), network_namespaces(7)); elsewhere the name of the host. */
const facts = (): string => {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/net')}`;
  } catch {
    return hostname();
  }
};

/** Equal for two processes that share a loopback interface. */
export const loopbackId = (): string => createHash('sha256').update(facts()).digest('hex').slice(0, 16);

/** Whether a URL leads to the machine of whoever calls it (127.0.0.0/8, ::1, localhost, unspecified addresses). */
export const isLoopbackUrl = (url: string): boolean => {
  const host = new URL(url).hostname
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '::1' ||
    host === '::' ||
    host === '0.0.0.0' ||
    /^127(\.\d+){3}$/.test(host) ||
    /^::ffff:7f/.test(host)
  );
};
