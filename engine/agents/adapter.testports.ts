// The real clock and network as ports, for tests of adapters.
import type { Clock, Net } from '../ports.ts';

export const testPorts: { readonly clock: Clock; readonly net: Net } = {
  clock: {
    now: () => Date.now(),
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => {
        clearTimeout(timer);
      };
    },
  },
  net: { fetch: (url, init) => fetch(url, init) },
};
