import type { Capability } from '@tenantry/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/bigint.transformer.js';

@Entity({ schema: 'tenantry', name: 'participant' })
export class Participant {
  @PrimaryColumn('text') name: string;
  /** Whether a tenant's state waits for it; an optional one only warns. */
  @Column('boolean') required: boolean;
  @Column('text', { array: true }) capabilities: Capability[];
  @Column('text', { array: true }) stores: string[];
  @Column('int', { name: 'ack_timeout_ms' }) ackTimeoutMs: number;
  /** What it said of itself in its last heartbeat. */
  @Column('text', { name: 'software_version', nullable: true }) softwareVersion: string | null;
  @Column('bigint', { transformer: bigintAsNumber }) version: number;
  @Column('timestamptz', { name: 'last_heartbeat_at', nullable: true }) lastHeartbeatAt: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
}
