import path from 'node:path';

/**
 * With what tests start a built program, of which they start hundreds. A larger young generation, and no source maps, which are read
 * for every file of every package, halve the processor time until it is loaded.
 */
export const NODE_FLAGS: readonly string[] = [
  // kafkajs makes timers of negative lengths, of which Node 24 warns.
  '--disable-warning=TimeoutNegativeWarning',
  '--min-semi-space-size=16',
];

/** Where Node keeps what it has compiled, for NODE_COMPILE_CACHE: hundreds of processes load the same files. */
export const COMPILE_CACHE = path.resolve(import.meta.dirname, '..', '..', '..', '.cache', 'compiled');
