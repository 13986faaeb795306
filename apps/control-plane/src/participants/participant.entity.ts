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
  @Column('timestamptz', { name: 'first_heartbeat_at', nullable: true }) firstHeartbeatAt: Date | null;
  /** Who said that there is such a participant. */
  @Column('text', { name: 'declared_by' }) declaredBy: 'configuration' | 'operator' | 'heartbeat';
  /** What its last heartbeat reported, beside what was declared. */
  @Column('jsonb', { nullable: true }) reported: { capabilities: string[]; stores: string[] } | null;
  /** Since when it is asked for purges only, of the tenants that it still holds. */
  @Column('timestamptz', { name: 'retired_at', nullable: true }) retiredAt: Date | null;
  @Column('text', { name: 'retired_by', nullable: true }) retiredBy: string | null;
  @Column('text', { name: 'retire_reason', nullable: true }) retireReason: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
}
