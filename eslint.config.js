// ESLint: strict typed rules for every room; what the import table forbids is in .dependency-cruiser.cjs instead.
import eslint from '@eslint/js';
import angular from 'angular-eslint';
import tseslint from 'typescript-eslint';

const NO_DEFAULT_EXPORT = [
  {
    selector: 'ExportDefaultDeclaration',
    message: 'Name what you export: a default has another name in each file.',
  },
  {
    selector: 'ExportSpecifier[exported.name="default"]',
    message: 'Name what you export: a default has another name in each file.',
  },
];

/** What the plain JavaScript of .ci/ and cli/bin/ uses without importing it. */
const NODE_GLOBALS = [
  'process',
  'console',
  'URL',
  'Buffer',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
];

/** Tools that take what they need by a default export. */
const WITH_DEFAULT_EXPORT = ['eslint.config.js', '.ci/tally-reporter.ts', '**/*.config.ts'];

/** Tests and what is made for them. */
const TESTS = ['**/*.test*.ts', '**/*.spec.ts', '**/arbitraries.ts'];

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'coverage/', 'tests/artifacts/', '**/fixtures/'] },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          // node:test collects what these return by itself.
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'it', 'suite', 'describe'] },
          ],
        },
      ],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // It takes a flag that a callback sets for a constant, and a generic answer for a needless one.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          caughtErrorsIgnorePattern: '^_',
          destructuredArrayIgnorePattern: '^_',
          ignoreRestSiblings: true,
        },
      ],
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // Libraries name classes where they take any object of that shape.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // A port's implementation is async so that its errors are rejections, whether or not it waits for anything.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      eqeqeq: 'error',
      // Stripping control sequences from what agents say takes patterns that name them.
      'no-control-regex': 'off',
      'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
      'no-restricted-syntax': ['error', ...NO_DEFAULT_EXPORT],
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  {
    // setup({ types: {} as … }) is how a machine is typed; the rule takes the assertion for idle and strips it.
    files: ['machines/**/*.ts', 'console/**/*.ts'],
    rules: { '@typescript-eslint/no-unnecessary-type-assertion': 'off' },
  },
  {
    // Pure means: the same events give the same snapshot, on any day and any machine.
    files: ['machines/**/*.ts'],
    ignores: TESTS,
    rules: {
      'no-restricted-globals': [
        'error',
        'process',
        'setTimeout',
        'setInterval',
        'fetch',
        'crypto',
        'performance',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'A machine reads no clock: events carry `at`.' },
        { object: 'Math', property: 'random', message: 'A machine knows no chance: hash the key.' },
      ],
      'no-restricted-syntax': [
        'error',
        ...NO_DEFAULT_EXPORT,
        {
          selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
          message: 'A machine reads no clock: events carry `at`.',
        },
      ],
    },
  },
  {
    // What the ports give must come from nowhere else, or no simulator can take their place.
    files: ['engine/**/*.ts'],
    ignores: [...TESTS, 'engine/ports-node.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes from the Clock port.' },
        { object: 'Math', property: 'random', message: 'Chance comes from the Random port.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:crypto', 'crypto'].map((name) => ({
            name,
            importNames: ['randomUUID', 'randomBytes', 'randomInt'],
            message: 'Ids and chance come from their ports.',
          })),
        },
      ],
      'no-restricted-syntax': [
        'error',
        ...NO_DEFAULT_EXPORT,
        {
          selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
          message: 'Time comes from the Clock port.',
        },
      ],
    },
  },
  {
    // The server logs through its Log port; what is printed belongs to the CLI. An error nobody else can show may be.
    files: ['machines/**/*.ts', 'engine/**/*.ts', 'api/**/*.ts', 'console/**/*.ts'],
    rules: { 'no-console': ['error', { allow: ['error'] }] },
  },
  {
    // A test may hand a mock an empty function and write down what it knows about parsed JSON.
    files: [...TESTS, 'tests/**/*.ts'],
    rules: {
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['console/**/*.ts'],
    extends: [angular.configs.tsRecommended],
    processor: angular.processInlineTemplates,
    rules: {
      '@angular-eslint/component-selector': [
        'error',
        { type: 'element', prefix: ['am', 'app'], style: 'kebab-case' },
      ],
      // An Angular component may be a class with nothing but its decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
    },
  },
  {
    files: ['console/**/*.html'],
    extends: [angular.configs.templateRecommended, angular.configs.templateAccessibility],
  },
  {
    files: ['**/*.js', '**/*.cjs', '**/*.mjs'],
    languageOptions: {
      globals: {
        ...Object.fromEntries(NODE_GLOBALS.map((name) => [name, 'readonly'])),
      },
    },
    rules: { 'no-restricted-syntax': ['error', ...NO_DEFAULT_EXPORT] },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { module: 'writable', require: 'readonly' } },
  },
  { files: WITH_DEFAULT_EXPORT, rules: { 'no-restricted-syntax': 'off' } },
);
