import { randomBytes } from 'node:crypto';

// One prefix per run for the databases that libs/testing makes, so that the tear-down can drop what is left of them.
process.env.TEST_DATABASE_PREFIX ??= `tnt_test_${randomBytes(4).toString('hex')}_`;

const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@tenantry/data-plane-kit/nest$': '<rootDir>/libs/data-plane-kit/src/nest.ts',
    '^@tenantry/data-plane-kit/typeorm$': '<rootDir>/libs/data-plane-kit/src/typeorm.ts',
    '^@tenantry/data-plane-kit/drizzle$': '<rootDir>/libs/data-plane-kit/src/drizzle.ts',
    '^@tenantry/testing/servers$': '<rootDir>/libs/testing/src/servers.ts',
    '^@tenantry/testing/isolation$': '<rootDir>/libs/testing/src/isolation/index.ts',
    '^@tenantry/testing/conformance$': '<rootDir>/libs/testing/src/conformance/index.ts',
    '^@tenantry/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/(libs|apps)/[^/]+/dist/', '<rootDir>/\\.tenantry/'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2024',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};

/**
 * Suites: `jest --selectProjects unit|db|e2e|long|helm`. What all but unit need (servers, tools) is started by scripts/test.mjs and
 * scripts/test-helm.mjs.
 */
export default {
  testTimeout: 30_000,
  // One more than two processors: much of what is tested is waiting for a lease, a session or a restart.
  maxWorkers: 3,
  // On a busy machine half a second, which is the default, is too short to tell a slow exit from something left open.
  workerGracefulExitTimeout: 10_000,
  testSequencer: `${import.meta.dirname}/scripts/test/longest-first.mjs`,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{libs,apps}/*/src/**/*.spec.ts', '<rootDir>/scripts/**/*.spec.mjs'],
      testPathIgnorePatterns: ['\\.(db|long)\\.spec\\.ts$'],
    },
    {
      ...shared,
      displayName: 'db',
      testMatch: ['<rootDir>/{libs,apps}/*/src/**/*.db.spec.ts'],
      globalTeardown: '<rootDir>/libs/testing/src/drop-test-databases.ts',
    },
    {
      ...shared,
      displayName: 'e2e',
      testEnvironment: '<rootDir>/libs/testing/jest-environment.mjs',
      testMatch: ['<rootDir>/test/**/*.e2e.ts'],
      testPathIgnorePatterns: ['\\.long\\.e2e\\.ts$'],
      globalTeardown: '<rootDir>/libs/testing/src/drop-test-databases.ts',
    },
    {
      ...shared,
      displayName: 'long',
      testEnvironment: '<rootDir>/libs/testing/jest-environment.mjs',
      testMatch: ['<rootDir>/libs/*/src/**/*.long.spec.ts', '<rootDir>/test/**/*.long.e2e.ts'],
      globalTeardown: '<rootDir>/libs/testing/src/drop-test-databases.ts',
    },
    {
      ...shared,
      displayName: 'helm',
      testEnvironment: '<rootDir>/libs/testing/jest-environment.mjs',
      testMatch: ['<rootDir>/test/helm/**/*.spec.ts'],
      globalTeardown: '<rootDir>/libs/testing/src/drop-test-databases.ts',
    },
  ],
};
