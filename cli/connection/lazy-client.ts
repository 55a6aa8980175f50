// A client that is loaded when it is first asked something: help, version and wrong command lines need none.
import type { Client } from '#api/contract/client';

/** The client that `load` answers, loaded once. */
export const lazyClient = (load: () => Promise<Client>): Client => {
  let loaded: Promise<Client> | undefined;
  const client = (): Promise<Client> => (loaded ??= load());
  return {
    call: async (route, ask) => (await client()).call(route, ask),
    async *events(ask) {
      yield* (await client()).events(ask);
    },
    async *trace(id, afterSeq, signal) {
      yield* (await client()).trace(id, afterSeq, signal);
    },
    async *stream(options) {
      yield* (await client()).stream(options);
    },
  };
};
