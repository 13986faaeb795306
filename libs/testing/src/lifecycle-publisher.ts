import type { RequestType, RouteRecord, StateRecord } from '@tenantry/contracts';
import { pgExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { Outbox, Relay, createEmbeddedControlPlaneTransport, type Logger } from '@tenantry/messaging';
import { Pool } from 'pg';
import type { BusDatabase } from './bus-database.js';

/** What a participant is to be asked about a tenant, and what the world is told of it at the same time. */
export interface Asked {
  readonly tenantId: string;
  readonly isolation: 'pooled' | 'schema';
  /** The tenant's schema in the schema model. */
  readonly schema: string | null;
  readonly type: RequestType;
  readonly state: StateRecord['state'];
  readonly access: RouteRecord['access'];
}

/** The sending half of a control plane: real outbox, relay and embedded transport, and no rules at all. */
export class LifecyclePublisher {
  private readonly pool: Pool;
  private readonly relay: Relay;
  private readonly outbox = new Outbox();
  private readonly generations = new Map<string, number>();

  constructor(
    bus: BusDatabase,
    private readonly participant: string,
    logger: Logger,
  ) {
    this.pool = new Pool({ connectionString: bus.controlUrl, max: 12 });
    const transport = createEmbeddedControlPlaneTransport({ pool: this.pool, logger });
    this.relay = new Relay({ pool: this.pool, transport, logger });
    this.relay.start();
  }

  /** Publishes one request with the tenant's next generation, and the state record that goes with it. */
  async ask({ tenantId, isolation, schema, type, state, access }: Asked): Promise<void> {
    const generation = (this.generations.get(tenantId) ?? 0) + 1;
    this.generations.set(tenantId, generation);
    const placement = { store: 'primary', isolation, cluster: 'default', database: null, schema };
    const desired = DESIRED[type];
    const sql = pgExecutor(this.pool);
    await this.outbox.enqueueTx(sql, [
      {
        tenantId,
        tenantSeq: String(generation),
        generation,
        type,
        data: {
          operationId: newId(),
          generation,
          attempt: 1,
          participants: [this.participant],
          desired,
          placements: [placement],
        },
      },
    ]);
    await this.outbox.saveStateTx(sql, {
      tenantId,
      slug: `t-${tenantId}`,
      state,
      plan: 'standard',
      region: 'default',
      isolation,
      generation,
      version: generation,
      tenantSeq: String(generation),
      routes: [{ ...placement, access, generation, revision: generation }],
      updatedAt: new Date().toISOString(),
    });
    this.relay.wake();
  }

  async stop(): Promise<void> {
    await this.relay.stop();
    await this.pool.end();
  }
}

const DESIRED = {
  'tenant.provisioning_requested.v1': 'active',
  'tenant.suspension_requested.v1': 'suspended',
  'tenant.reactivation_requested.v1': 'active',
  'tenant.purge_requested.v1': 'purged',
  'tenant.verification_requested.v1': 'purged',
} as const satisfies Record<RequestType, string>;
