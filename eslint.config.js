import js from '@eslint/js';
import boundaries from 'eslint-plugin-boundaries';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The arrows of the house (docs/architecture.md): which folder may import which. A folder may always import itself;
 * anything that is not listed here is an error. Tests beside the code are free.
 */
const ARROWS = {
  base: [],
  state: ['base'],
  contract: ['base'],
  backends: ['base'],
  formats: ['base', 'backends'],
  memory: ['base', 'state'],
  bus: ['base', 'state', 'backends', 'memory'],
  isa: ['base'],
  wasm: ['base'],
  cpu: ['base', 'state', 'memory', 'bus', 'isa', 'wasm'],
  devices: ['base', 'state', 'backends', 'memory', 'bus'],
  firmware: ['base', 'state', 'backends', 'memory', 'bus', 'devices'],
  snapshot: ['base', 'state', 'memory'],
  store: ['base', 'backends', 'formats', 'snapshot'],
  net: ['base', 'backends'],
  machine: [
    'base',
    'state',
    'backends',
    'memory',
    'bus',
    'isa',
    'wasm',
    'cpu',
    'devices',
    'firmware',
    'snapshot',
    'net',
  ],
};
const CORE = Object.keys(ARROWS);
/** The hosts of the core. Services know neither shell; the preload script knows the contract alone. */
const MAIN = ['app', 'services', 'ipc', 'preload', 'vm-host', 'web', 'cli'];
const MAIN_ARROWS = {
  app: [...CORE, 'app', 'services', 'ipc', 'preload', 'vm-host', 'web'],
  services: [...CORE, 'services', 'vm-host'],
  ipc: [...CORE, 'ipc', 'services'],
  preload: ['contract'],
  'vm-host': [...CORE, 'vm-host'],
  web: [...CORE, 'web', 'services', 'ipc', 'vm-host'],
  cli: [...CORE, 'cli', 'services', 'ipc', 'vm-host', 'web'],
};

const core = (name) => `core/${name}`;
const policies = [
  ...CORE.map((from) => ({ from: core(from), to: [from, ...ARROWS[from]].map(core) })),
  ...MAIN.map((from) => ({
    from: `main/${from}`,
    to: [`main/${from}`, ...MAIN_ARROWS[from].map((name) => (MAIN.includes(name) ? `main/${name}` : core(name)))],
  })),
  { from: 'renderer', to: ['renderer', core('contract')] },
].map(({ from, to }) => ({
  from: { element: { type: from } },
  allow: { to: { element: { types: { anyOf: to } } } },
}));

const TESTS = ['**/*.test.ts', '**/*.test.tsx', '**/*.fixture.ts', '**/testing/**', 'test/**'];

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'release/', '.cache/', 'test-results/', 'test/fixtures/**/*.js'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A TextDecoder of bytes below 20h and tables of control characters are this program's trade.
      'no-control-regex': 'off',
      eqeqeq: ['error', 'always'],
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'URL', 'performance', 'setTimeout', 'clearTimeout'].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['core/runtime.d.ts'],
    ...tseslint.configs.disableTypeChecked,
    rules: {
      ...tseslint.configs.disableTypeChecked.rules,
      // It repeats the standard's own declarations.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-function-type': 'off',
    },
  },

  // The arrows.
  {
    files: ['core/**/*.ts', 'main/**/*.ts', 'renderer/**/*.{ts,tsx}'],
    ignores: TESTS,
    plugins: { boundaries, 'import-x': importX },
    settings: {
      'boundaries/elements': [...CORE.map(core), ...MAIN.map((name) => `main/${name}`), 'renderer'].map((type) => ({
        type,
        pattern: type,
      })),
      'boundaries/root-path': import.meta.dirname,
      'import/resolver': { node: { extensions: ['.ts', '.tsx'] } },
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
      'import-x/extensions': ['.ts', '.tsx'],
      'import-x/resolver': { node: { extensions: ['.ts', '.tsx'] } },
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [...policies, { allow: { to: { module: { origin: ['external', 'core'] } } } }],
        },
      ],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
    },
  },

  // What the core may reach: itself and the language.
  {
    files: ['core/**/*.ts'],
    ignores: [...TESTS, 'core/store/**', 'core/formats/file-*.ts', 'core/contract/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^[^.]',
              message: 'The core imports nothing from outside: time, disks, networks and screens are backends.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['core/contract/**/*.ts'],
    ignores: TESTS,
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(?!zod$)[^.]', message: 'The contract imports zod alone.' }] },
      ],
    },
  },
  {
    files: ['core/store/**/*.ts', 'core/formats/file-*.ts'],
    ignores: TESTS,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!node:|better-sqlite3$)[^.]',
              message: "The store and the formats' file source reach node:* and better-sqlite3, nothing else.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ['core/**/*.ts'],
    ignores: [...TESTS, 'core/store/**', 'core/formats/file-*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'crypto'].map((name) => ({
          name,
          message: 'The core knows no wall clock and no random source: take a backend.',
        })),
        ...['process', 'Buffer', 'require', 'window', 'document', 'navigator', 'console', 'fetch'].map((name) => ({
          name,
          message: 'The core knows neither Node nor a browser: take a backend.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Chance reaches the core through Entropy.' },
        { object: 'Date', property: 'now', message: 'Time reaches the core through a clock.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Time reaches the core through a clock.',
        },
      ],
    },
  },

  // Electron stays in its shell; the same services serve a browser.
  {
    files: ['main/**/*.ts'],
    ignores: [...TESTS, 'main/app/**', 'main/preload/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^electron($|/)', message: 'Only main/app and main/preload know Electron.' }] },
      ],
    },
  },
  {
    files: ['renderer/**/*.{ts,tsx}'],
    ignores: TESTS,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^(node:|electron($|/))', message: 'The interface knows a browser and the contract alone.' },
          ],
        },
      ],
    },
  },
);
