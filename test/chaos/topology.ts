import type { AppName } from '@tenantry/testing/servers';

/** What a process is for. */
export type Role = 'api' | 'worker' | 'relay' | 'data-plane' | 'verifier';

/** The place of one process, which is started again whenever it ends. */
export interface Place {
  readonly name: string;
  readonly role: Role;
  readonly app: AppName;
  /** What is run, below the root of a build. */
  readonly file: string;
}

/** One API and one verifier, and two of everything else that shares its work by leases. */
export const PLACES: readonly Place[] = [
  { name: 'api', role: 'api', app: 'control-plane', file: 'apps/control-plane/dist/main.api.js' },
  { name: 'verifier', role: 'verifier', app: 'verifier', file: 'apps/data-plane/dist/main.verify.js' },
  ...[1, 2].flatMap((n): Place[] => [
    {
      name: `worker-${n}`,
      role: 'worker',
      app: 'control-plane',
      file: 'apps/control-plane/dist/main.reconciler.js',
    },
    {
      name: `relay-${n}`,
      role: 'relay',
      app: 'control-plane',
      file: 'apps/control-plane/dist/main.relay.js',
    },
    { name: `data-plane-${n}`, role: 'data-plane', app: 'data-plane', file: 'apps/data-plane/dist/main.js' },
  ]),
];

/** What prepares the database of an app, below the root of a build. */
export const MIGRATIONS: Readonly<Record<AppName, string>> = {
  'control-plane': 'apps/control-plane/dist/main.migrate.js',
  'data-plane': 'apps/data-plane/dist/main.migrate.js',
  verifier: 'apps/data-plane/dist/main.verify-migrate.js',
};

/** Which places talk to Kafka. */
export function usesKafka({ role }: Place): boolean {
  return role !== 'api';
}
