/** For each rule of .dependency-cruiser.mjs a file that breaks it, with what it imports (written beside it when missing). */
const nothing = 'export {};\n';

const importing = (specifier) => `import '${specifier}';\n`;

/** What a lib or app must not import, and its tests must not either. */
const FORBIDDEN_LIB = {
  'libs/kernel': 'contracts',
  'libs/contracts': 'database',
  'libs/database': 'contracts',
  'libs/isolation-audit': 'contracts',
  'libs/messaging': 'service',
  'libs/service': 'contracts',
  'libs/data-plane-kit': 'testing',
  'apps/control-plane': 'data-plane-kit',
  'apps/data-plane': 'messaging',
};

export const SEEDS = [
  ...Object.entries(FORBIDDEN_LIB).flatMap(([folder, lib]) => {
    const name = folder.split('/')[1];
    return [
      { rule: `${name}-imports`, file: `${folder}/src/seed-a.ts`, content: importing(`@tenantry/${lib}`) },
      ...(lib === 'testing'
        ? []
        : [
            {
              rule: `${name}-tests-import`,
              file: `${folder}/src/seed-a.spec.ts`,
              content: importing(`@tenantry/${lib}`),
            },
          ]),
    ];
  }),
  {
    rule: 'data-plane-kit-tests-import',
    file: 'libs/data-plane-kit/src/seed-a.spec.ts',
    content: importing('@tenantry/console'),
  },
  { rule: 'tests-apart', file: 'libs/messaging/src/seed-b.ts', content: importing('./seed-b.spec.js') },
  { rule: 'apps-apart', file: 'test/seed-c.e2e.ts', content: importing('../apps/data-plane/src/seed-d.js') },
  {
    rule: 'by-package-name',
    file: 'apps/data-plane/src/seed-e.ts',
    content: importing('../../../libs/contracts/src/seed-e.js'),
  },
  {
    rule: 'kit-core-without-service',
    file: 'libs/data-plane-kit/src/seed-f.ts',
    content: importing('@tenantry/service'),
  },
  {
    rule: 'verifier-apart',
    file: 'libs/data-plane-kit/src/verifier/seed-m.ts',
    content: importing('../participant/seed-n.js'),
  },
  {
    rule: 'plain-libs-without-nest',
    file: 'libs/messaging/src/seed-g.ts',
    content: importing('@nestjs/common'),
  },
  {
    rule: 'typeorm-behind-stores',
    file: 'apps/control-plane/src/tenants/seed-h.command.ts',
    content: importing('typeorm'),
  },
  {
    rule: 'no-cycles',
    file: 'libs/kernel/src/seed-i.ts',
    content: "import type { J } from './seed-j.js';\nexport type I = J;\n",
  },
  { rule: 'only-declared-packages', file: 'libs/kernel/src/seed-k.ts', content: importing('pg') },
  { rule: 'resolvable', file: 'libs/kernel/src/seed-l.ts', content: importing('./nowhere.js') },
];

/** Files that the seeds need but that break nothing of themselves. */
export const SURROUNDINGS = {
  ...Object.fromEntries(
    ['kernel', 'contracts', 'database', 'messaging', 'service', 'data-plane-kit', 'testing', 'console'].map(
      (lib) => [`libs/${lib}/src/index.ts`, nothing],
    ),
  ),
  'libs/messaging/src/seed-b.spec.ts': nothing,
  'libs/data-plane-kit/src/participant/seed-n.ts': nothing,
  'apps/data-plane/src/seed-d.ts': nothing,
  'libs/contracts/src/seed-e.ts': nothing,
  'libs/kernel/src/seed-j.ts': "import type { I } from './seed-i.js';\nexport type J = I | undefined;\n",
};
