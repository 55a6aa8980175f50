// One daemon a mesh: a second one on a copy of the data folder would answer the first one's workers.
import { createHash } from 'node:crypto';
import { loopbackId } from './loopback.ts';
import type { Clock } from '../../ports.ts';
import { ask, wordsOf } from './client.ts';
import type { Link } from './link.ts';

/** The place is free again so long after its daemon ended without a word. The daemon itself takes it back at once. */
const PLACE_MS = 20_000;
const RENEW_MS = 5_000;

/** Keeps the lives of a link from beginning while the daemon of another data folder, or of another machine, has the mesh. */
export const onlyDaemon = (
  link: Link,
  { mesh, dataDir, clock }: { readonly mesh: string; readonly dataDir: string; readonly clock: Clock },
): void => {
  const place = `${mesh}:daemon`;
  const name = createHash('sha256').update(`${loopbackId()} ${dataDir}`).digest('hex');
  link.each(async (life) => {
    const take = async (): Promise<void> => {
      await ask(life.client, 'set', place, name, 'PX', PLACE_MS, 'NX');
      if ((await ask(life.client, 'get', place)) !== name)
        throw new Error(
          'another daemon has the mesh of this key: a copy of the data folder needs a key of its own',
        );
      await ask(life.client, 'pexpire', place, PLACE_MS);
    };
    await take();
    let stopRenewing = (): void => undefined;
    const renew = (): void => {
      stopRenewing = clock.after(RENEW_MS, () => {
        take().then(renew, (error: unknown) => {
          life.end(wordsOf(error));
        });
      });
    };
    renew();
    life.over.addEventListener('abort', () => {
      stopRenewing();
    });
  });
};
