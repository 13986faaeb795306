import type { ControlPlaneTransport, Logger } from '@tenantry/messaging';
import type { Pool } from 'pg';
import type { BusReach } from './bus-reach.js';

/** What the workers talk to participants through: a transport, and the connections that it and the relay use. */
export interface Bus {
  readonly pool: Pool;
  readonly transport: ControlPlaneTransport;
  readonly logger: Logger;
  readonly reach: BusReach;
}

export const BUS = Symbol('BUS');
