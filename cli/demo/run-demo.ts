// The demo, scene by scene: agents, one call, a team that repairs a fault, the trace, the cross-check. It types what a user would type.
import { existsSync, writeFileSync } from 'node:fs';
import { addressOf } from '../connection/locate.ts';
import { styleFor, type ColourChoice, type Style } from '../render/style.ts';
import { duration } from '../render/time.ts';
import { makeFaultyRepo } from './agents/repos.ts';
import { DemoFailure, makeStage, type Finished, type Stage } from './stage.ts';

const AGENTS = ['calc', 'analyst', 'fixer', 'tester', 'scribe'] as const;
/** Which of the faults is repaired; any seed works. */
const SEED = 1;
const ISSUE = 'The tests fail.';

export interface DemoOptions {
  readonly keep: boolean;
  /** Jobs travel through this Redis, and a worker performs the calls; empty: through one of the demo’s own. */
  readonly redis?: string | undefined;
  readonly color: ColourChoice;
}

/** What the scenes share. */
interface Show {
  readonly stage: Stage;
  readonly style: Style;
}

const colourful = (style: Style): boolean => style.bold('x') !== 'x';

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const title = ({ style }: Show, text: string): void => say(`\n${style.bold(text)}`);

const shown = (word: string): string => (/^[\w@%=:,./-]+$/.test(word) ? word : `"${word}"`);

/** Types a command line, shows what it says, and expects it to end well. */
const type = async (
  show: Show,
  part: string,
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly quiet?: boolean; readonly fails?: boolean } = {},
): Promise<Finished> => {
  const { stage, style } = show;
  say(`${style.dim('$')} ${style.name([program, ...args].map(shown).join(' '))}`);
  const done = await stage.run(program, args, {
    show: options.quiet !== true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  if ((done.code !== 0) !== (options.fails === true))
    throw new DemoFailure(
      part,
      options.fails === true ? 'it was expected to fail, and did not' : `it exited with ${done.code}`,
      [options.quiet === true ? `${done.stdout}${done.stderr}`.trimEnd() : '', stage.tail('agentmeshd')]
        .filter(Boolean)
        .join('\n'),
    );
  return done;
};

const startAgents = async ({ stage }: Show): Promise<void> => {
  const agents = await Promise.all(
    AGENTS.map(async (name) => {
      const { url } = await stage.start(name, `cli/demo/agents/${name}/main.ts`, [
        '--ledger',
        stage.path('ledgers', name),
      ]);
      return { name, url };
    }),
  );
  writeFileSync(stage.path('data', 'bootstrap.json'), `${JSON.stringify({ agents }, null, 2)}\n`, {
    mode: 0o600,
  });
  for (const { name, url } of agents) say(`  ${name.padEnd(8)} ${String(url)}`);
};

const askCalc = async (show: Show): Promise<void> => {
  title(show, 'One call to one agent');
  const { stdout } = await type(show, 'run --to calc', 'agentmesh', ['run', '--to', 'calc', '1+1']);
  if (stdout.trim() !== '2')
    throw new DemoFailure('run --to calc', `1+1 was answered with "${stdout.trim()}"`, '');
};

/** The last team run’s id, as a script would ask for it. */
const lastTeamRun = async ({ stage }: Show): Promise<string> => {
  const { stdout } = await stage.run('agentmesh', ['runs', 'list', '--teams', '-n', '1', '-o', 'jsonl'], {
    show: false,
  });
  return (JSON.parse(stdout) as { team_run_id: string }).team_run_id;
};

const repair = async (show: Show): Promise<void> => {
  const { stage, style } = show;
  title(show, 'A team repairs a real fault');
  const { repo } = makeFaultyRepo(stage.path('repo'), SEED);
  const tests = async (fails: boolean): Promise<void> => {
    const args = ['--test', '--test-isolation=none', '--test-reporter=dot'];
    const { code } = await stage.run(process.execPath, args, { show: false, cwd: repo });
    if ((code !== 0) !== fails)
      throw new DemoFailure('tests', fails ? 'the generated fault is none' : 'the tests still fail', '');
    say(`${style.dim('$')} ${style.name('npm test')}  ${fails ? style.bad('fails') : style.good('passes')}`);
  };
  await tests(true);
  const inputs = ['--input', `repo=${repo}`, '--input', `issue=${ISSUE}`];
  await type(show, 'team run code-fix', 'agentmesh', ['team', 'run', 'code-fix', ...inputs]);
  title(show, 'What it changed');
  say(`${style.dim('$')} ${style.name('git diff')}`);
  const colour = `--color=${colourful(style) ? 'always' : 'never'}`;
  const { stdout } = await stage.run('git', ['--no-pager', 'diff', colour, '--unified=1'], {
    show: true,
    cwd: repo,
  });
  if (stdout.trim() === '')
    throw new DemoFailure('team run code-fix', 'it completed without a change', stage.tail('agentmeshd'));
  await tests(false);
};

const lookBack = async (show: Show): Promise<void> => {
  title(show, 'What happened, event by event');
  await type(show, 'trace', 'agentmesh', ['trace', await lastTeamRun(show)]);
  title(show, 'Nothing is lost');
  const { stdout } = await type(show, 'verify', 'agentmesh', ['verify']);
  if (!/lost = 0\b/.test(stdout))
    throw new DemoFailure('verify', 'events are lost', show.stage.tail('agentmeshd'));
};

/** A Redis for the jobs: the one that was named, or one on a socket of the stage. */
const provideRedis = async ({ stage }: Show, url: string): Promise<void> => {
  if (url !== '') {
    stage.set('AGENTMESH_REDIS_URL', url);
    return;
  }
  const socket = stage.path('redis.sock');
  const args = ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', stage.root];
  try {
    await stage.serve('redis-server', 'redis-server', args, () => existsSync(socket));
  } catch (error) {
    if (!(error instanceof DemoFailure) || !error.message.includes('ENOENT')) throw error;
    throw new DemoFailure(
      'redis-server',
      'there is none on PATH; apt-get install redis-server, or name one: --redis=redis://127.0.0.1:6379',
      '',
    );
  }
  stage.set('AGENTMESH_REDIS_URL', `unix:${socket}`);
};

/** A worker that takes the calls of the daemon, as one on another host would. */
const startWorker = async (show: Show): Promise<void> => {
  const { stage, style } = show;
  const args = ['worker', '--serves', 'a2a', '--name', 'demo'];
  say(`${style.dim('$')} ${style.name(['agentmesh', ...args].join(' '))}`);
  await stage.start('worker', 'cli/agentmeshd.ts', [...args, '-o', 'json']);
  const seen = async (): Promise<boolean> =>
    (await stage.run('agentmesh', ['status', '-o', 'json'], { show: false })).stdout.includes('"serves"');
  for (let look = 0; !(await seen()); look += 1)
    if (look > 20) throw new DemoFailure('worker', 'the daemon does not see it', stage.tail('worker'));
  await type(show, 'status', 'agentmesh', ['status']);
};

const play = async (show: Show, redis: string | undefined): Promise<void> => {
  const { stage, style } = show;
  say(`${style.bold('AgentMesh demo')}  ${style.dim(`all of it in ${stage.root}`)}`);
  title(show, 'Five sample agents, each a program of its own');
  await startAgents(show);
  if (redis !== undefined) await provideRedis(show, redis);
  title(show, 'A daemon that finds them');
  await type(show, 'agentmeshd start', 'agentmeshd', [
    'start',
    '-b',
    '--port',
    '0',
    '--data-dir',
    stage.dataDir,
  ]);
  const { stdout } = await type(show, 'discover', 'agentmesh', ['discover', '--wait', '10s']);
  const missing = AGENTS.filter((name) => !stdout.includes(name));
  if (missing.length > 0)
    throw new DemoFailure('discover', `not found: ${missing.join(', ')}`, stage.tail('agentmeshd'));
  if (redis !== undefined) {
    title(show, 'A worker, as on another host: calls reach it through Redis');
    await startWorker(show);
  }
  await askCalc(show);
  await repair(show);
  await lookBack(show);
};

const tellKept = ({ stage, style }: Show): void => {
  const url = addressOf({ dataDir: stage.dataDir }, process.env) ?? '';
  const row = (name: string, text: string): void => say(`  ${style.dim(name.padEnd(8))} ${text}`);
  say(`\n${style.bold('Left running')}`);
  row('console', style.name(url));
  row('data', stage.dataDir);
  row('use it', `export AGENTMESH_DATA_DIR=${stage.dataDir}`);
  row('stop it', `agentmeshd stop --data-dir ${stage.dataDir}`);
  row('', `kill ${stage.pids().join(' ')}`);
  row('', `rm -r ${stage.root}`);
};

/** Plays the demo. Answers the exit code: 0 when every scene went well. */
export const runDemo = async ({ keep, color, redis }: DemoOptions): Promise<number> => {
  const began = Date.now();
  const style = styleFor(color, process.stdout.isTTY, process.env);
  const show: Show = { stage: makeStage(colourful(style)), style };
  let interrupted = false;
  const stop = (): void => {
    if (interrupted) return;
    interrupted = true;
    process.stderr.write('\nstopped; cleaning up\n');
    void show.stage.clear().finally(() => process.exit(130));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  let kept = false;
  try {
    await play(show, redis);
    say(`\n${style.good('All of it worked')} in ${duration(Date.now() - began)}.`);
    if (keep) tellKept(show);
    kept = keep;
    return 0;
  } catch (error) {
    if (interrupted) return 130;
    const failure =
      error instanceof DemoFailure
        ? error
        : new DemoFailure('demo', error instanceof Error ? error.message : String(error), '');
    process.stderr.write(`\n${style.bad('The demo failed')} at ${failure.part}: ${failure.message}\n`);
    if (failure.tail !== '') process.stderr.write(`${style.dim('the end of its log:')}\n${failure.tail}\n`);
    return 1;
  } finally {
    if (!kept && !interrupted) await show.stage.clear();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
};
