import type { ControlPlaneTransport, Logger } from '@tenantry/messaging';
import type { Pool } from 'pg';

/** What the workers talk to participants through: a transport, and the connections that it and the relay use. */
export interface Bus {
  readonly pool: Pool;
  readonly transport: ControlPlaneTransport;
  readonly logger: Logger;
}

export const BUS = Symbol('BUS');
