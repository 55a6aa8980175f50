// The table of everything that `npm test` runs: one row a section, in the order in which they start.
import { existsSync, readFileSync } from 'node:fs';

/** One program whose exit code is one test. */
interface CommandWork {
  readonly kind: 'command';
  /** Run by this Node. */
  readonly program: readonly string[];
  /** A file without which there is nothing to check. */
  readonly needs?: string;
}

/** Files for node:test. */
interface NodeTestWork {
  readonly kind: 'node-test';
  readonly takes: (file: string) => boolean;
  /** `none`: all files in one process, quick, for code without I/O. `process`: one process a file. */
  readonly isolation: 'none' | 'process';
}

/** The console's specs, run by Angular's builder on vitest. */
interface VitestWork {
  readonly kind: 'vitest';
  readonly takes: (file: string) => boolean;
}

export interface Section {
  readonly id: string;
  readonly about: string;
  /** Part of `npm run check`. */
  readonly fast: boolean;
  /** May run beside one other section. The rest start daemons and browsers and get the machine for themselves. */
  readonly beside: boolean;
  /** Seconds after which the section is ended and counts as failed. */
  readonly limitSeconds: number;
  readonly work: CommandWork | NodeTestWork | VitestWork;
}

const ROOMS = /^(machines|engine|api|cli)\//;
/** No I/O and no state outside a test, so one process can run them all. */
const PURE = /^(machines|api\/contract)\//;
/** Folders of tests/ with a section of their own; everything else there is about the ground. */
const CROSSING = /^tests\/(e2e|security|reliability)\//;

const isTest = (file: string): boolean => file.endsWith('.test.ts');
/** A contract test is one that runs a suite shared by several implementations. */
const isContract = (file: string): boolean =>
  isTest(file) && ROOMS.test(file) && /from '[^']*\.testsuite(\.ts)?'/.test(readFileSync(file, 'utf8'));
const inFolder =
  (folder: string) =>
  (file: string): boolean =>
    isTest(file) && file.startsWith(folder);

const command = (id: string, about: string, program: readonly string[], needs?: string): Section => ({
  id,
  about,
  fast: true,
  beside: true,
  limitSeconds: 300,
  work: { kind: 'command', program, ...(needs === undefined ? {} : { needs }) },
});

const nodeTests = (
  id: string,
  about: string,
  takes: (file: string) => boolean,
  how: { isolation?: 'none'; fast?: boolean; alone?: boolean; limitSeconds?: number } = {},
): Section => ({
  id,
  about,
  fast: how.fast ?? true,
  beside: how.alone !== true,
  limitSeconds: how.limitSeconds ?? 600,
  work: { kind: 'node-test', takes, isolation: how.isolation ?? 'process' },
});

const modules = 'node_modules';
const cache = `${modules}/.cache`;

export const SECTIONS: readonly Section[] = [
  command('lint', 'ESLint', [
    `${modules}/eslint/bin/eslint.js`,
    '--cache',
    '--cache-strategy=content',
    `--cache-location=${cache}/eslint/`,
    '--max-warnings=0',
    '.',
  ]),
  nodeTests(
    'unit',
    'one room at a time',
    (file) => isTest(file) && ROOMS.test(file) && !PURE.test(file) && !isContract(file),
  ),
  command('types', 'tsc, the server side', [
    `${modules}/typescript/bin/tsc`,
    '-p',
    'tsconfig.json',
    '--incremental',
    '--tsBuildInfoFile',
    `${cache}/tsc.json`,
  ]),
  nodeTests(
    'pure',
    'machines and the contract',
    (file) => isTest(file) && PURE.test(file) && !isContract(file),
    { isolation: 'none' },
  ),
  nodeTests('contract', 'suites that each implementation of a port passes', isContract),
  command('format', 'Prettier', [
    `${modules}/prettier/bin/prettier.cjs`,
    '--check',
    '--log-level=warn',
    '--cache',
    `--cache-location=${cache}/prettier.json`,
    '.',
  ]),
  command(
    'console-types',
    'ngc, templates too',
    [`${modules}/@angular/compiler-cli/bundles/src/bin/ngc.js`, '-p', 'console/tsconfig.json', '--noEmit'],
    'console/tsconfig.json',
  ),
  command('imports', 'the import table', [
    `${modules}/dependency-cruiser/bin/dependency-cruiser.mjs`,
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type=err-long',
    ...['machines', 'engine', 'api', 'cli', 'console/src', 'tests'].filter((room) => existsSync(room)),
  ]),
  command('unused', 'knip: files, exports and packages that nothing uses', [`${modules}/knip/bin/knip.js`]),
  nodeTests(
    'ground',
    'what holds for the whole tree',
    (file) => isTest(file) && file.startsWith('tests/') && !CROSSING.test(file),
  ),
  {
    ...command('console-build', 'ng build', ['.ci/prepare.js', '--console'], 'angular.json'),
    fast: false,
  },
  {
    id: 'console',
    about: 'ng test, on vitest and jsdom',
    fast: false,
    beside: true,
    limitSeconds: 300,
    work: { kind: 'vitest', takes: (file) => /^console\/.*\.spec\.ts$/.test(file) },
  },
  nodeTests('e2e', 'daemon, CLI and a real browser', inFolder('tests/e2e/'), {
    fast: false,
    alone: true,
    limitSeconds: 900,
  }),
  nodeTests('security', 'the doors', inFolder('tests/security/'), { fast: false, alone: true }),
  nodeTests('reliability', 'kills, signals, lost events; the small counts', inFolder('tests/reliability/'), {
    fast: false,
    alone: true,
    limitSeconds: 900,
  }),
];
