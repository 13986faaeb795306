import type { Capability } from '@tenantry/contracts';
import type { FactAppliers, Logger, ParticipantTransport } from '@tenantry/messaging';
import type { Pool } from 'pg';
import { type MaintenanceClusters, oneCluster } from '../clusters/maintenance-clusters.js';
import type { TenantLogins } from '../credentials/tenant-logins.js';
import type { ServiceDefinition } from '../service-definition.js';
import type { FenceTimes } from './fence-writer.js';
import { ParticipantLoop, type ParticipantLoopOptions } from './participant-loop.js';
import { createRequestHandler } from './request-handler.js';

/** What the kit can be asked for. */
const CAPABILITIES: readonly Capability[] = ['provision', 'suspend', 'reactivate', 'purge'];

export interface ParticipantRunnerOptions {
  readonly service: ServiceDefinition;
  readonly transport: ParticipantTransport;
  /** Of the provisioning login, for inbox and answers. */
  readonly pool: Pool;
  /** Of the provisioning login over direct connections, for the requests; at least `concurrency` connections. */
  readonly maintenancePool: Pool;
  /** The clusters that tenants may be placed on. Default: that of the maintenance pool, by the name `default`. */
  readonly clusters?: MaintenanceClusters;
  /** For tenants with databases of their own. Default: none, and such tenants are refused. */
  readonly tenantLogins?: TenantLogins | undefined;
  readonly logger: Logger;
  /** What the heartbeat names. */
  readonly version: string;
  /** How many tenants are worked at once. Default: 4. */
  readonly concurrency?: number;
  /** What the service does with facts, each in the transaction of its position. Default: nothing. */
  readonly facts?: FactAppliers;
  /** What the service does with a tenant's state record when events of it were missed. Default: nothing. */
  readonly reloading?: ParticipantLoopOptions['reloading'];
  readonly fenceTimes?: FenceTimes;
}

/** Makes a service a participant that provisions, suspends, reactivates and purges. */
export class ParticipantRunner {
  private readonly loop: ParticipantLoop;

  constructor({
    service,
    transport,
    pool,
    maintenancePool,
    clusters = oneCluster(maintenancePool),
    tenantLogins,
    logger,
    version,
    concurrency = 4,
    facts = {},
    reloading,
    fenceTimes,
  }: ParticipantRunnerOptions) {
    this.loop = new ParticipantLoop({
      participant: service.name,
      registration: { capabilities: CAPABILITIES, stores: [service.store], version },
      transport,
      pool,
      logger,
      concurrency,
      facts,
      ...(reloading && { reloading }),
      handler: createRequestHandler({
        service,
        pool: maintenancePool,
        clusters,
        tenantLogins,
        logger,
        ...(fenceTimes && { fenceTimes }),
      }),
    });
  }

  start(): void {
    this.loop.start();
  }

  /** Takes nothing new, finishes or hands back what runs, and sends the answers that are there. */
  stop(): Promise<void> {
    return this.loop.stop();
  }
}
