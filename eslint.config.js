import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * The journey. A module may import `core`, `stats` and whatever stands to its left, through `index.ts` alone.
 * This array is the one place where the order is written; the rules below are generated from it.
 */
export const JOURNEY = [
  'sources',
  'lake',
  'sentiment',
  'features',
  'models',
  'registry',
  'prediction',
  'experiments',
  'monitoring',
  'retraining',
  'audit',
  'serving',
];

/** Importable from everywhere. `stats` itself imports nothing, `core` only `stats`. */
export const FOUNDATION = ['core', 'stats'];

const ENTRY_FILES = ['compose', 'run-window', 'jobs', 'cli', 'server', 'worker'];

/**
 * What a module must not import: any module to its right, entry files, and the inside of any other module.
 * @param {string} name
 * @param {string[]} forbidden
 */
function importRule(name, forbidden) {
  const others = [...FOUNDATION, ...JOURNEY].filter((other) => other !== name);
  return {
    files: [`src/${name}/**/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...(forbidden.length === 0
              ? []
              : [
                  {
                    regex: `^(\\.\\./)+(${forbidden.join('|')})/`,
                    message: `${name} imports only what stands to its left in the journey (see eslint.config.js).`,
                  },
                ]),
            {
              regex: `^(\\.\\./)+(${others.join('|')})/(?!index\\.ts$)`,
              message: 'Import another module through its index.ts.',
            },
            {
              regex: `^(\\.\\./)+(${ENTRY_FILES.join('|')})\\.ts$`,
              message: 'Nobody imports the entry files.',
            },
          ],
        },
      ],
    },
  };
}

const orderRules = [
  importRule('stats', ['core', ...JOURNEY]),
  importRule('core', JOURNEY),
  ...JOURNEY.map((name, place) => importRule(name, JOURNEY.slice(place + 1))),
];

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      'dashboard/.next',
      'dashboard/out',
      'dashboard/next-env.d.ts',
      'coverage',
      '.bellwether',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts', '**/*.tsx'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'No enum: use a union of strings.' },
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
      ],
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 80 }],
      'max-params': ['error', 3],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts', '**/*.contract.ts', 'bench/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['dashboard/app/**', 'dashboard/*.ts', '*.config.ts', 'vitest.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  { files: ['src/cli.ts', 'src/server.ts', 'src/worker.ts', 'bench/run.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  ...orderRules,
);
