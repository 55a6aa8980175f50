// A small tree for the test of the import table: files that each break one rule, and files that break none.

/** What breaks a rule: the file that does, and what stands in it. */
// prettier-ignore
export const VIOLATIONS: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['no-circles', 'machines/round/a.ts', "import type { B } from './b.ts'; export interface A { b: B }"],
  ['resolvable', 'machines/lost.ts', "import { x } from './nowhere.ts'; export const y = x;"],
  ['machines-are-pure', 'machines/clock.ts', "import { hrtime } from 'node:process'; export const t = hrtime;"],
  ['machines-are-pure', 'machines/sql.ts', "import type { Kysely } from 'kysely'; export type K = Kysely<object>;"],
  ['machines-are-pure', 'machines/up.ts', "import { store } from '#engine/store/open'; export const s = store;"],
  ['engine-knows-no-face', 'engine/web.ts', "import express from 'express'; export const app = express;"],
  ['engine-knows-no-face', 'engine/path.ts', "import { client } from '#api/contract/client'; export const c = client;"],
  ['adapter-stands-alone', 'engine/agents/one/peer.ts', "import { two } from '../two/two.ts'; export const one = two;"],
  ['adapter-stands-alone', 'engine/agents/one/rows.ts', "import { store } from '../../store/open.ts'; export const s = store;"],
  ['adapter-stands-alone', 'engine/agents/one/runs.ts', "import { start } from '#engine/runs/start'; export const r = start;"],
  ['contract-loads-in-a-browser', 'api/contract/files.ts', "import { join } from 'node:path'; export const j = join;"],
  ['contract-loads-in-a-browser', 'api/contract/server.ts', "import express from 'express'; export const e = express;"],
  ['contract-loads-in-a-browser', 'api/contract/types.ts', "import type { Engine } from '#engine/index'; export type E = Engine;"],
  ['api-uses-the-door', 'api/routes/peek.ts', "import { store } from '#engine/store/open'; export const s = store;"],
  ['api-has-no-database', 'api/routes/query.ts', "import { sql } from 'kysely'; export const q = sql;"],
  ['cli-speaks-the-contract', 'cli/commands/inside.ts', "import { createEngine } from '#engine/index'; export const e = createEngine;"],
  ['cli-speaks-the-contract', 'cli/commands/route.ts', "import { route } from '#api/routes/fine'; export const r = route;"],
  ['agentmeshd-starts-the-daemon', 'cli/agentmeshd.ts', "import { createEngine } from '#engine/index'; export const e = createEngine;"],
  ['cli-starts-light', 'cli/agentmesh.ts', "import './commands/route.ts'; export const start = 1;"],
  ['console-speaks-the-contract', 'console/src/app/data/engine.ts', "import type { Engine } from '#engine/index'; export type E = Engine;"],
  ['console-runs-in-a-browser', 'console/src/app/util/path.ts', "import { join } from 'node:path'; export const j = join;"],
  ['pages-stand-alone', 'console/src/app/pages/run/run.ts', "import { runs } from '../runs/runs.ts'; export const run = runs;"],
  ['below-the-pages', 'console/src/app/ui/button.ts', "import { runs } from '../pages/runs/runs.ts'; export const b = runs;"],
  ['sample-agents-are-programs', 'cli/demo/start.ts', "import { calc } from './agents/calc/main.ts'; export const c = calc;"],
  ['nothing-needs-tests', 'engine/mock.ts', "import { fake } from './fake.testsuite.ts'; export const f = fake;"],
  ['nothing-needs-tests', 'engine/chance.ts', "import { any } from './events/arbitraries.ts'; export const a = any;"],
  ['no-development-packages', 'cli/render/format.ts', "import { format } from 'prettier'; export const f = format;"],
];

/** What the table allows: none of these may be named. */
// prettier-ignore
export const ALLOWED: Readonly<Record<string, string>> = {
  'machines/round/b.ts': "import type { A } from './a.ts'; export interface B { a: A }",
  'machines/fine.ts': "import { setup } from 'xstate'; import { z } from 'zod'; export const m = [setup, z];",
  'engine/index.ts': "import { m } from '#machines/fine'; export interface Engine { m: typeof m } export const createEngine = m;",
  'engine/ports.ts': 'export const clock = 1;',
  'engine/store/open.ts': "import { Kysely } from 'kysely'; export const store = Kysely;",
  'engine/runs/start.ts': 'export const start = 1;',
  'engine/agents/adapter.ts': 'export const port = 1;',
  'engine/agents/one/one.ts': "import { port } from '../adapter.ts'; import { clock } from '../../ports.ts'; import { m } from '#machines/fine'; import { spawn } from 'node:child_process'; export const one = [port, clock, m, spawn];",
  'engine/agents/two/two.ts': 'export const two = 2;',
  'engine/fake.testsuite.ts': "import { client } from '#api/contract/client'; export const fake = client;",
  'engine/events/arbitraries.ts': "import fc from 'fast-check'; export const any = fc;",
  'engine/agents/one/one.test.ts': "import { store } from '../../store/open.ts'; export const s = store;",
  'api/contract/client.ts': "import { z } from 'zod'; import { m } from '#machines/fine'; export const client = [z, m];",
  'api/routes/fine.ts': "import express from 'express'; import { createEngine } from '#engine/index'; export const route = [express, createEngine];",
  'api/daemon/main.ts': "import { createEngine } from '#engine/index'; import { route } from '../routes/fine.ts'; export const daemon = [createEngine, route];",
  'cli/agentmeshd-worker.ts': "import { daemon } from '#api/daemon/main'; export const d = daemon;",
  'cli/commands/fine.ts': "import { client } from '#api/contract/client'; import { m } from '#machines/fine'; export const c = [client, m];",
  'cli/demo/agents/calc/main.ts': "import { createServer } from 'node:http'; export const calc = createServer;",
  'console/src/app/data/fine.ts': "import { client } from '#api/contract/client'; export const c = client;",
  'console/src/app/pages/runs/runs.ts': "import { c } from '../../data/fine.ts'; export const runs = c;",
  'tests/e2e/all.test.ts': "import { createEngine } from '#engine/index'; export const e = createEngine;",
};
