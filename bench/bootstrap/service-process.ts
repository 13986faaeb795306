// A service that starts, tells what it saw, and ends. Its argument is a Task, its last line a Seen.
import { DataPlane } from '@tenantry/data-plane-kit';
import { createTransport } from '@tenantry/data-plane-kit/nest';
import { EXAMPLE_SERVICE, waitFor } from '@tenantry/testing';
import pg from 'pg';
import type { Seen, Task } from './watched-service.ts';

const PATIENCE_MS = 600_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const { tenants, databaseUrl, provisionerUrl, transport } = JSON.parse(process.argv[2] ?? '') as Task;
const service = { ...EXAMPLE_SERVICE };
const dataPlane = new DataPlane({
  service,
  databaseUrl,
  provisionerUrl,
  transport: createTransport(transport, service.name, silent),
  logger: silent,
  version: 'bench',
  orphanSweepIntervalMs: 0,
});
const startedAt = performance.now();
const seconds = (): number => (performance.now() - startedAt) / 1000;
await dataPlane.start();
await waitFor('every tenant to be known', async () => dataPlane.routeHealth.tenants === tenants, PATIENCE_MS);
const known = seconds();
const admin = new pg.Client({ connectionString: provisionerUrl });
await admin.connect();
await waitFor(
  'every tenant to be saved',
  async () => {
    const { rows } = await admin.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM tenantry.route_snapshot',
    );
    return rows[0]?.n === tenants;
  },
  PATIENCE_MS,
);
const saved = seconds();
await admin.end();
globalThis.gc?.();
const MIB = 1024 * 1024;
const seen: Seen = {
  seconds: known,
  savedSeconds: saved,
  peakMib: (process.resourceUsage().maxRSS * 1024) / MIB,
  heapMib: process.memoryUsage().heapUsed / MIB,
};
process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));
