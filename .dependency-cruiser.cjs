// The import table of ARCHITECTURE.md as rules. tests/ground/import-table.test.ts plants a violation of each.

const { BUNDLED_PACKAGES } = require('./.ci/cli-contents.js');

/** Tests and what is made for them (name.testsuite.ts and the like) may look anywhere; nothing may look at them. */
const TESTS = '(\\.(test[a-z]*|spec)|/arbitraries)\\.ts$';
const SERVER_LIBRARIES = '^node_modules/(@types/)?(express|kysely|better-sqlite3|@a2a-js|pino|bee-queue|pg)/';

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment:
        'Two files that need each other are one idea in two places, and neither can be read or tested alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere hides its target from every other rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'machines-are-pure',
      comment:
        'machines -> xstate, zod. The charts run in the daemon, in the console and in tests: no I/O, nothing of ours.',
      severity: 'error',
      from: { path: '^machines/', pathNot: TESTS },
      to: { pathNot: '^(machines|node_modules/(xstate|zod))/' },
    },
    {
      name: 'engine-knows-no-face',
      comment:
        'engine -> machines and libraries. It must run with no api around it: in tests, in a simulator, in a worker.',
      severity: 'error',
      from: { path: '^engine/', pathNot: TESTS },
      to: { path: '^(api|cli|console|tests|node_modules/(@types/)?express)/' },
    },
    {
      name: 'adapter-stands-alone',
      comment:
        'engine/agents/<make> -> the port, machines, libraries, and engine/processes, where local programs are started and ended: that must be right in one place, not in each adapter. An adapter is a folder that can be added or removed without touching another, the store or the runs.',
      severity: 'error',
      from: { path: '^engine/agents/([^/]+)/', pathNot: TESTS },
      to: { path: '^engine/', pathNot: '^engine/(agents/$1/|agents/adapter\\.ts$|ports\\.ts$|processes/)' },
    },
    {
      name: 'processes-know-no-adapter',
      comment:
        'engine/processes -> the port, machines, libraries. What every adapter for local programs uses must not lean on one of them, nor on the store or the runs.',
      severity: 'error',
      from: { path: '^engine/processes/', pathNot: TESTS },
      to: { path: '^engine/', pathNot: '^engine/(processes/|agents/adapter\\.ts$|ports\\.ts$)' },
    },
    {
      name: 'contract-loads-in-a-browser',
      comment:
        'api/contract -> machines and libraries that run in a browser. The console bundles it, so no node:*, no server, no engine.',
      severity: 'error',
      from: { path: '^api/contract/', pathNot: TESTS },
      to: {
        pathNot:
          '^(api/contract|machines|node_modules/(zod|xstate|eventsource-parser|@asteasolutions/zod-to-openapi))/',
      },
    },
    {
      name: 'api-uses-the-door',
      comment:
        'api -> engine/index and machines. What the engine is made of inside must be free to change without the api noticing.',
      severity: 'error',
      from: { path: '^api/', pathNot: TESTS },
      to: { path: '^(engine|cli|console)/', pathNot: '^engine/index\\.ts$' },
    },
    {
      name: 'api-has-no-database',
      comment:
        'A route that reads tables by itself would go round the one writer. The daemon holds only its lock file so, and kysely nowhere.',
      severity: 'error',
      from: { path: '^api/', pathNot: [TESTS, '^api/daemon/'] },
      to: { path: '^node_modules/(@types/)?(kysely|better-sqlite3)/' },
    },
    {
      name: 'cli-speaks-the-contract',
      comment:
        'cli -> api/contract, machines. The CLI is a client like any other. Only agentmeshd may start api/daemon.',
      severity: 'error',
      from: { path: '^cli/', pathNot: [TESTS, '^cli/(bin/)?agentmeshd'] },
      to: { path: '^(engine|api|console)/', pathNot: '^api/contract/' },
    },
    {
      name: 'agentmeshd-starts-the-daemon',
      comment: 'cli/agentmeshd -> api/daemon and what the rest of the CLI may import; nothing deeper.',
      severity: 'error',
      from: { path: '^cli/(bin/)?agentmeshd', pathNot: TESTS },
      to: { path: '^(engine|api|console)/', pathNot: '^api/(contract|daemon)/' },
    },
    {
      name: 'cli-starts-light',
      comment:
        'Not even by a detour: what agentmesh loads is paid for at each command, and a server is half a second.',
      severity: 'error',
      from: { path: '^cli/agentmesh\\.ts$' },
      to: { path: ['^engine/', '^api/(?!contract/)', SERVER_LIBRARIES], reachable: true },
    },
    {
      name: 'cli-brings-few-packages',
      comment:
        'cli -> the packages that are bundled with it. Help loads every command, so a larger package is imported where its command performs, by a folder of its own such as cli/mcp; a small one joins the list in .ci/cli-contents.js.',
      severity: 'error',
      from: { path: '^cli/', pathNot: [TESTS, '^cli/(demo/agents|testing|mcp)/'] },
      to: {
        path: `^node_modules/(?!(${BUNDLED_PACKAGES.join('|')})/)`,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'console-speaks-the-contract',
      comment: 'console -> api/contract, machines. The console is a client like any other.',
      severity: 'error',
      from: { path: '^console/', pathNot: TESTS },
      to: { path: '^(engine|api|cli)/', pathNot: '^api/contract/' },
    },
    {
      name: 'console-runs-in-a-browser',
      comment: 'node:* does not exist where the console runs.',
      severity: 'error',
      from: { path: '^console/', pathNot: TESTS },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pages-stand-alone',
      comment:
        'console/pages/<page> -> data, ui, util. A page is loaded and thrown away alone; what two share has a name and a place in ui or data.',
      severity: 'error',
      from: { path: '^console/src/app/pages/([^/]+)/', pathNot: TESTS },
      to: { path: '^console/src/app/pages/([^/]+)/', pathNot: '^console/src/app/pages/$1/' },
    },
    {
      name: 'below-the-pages',
      comment: 'console data, ui and util are what pages are made of, so they know none.',
      severity: 'error',
      from: { path: '^console/src/app/(data|ui|util)/', pathNot: TESTS },
      to: { path: '^console/src/app/(pages|shell)/' },
    },
    {
      name: 'sample-agents-are-programs',
      comment:
        'cli/demo/agents/<name> is started, never imported: it must be as foreign as an agent of a user.',
      severity: 'error',
      from: { pathNot: ['^cli/demo/agents/', '^tests/', TESTS] },
      to: { path: '^cli/demo/agents/[^/]+/' },
    },
    {
      name: 'nothing-needs-tests',
      comment: 'Production code runs without tests/, *.test.ts and *.testsuite.ts.',
      severity: 'error',
      from: { path: '^(machines|engine|api|cli|console)/', pathNot: TESTS },
      to: { path: ['^tests/', TESTS] },
    },
    {
      name: 'no-development-packages',
      comment: 'npm ci --omit=dev must give a daemon and a CLI that start.',
      severity: 'error',
      from: { path: '^(machines|engine|api|cli)/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules' },
    exclude: { path: ['^dist/', '/fixtures/', '^tests/artifacts/'] },
    tsConfig: { fileName: 'tsconfig.json' },
    // A type is an import like any other: whoever needs its shape depends on it.
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.d.ts'],
    },
  },
};
