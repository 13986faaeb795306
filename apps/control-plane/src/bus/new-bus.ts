import {
  createEmbeddedControlPlaneTransport,
  createKafkaControlPlaneTransport,
  type Logger,
} from '@tenantry/messaging';
import type { Config } from '../config.js';
import { CONNECTION_LIMITS } from '../database/connection-limits.js';
import { MeasuredPool } from '../database/measured-pool.js';
import type { BusReach } from './bus-reach.js';
import type { Bus } from './bus.js';

/** Connections of the workers and the relay, beside those of DATABASE_POOL_SIZE. */
export const BUS_POOL_SIZE = 10;

/** The transport that the configuration asks for: Kafka where brokers are given, else the embedded one over the same database. */
export function newBus(config: Config, logger: Logger, reach: BusReach): Bus {
  const pool = new MeasuredPool('bus', {
    connectionString: config.databaseUrl,
    max: BUS_POOL_SIZE,
    application_name: 'tenantry-relay',
    ...CONNECTION_LIMITS,
  });
  // An idle connection that breaks is replaced at its next use; unheard, the event would end the process.
  pool.on('error', (err) => logger.warn({ err }, 'an idle database connection broke'));
  const transport = config.kafka
    ? createKafkaControlPlaneTransport({ ...config.kafka, clientId: 'tenantry-control-plane', logger })
    : createEmbeddedControlPlaneTransport({ pool, logger });
  return { pool, transport, logger, reach };
}
