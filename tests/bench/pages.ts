// Pages of 100 events in a log of a million, in process and over HTTP: first, middle and last page, by each filter.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventFilter } from '#machines/nouns/event';
import type { Engine } from '#engine/index';
import { askMany } from './http-peer.ts';
import { percentile, report } from './measure.ts';
import { atOf, fillTable, IN_THE_LOG } from './million-events.ts';
import { openNoopEngine } from './noop-engine.ts';
import { listenMesh } from './serve-noop.ts';
import { surroundings } from './surroundings.ts';

const LIMIT = 100;
const TIMES = 300;

interface Case {
  readonly what: string;
  readonly filter: EventFilter;
  readonly afterSeq: number;
  /** Path of the same page; the events list when absent. */
  readonly traceId?: string;
}

const casesOf = (events: number): readonly Case[] => {
  const places = { first: 0, middle: Math.floor(events / 2), last: events - LIMIT };
  const long = { team_run_id: IN_THE_LOG.longTeamRun };
  const longAt = (place: keyof typeof places): Case => ({
    what: `trace of a team run of ${String(events / 100)} events, ${place} page`,
    filter: long,
    afterSeq: place === 'last' ? events - LIMIT * 100 : places[place],
    traceId: IN_THE_LOG.longTeamRun,
  });
  return [
    ...(['first', 'middle', 'last'] as const).map((place) => ({
      what: `no filter, ${place} page`,
      filter: {},
      afterSeq: places[place],
    })),
    longAt('first'),
    longAt('middle'),
    longAt('last'),
    {
      what: 'trace of a team run of ten events',
      filter: { team_run_id: IN_THE_LOG.teamRun(events) },
      afterSeq: 0,
      traceId: IN_THE_LOG.teamRun(events),
    },
    {
      what: 'messages of one run',
      filter: { run_id: IN_THE_LOG.run(events), kind: 'message' },
      afterSeq: 0,
    },
    { what: 'by run', filter: { run_id: IN_THE_LOG.run(events) }, afterSeq: 0 },
    {
      what: 'by an agent of one in twenty',
      filter: { agent: IN_THE_LOG.commonAgent },
      afterSeq: places.middle,
    },
    { what: 'by an agent of one in ten thousand', filter: { agent: IN_THE_LOG.rareAgent }, afterSeq: 0 },
    { what: 'by an agent that is not there', filter: { agent: 'nobody' }, afterSeq: 0 },
    { what: 'by a status of one in ten thousand', filter: { status: IN_THE_LOG.rareStatus }, afterSeq: 0 },
    { what: 'by a kind that is not there', filter: { kind: 'error' }, afterSeq: 0 },
    {
      what: 'since the last hundredth',
      filter: { since: new Date(atOf(events * 0.99)).toISOString() },
      afterSeq: 0,
    },
    { what: 'until before the first event', filter: { until: '2020-01-01T00:00:00Z' }, afterSeq: 0 },
    {
      what: 'by an agent that is not there, since the last hundredth',
      filter: { agent: 'nobody', since: new Date(atOf(events * 0.99)).toISOString() },
      afterSeq: 0,
    },
  ];
};

/** Milliseconds a page; stops early when pages take long, because a few then say enough. */
const inProcess = (engine: Engine, { filter, afterSeq }: Case): readonly number[] => {
  const latencies: number[] = [];
  const until = performance.now() + 2_000;
  for (let i = 0; i < TIMES && (i < 5 || performance.now() < until); i += 1) {
    const start = performance.now();
    engine.events.page(filter, afterSeq, LIMIT);
    latencies.push(performance.now() - start);
  }
  return latencies;
};

const pathOf = ({ filter, afterSeq, traceId }: Case): string => {
  const query = new URLSearchParams({ after_seq: String(afterSeq), limit: String(LIMIT) });
  if (traceId !== undefined) return `/api/trace/${traceId}?${query.toString()}`;
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, value);
  return `/api/events?${query.toString()}`;
};

export const benchPages = async (scale = 1): Promise<void> => {
  const events = Math.round(1_000_000 * scale);
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-pages-'));
  try {
    const rowsPerSecond = await fillTable(dataDir, events);
    const start = performance.now();
    // The folder has no events.jsonl yet, so opening it writes the mirror of a million rows.
    const { engine, close } = await openNoopEngine('FULL', { dataDir });
    report('pages: filled', {
      durability: 'P (process crash), ten thousand rows a transaction',
      events,
      rows_per_s: rowsPerSecond,
      open_and_mirror_ms: performance.now() - start,
      ...surroundings(),
    });
    const port = await listenMesh(engine);
    for (const each of casesOf(events)) {
      const latencies = inProcess(engine, each);
      const slow = percentile(latencies, 50) > 20;
      const over = await askMany(
        port,
        { path: pathOf(each), status: 200 },
        { total: slow ? 5 : TIMES, concurrency: 1 },
      );
      report('pages', {
        page: each.what,
        durability: 'reads only',
        events,
        rows: engine.events.page(each.filter, each.afterSeq, LIMIT).lines.length,
        p50_ms: percentile(latencies, 50),
        p95_ms: percentile(latencies, 95),
        http_p50_ms: percentile(over.latencies, 50),
        http_p95_ms: percentile(over.latencies, 95),
        ...surroundings(),
      });
    }
    const health = await askMany(port, { path: '/healthz', status: 200 }, { total: TIMES, concurrency: 1 });
    report('pages: reference', {
      what: 'GET /healthz of the same server',
      http_p50_ms: percentile(health.latencies, 50),
      ...surroundings(),
    });
    await close();
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
};
