import { waitFor } from '@tenantry/testing/servers';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unsettled } from '../chaos/reader/unsettled.ts';
import { queryAt } from './control-server.ts';
import { counts } from './counts.ts';
import { DrillTenants } from './drill-tenants.ts';
import { startDrillSystem, type DrillSystem } from './drill-system.ts';
import { RECOVERY_METHODS, type RecoveryMethod } from './recovery-methods.ts';

/** What a control plane ends with that is started on a restored database. */
const RESTORED = 79;
/** How long everything may take to be what the restored database wants. */
const RECONCILED_MS = 120_000;
const ENTRIES = ['main', 'main.api', 'main.worker'];

export interface DrillOptions {
  readonly transport: 'kafka' | 'embedded';
  readonly method: string;
  /** PostgreSQL's programs, of the major version that the tests run on. */
  readonly tools: string;
  readonly kafkaBrokers?: string | undefined;
  /** Told of each thing that was checked. */
  readonly report: (what: string, ok: boolean, detail?: string) => void;
}

/**
 * Saves the control plane's database, goes on, loses it, brings it back, and checks what is promised for that case. The data plane
 * serves throughout.
 */
export async function runDrill(options: DrillOptions): Promise<void> {
  const method = RECOVERY_METHODS[options.method]?.();
  if (!method) throw new Error(`there is no method ${options.method}`);
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-drill-'));
  // The server may have to run as another user, who must be able to pass.
  await chmod(folder, 0o711);
  try {
    const system = await startDrillSystem({ ...options, folder });
    try {
      await drill(system, method, options);
    } finally {
      await method.cleanUp?.();
      await system.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function drill(system: DrillSystem, method: RecoveryMethod, options: DrillOptions): Promise<void> {
  const { report } = options;
  const { server, database } = system;
  const tenants = new DrillTenants(system);
  const { kept, suspendedLater, reactivatedLater } = await tenants.before();
  await method.save(server, database);
  report('the database is saved', true, method.what);
  const { made } = await tenants.after();

  if (!method.keepsRunning) await system.stopControl();
  await method.recover(server, database);
  report('it is brought back', true);
  report('the data plane serves meanwhile', (await tenants.served(kept)) === 200);

  if (method.outcome === 'nothing lost') {
    await goesOn(system, options);
    report('what came after the backup is there', (await tenants.state(made)) === 'ACTIVE');
    report('suspensions are obeyed', await tenants.suspensionIsObeyed(kept));
    return;
  }
  if (method.outcome === 'lost') {
    await system.migrate();
    for (const entry of ENTRIES) {
      const { status, log } = await system.refusal(entry);
      const names = log.includes('main.migrate --raise-epoch');
      report(
        `${entry} refuses to start and names the command`,
        status === RESTORED && names,
        `status ${status}`,
      );
    }
  } else {
    await system.startControl();
    await waitFor(
      'the restore to be seen',
      async () => (await epochOf(system)).status === 'degraded',
      30_000,
    );
    await system.stopControl();
    const { status } = await system.refusal('main');
    report('the state channel shows it: nothing is sent, and no further start', status === RESTORED);
  }

  await system.migrate('--raise-epoch');
  const began = performance.now();
  await system.startControl();
  report('it starts after main.migrate --raise-epoch', (await epochOf(system)).epoch === 1);
  const open = await untilReconciled(system);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  report(
    'participants and routes reconcile themselves',
    open.length === 0,
    open.join('; ') || `${seconds} s`,
  );
  report(
    'what was active at the backup is served',
    (await tenants.becomes(kept, 200)) && (await tenants.becomes(suspendedLater, 200)),
  );
  report('what was suspended at the backup is kept out', await tenants.becomes(reactivatedLater, 403));
  report('suspensions after the restore are obeyed', await tenants.suspensionIsObeyed(kept));
  report('and reactivations', await tenants.reactivationIsObeyed(kept));
  for (const { what, found } of await counts(system)) report(what, found === 0, `${found}`);
  report('no tenant’s data was touched', await tenants.dataIsWhole());
}

/** A start is not refused, nobody was asked for anything, and what was sent was compared where it can be. */
async function goesOn(system: DrillSystem, { transport, report }: DrillOptions): Promise<void> {
  const identity = () =>
    queryAt<{ promoted: boolean; compared: boolean }>(
      system.adminUrls['control-plane'],
      `SELECT promoted_at IS NOT NULL AS promoted, compared_at IS NOT NULL AS compared FROM tenantry.database_identity`,
    );
  await waitFor('the promotion to be noted', async () => (await identity())[0]?.promoted, 60_000);
  if (transport === 'kafka')
    await waitFor('the state channel to be compared', async () => (await identity())[0]?.compared, 60_000);
  report('the promotion is noted, and nobody is asked', true);
  await system.stopControl();
  await system.startControl();
  const { status, epoch } = await epochOf(system);
  report('a start is not refused', status === 'ok' && epoch === 0);
}

async function epochOf({ control }: DrillSystem): Promise<{ status: string; epoch?: number }> {
  const { body } = await control.get<{ reports: { epoch: { status: string; epoch?: number } } }>('/healthz');
  return body.reports.epoch;
}

/** @returns what is still not as the database wants it, in words. */
async function untilReconciled({ adminUrls }: DrillSystem): Promise<string[]> {
  const sources = {
    controlPlaneUrl: adminUrls['control-plane'],
    dataPlaneUrl: adminUrls['data-plane'],
    verifierUrl: adminUrls.verifier,
  };
  let open = new Map<string, string>();
  await waitFor(
    'everything to be as the restored database wants it',
    async () => {
      open = await unsettled(sources);
      return open.size === 0;
    },
    RECONCILED_MS,
  ).catch(() => undefined);
  return [...open.values()];
}
