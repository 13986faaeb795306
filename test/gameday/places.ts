import type { Place } from '../chaos/topology.ts';

/** Every part in a process of its own, so that each can be missing by itself. */
export const PLACES = {
  api: { name: 'api', role: 'api', app: 'control-plane', file: 'apps/control-plane/dist/main.api.js' },
  worker: {
    name: 'worker',
    role: 'worker',
    app: 'control-plane',
    file: 'apps/control-plane/dist/main.reconciler.js',
  },
  relay: {
    name: 'relay',
    role: 'relay',
    app: 'control-plane',
    file: 'apps/control-plane/dist/main.relay.js',
  },
  'data-plane': {
    name: 'data-plane',
    role: 'data-plane',
    app: 'data-plane',
    file: 'apps/data-plane/dist/main.js',
  },
  verifier: {
    name: 'verifier',
    role: 'verifier',
    app: 'verifier',
    file: 'apps/data-plane/dist/main.verify.js',
  },
} as const satisfies Readonly<Record<string, Place>>;

export type PlaceName = keyof typeof PLACES;
