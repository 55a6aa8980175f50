// The real clock and the real guarded network as ports, for tests of adapters.
import { createNet } from '../net/net.ts';
import type { Clock, Net } from '../ports.ts';

const clock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};

export const testPorts: { readonly clock: Clock; readonly net: Net } = { clock, net: createNet({ clock }) };
