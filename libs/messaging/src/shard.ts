import { createHash } from 'node:crypto';
import { RELAY_SHARDS } from './outbox-sql.js';

/** The shard that a tenant's messages are sent by; must never change while anything is pending. */
export function shardOf(tenantId: string): number {
  return createHash('sha256').update(tenantId.toLowerCase()).digest().readUInt32BE(0) % RELAY_SHARDS;
}
