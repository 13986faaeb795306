import tseslint from 'typescript-eslint';

/** A suite or test that only runs alone, or never, hides all others or itself. */
const FOCUS = ['only', 'skip', 'todo'].flatMap((word) =>
  ['describe', 'it', 'test'].map((object) => ({
    selector: `CallExpression[callee.object.name='${object}'][callee.property.name='${word}']`,
    message: `No ${object}.${word}: fix the test or remove it.`,
  })),
);

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.tenantry/**', '.cache/**', 'coverage/**'] },
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-unused-vars': 'error',
      'no-fallthrough': 'error',
      'no-unsafe-finally': 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-dupe-keys': 'error',
      'no-unreachable': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: 'tsconfig.check.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'no-unused-vars': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, argsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Types of kafkajs and of our own ports declare methods where functions are meant.
      '@typescript-eslint/unbound-method': 'off',
      // `LifecycleType | string` names what is usual among what is possible.
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      // An implementation of a port is async whether or not it has something to await.
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': [
        'error',
        ...FOCUS,
        { selector: 'ExportAllDeclaration', message: 'An entry file names each of its exports.' },
      ],
      'no-console': 'error',
    },
  },
  {
    files: ['libs/*/src/**/*.ts', 'apps/*/src/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/testing/**', 'libs/testing/**', '**/config.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: "Only an app's config.ts reads the environment." },
      ],
    },
  },
  {
    // Bodies of answers and rows of queries are looked at as they are.
    files: ['**/*.spec.ts', '**/testing/**', 'test/**'],
    rules: Object.fromEntries(
      ['argument', 'assignment', 'call', 'member-access', 'return'].map((use) => [
        `@typescript-eslint/no-unsafe-${use}`,
        'off',
      ]),
    ),
  },
);
