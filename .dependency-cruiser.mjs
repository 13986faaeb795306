/** Who may import whom (docs/adr and the house style say why). Every rule has a seeded violation in scripts/check/import-rule-seeds.mjs. */

/** What each lib may import of the others; testing may import them all. */
const LIBS = {
  kernel: [],
  contracts: ['kernel'],
  database: ['kernel'],
  'isolation-audit': ['kernel', 'database'],
  messaging: ['kernel', 'contracts', 'database'],
  service: ['kernel', 'database', 'messaging'],
  'data-plane-kit': ['kernel', 'contracts', 'database', 'isolation-audit', 'messaging', 'service'],
};
const APPS = {
  'control-plane': ['kernel', 'contracts', 'database', 'messaging', 'service'],
  'data-plane': ['contracts', 'service', 'data-plane-kit'],
};

const TEST_CODE = '(\\.spec\\.ts$|/testing/)';

const mayImport = (kind, name, others) => {
  const rule = (ruleName, from, allowed) => ({
    name: ruleName,
    comment: `${name} may import ${others.join(', ') || 'no other lib'}; its tests also testing.`,
    severity: 'error',
    from,
    to: { path: '^libs/', pathNot: `^libs/(${allowed.join('|')})/` },
  });
  return [
    rule(`${name}-imports`, { path: `^${kind}/${name}/src/`, pathNot: TEST_CODE }, [name, ...others]),
    rule(`${name}-tests-import`, { path: `^${kind}/${name}/src/.*${TEST_CODE}` }, [
      name,
      'testing',
      ...others,
    ]),
  ];
};

const withoutNest =
  '^libs/(kernel|contracts|database|isolation-audit|messaging)/|^libs/data-plane-kit/src/(?!nest(\\.ts$|/))';

export default {
  forbidden: [
    ...Object.entries(LIBS).flatMap(([name, others]) => mayImport('libs', name, others)),
    ...Object.entries(APPS).flatMap(([name, others]) => mayImport('apps', name, others)),
    {
      name: 'tests-apart',
      comment: 'Only tests import test code.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: `${TEST_CODE}|^libs/testing/` },
      to: { path: TEST_CODE },
    },
    {
      name: 'apps-apart',
      comment: 'Apps meet on HTTP and Kafka; nothing imports an app but itself.',
      severity: 'error',
      from: { path: '^(libs/[^/]+|apps/[^/]+|test)/' },
      to: { path: '^apps/', pathNot: '^$1/' },
    },
    {
      name: 'by-package-name',
      comment: 'A lib is entered by its package name, never by a path into it.',
      severity: 'error',
      from: { path: '^(libs/[^/]+|apps/[^/]+|test)/' },
      to: { path: '^libs/', pathNot: '^$1/', dependencyTypesNot: ['aliased-tsconfig'] },
    },
    {
      name: 'kit-core-without-service',
      comment: "Only the kit's entry for Nest knows Nest's glue.",
      severity: 'error',
      from: {
        path: '^libs/data-plane-kit/src/',
        pathNot: '^libs/data-plane-kit/src/nest(\\.ts$|/)|\\.spec\\.ts$',
      },
      to: { path: '^libs/service/|^libs/data-plane-kit/src/nest/' },
    },
    {
      name: 'verifier-apart',
      comment:
        'What verifies a purge shares nothing with what purges, only connections and the loop of a participant.',
      severity: 'error',
      from: { path: '^libs/data-plane-kit/src/verifier/', pathNot: '\\.spec\\.ts$' },
      to: {
        path: '^libs/data-plane-kit/src/',
        pathNot:
          '^libs/data-plane-kit/src/(verifier/|participant/participant-loop\\.ts$|(timed-client|database-pool|install-kit)\\.ts$)',
      },
    },
    {
      name: 'plain-libs-without-nest',
      comment: 'These are for services of any framework.',
      severity: 'error',
      from: { path: withoutNest, pathNot: '\\.spec\\.ts$' },
      to: { path: 'node_modules/@nestjs/' },
    },
    {
      name: 'typeorm-behind-stores',
      comment:
        "Commands, queries, controllers, views and rules reach the database through stores and read models; the kit's adapters are for services' own.",
      severity: 'error',
      from: {
        path: '^(libs|apps)/',
        pathNot: `^libs/data-plane-kit/src/(typeorm|drizzle)/|^apps/control-plane/src/(app\\.module\\.ts$|database/|migrations/|.*(\\.(entity|store|read-model|receiver)|-(worker|authenticator))\\.ts$)|${TEST_CODE}`,
      },
      to: { path: 'node_modules/(typeorm|@nestjs/typeorm|drizzle-orm)/' },
    },
    {
      name: 'no-cycles',
      comment: 'Type imports included.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'only-declared-packages',
      comment: "What a lib or app imports stands in its own package.json (its tests also have the root's).",
      severity: 'error',
      from: { path: '^(libs|apps)/[^/]+/src/', pathNot: TEST_CODE },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.check.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
