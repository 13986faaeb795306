import type { DataPlaneTransport } from '@tenantry/data-plane-kit/nest';
import { kitDatabase } from '@tenantry/testing';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** What the process may keep on its heap, in MiB: it ends if it needs more. */
export const HEAP_MIB = 256;

/** What was seen of one start. */
export interface Seen {
  /** From the start until every tenant is known. */
  readonly seconds: number;
  /** From the start until every tenant is in the snapshot. */
  readonly savedSeconds: number;
  /** The most memory that the process had, of everything. */
  readonly peakMib: number;
  /** What it keeps on the heap afterwards. */
  readonly heapMib: number;
}

/** What the process is told. */
export interface Task {
  readonly tenants: number;
  readonly databaseUrl: string;
  readonly provisionerUrl: string;
  readonly transport: DataPlaneTransport;
}

/** A service with a database of its own, each of whose runs is a process of its own, so that its memory is its alone. */
export async function watchedService(tenants: number): Promise<{
  run(transport: DataPlaneTransport): Promise<Seen>;
  remove(): Promise<void>;
}> {
  const database = await kitDatabase();
  return {
    run: (transport) =>
      runProcess({
        tenants,
        databaseUrl: database.appUrl,
        provisionerUrl: database.provisionerUrl,
        transport,
      }),
    remove: () => database.drop(),
  };
}

async function runProcess(task: Task): Promise<Seen> {
  const entry = fileURLToPath(new URL('./service-process.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [
      '--expose-gc',
      `--max-old-space-size=${HEAP_MIB}`,
      '--disable-warning=TimeoutNegativeWarning',
      entry,
      JSON.stringify(task),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const output = await text(child.stdout);
  const seen = output.trim().split('\n').at(-1);
  if (!seen) throw new Error('the service ended without a result');
  return JSON.parse(seen) as Seen;
}
