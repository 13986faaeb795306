import type { Place } from '../chaos/topology.ts';

/** Two of whatever requests or tenants are shared among, and the verifier, whose work waits while it is away. */
export const PLACES: readonly Place[] = [
  ...[1, 2].flatMap((n): Place[] => [
    { name: `api-${n}`, role: 'api', app: 'control-plane', file: 'apps/control-plane/dist/main.api.js' },
    {
      name: `worker-${n}`,
      role: 'worker',
      app: 'control-plane',
      file: 'apps/control-plane/dist/main.worker.js',
    },
    { name: `data-plane-${n}`, role: 'data-plane', app: 'data-plane', file: 'apps/data-plane/dist/main.js' },
  ]),
  { name: 'verifier', role: 'verifier', app: 'verifier', file: 'apps/data-plane/dist/main.verify.js' },
];
