// The one stream of a tab: events in batches, a loss shown and healed, another log read anew.
import { TestBed } from '@angular/core/testing';
import type { Client, StreamOptions } from '#api/contract/client';
import type { EventV1 } from '#machines/nouns/event';
import { API } from './api.ts';
import { Live } from './live.ts';

const event = (seq: number): EventV1 => ({
  schema_version: '1',
  ts: '2026-01-01T00:00:00.000Z',
  run_id: 'r',
  kind: 'status',
  task_id: null,
  step: null,
  payload: { state: 'working' },
  metadata: {},
  team_run_id: null,
  id: `e${String(seq)}`,
  seq,
});

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

/** A daemon whose streams are steered by the spec. */
class FakeDaemon {
  readonly opened: StreamOptions[] = [];
  readonly ready: EventV1[] = [];
  healthy = true;

  readonly client = {
    call: () =>
      this.healthy
        ? Promise.resolve({ head_seq: 5, log_id: 'log-1' })
        : Promise.reject(new Error('no daemon')),
    stream: (options: StreamOptions) => this.#events(options),
  } as unknown as Client;

  async *#events(options: StreamOptions): AsyncGenerator<EventV1> {
    this.opened.push(options);
    options.onState?.('live');
    while (!options.signal.aborted) {
      const next = this.ready.shift();
      if (next === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
      else yield next;
    }
  }
}

describe('the live stream', () => {
  let daemon: FakeDaemon;
  let live: Live;
  const batches: number[][] = [];

  beforeEach(() => {
    daemon = new FakeDaemon();
    batches.length = 0;
  });

  const start = (): void => {
    TestBed.configureTestingModule({ providers: [{ provide: API, useValue: daemon.client }] });
    live = TestBed.inject(Live);
    live.listen((events) => batches.push(events.map(({ seq }) => seq)));
  };

  it('begins where the log stands and hands out many events at once', async () => {
    start();
    await live.begun();
    expect(daemon.opened[0]).toMatchObject({ afterSeq: 5, logId: 'log-1' });
    daemon.ready.push(event(6), event(7), event(8));
    await until(() => batches.flat().length === 3);
    expect(batches.flat()).toEqual([6, 7, 8]);
    expect(batches.length).toBeLessThan(3);
    expect(live.state()).toBe('live');
  });

  it('goes on after the last event when someone asks for a retry: no gap, no double', async () => {
    start();
    await live.begun();
    daemon.ready.push(event(6), event(7));
    await until(() => batches.flat().length === 2);
    live.retry();
    await until(() => daemon.opened.length === 2);
    expect(daemon.opened[1]).toMatchObject({ afterSeq: 7, logId: 'log-1' });
    daemon.ready.push(event(8));
    await until(() => batches.flat().length === 3);
    expect(batches.flat()).toEqual([6, 7, 8]);
  });

  it('shows a daemon that does not answer as lost, and recovers by a retry', async () => {
    daemon.healthy = false;
    start();
    await until(() => live.state() === 'lost');
    daemon.healthy = true;
    live.retry();
    await live.begun();
    expect(live.state()).toBe('live');
  });

  it('another log raises the epoch, so that everything is read again', async () => {
    start();
    await live.begun();
    const before = live.epoch();
    daemon.opened[0]?.onReset?.({ logId: 'log-2', head: 3 });
    expect(live.epoch()).toBe(before + 1);
  });
});
