import type { Capability } from '@tenantry/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/bigint.transformer.js';

/** Who said that there is such a participant. */
export type DeclaredBy = 'configuration' | 'operator' | 'heartbeat';

/** What a heartbeat said. */
export interface Reported {
  readonly capabilities: readonly Capability[];
  readonly stores: readonly string[];
}

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
  @Column('text', { name: 'declared_by' }) declaredBy: DeclaredBy;
  /** What its last heartbeat reported, beside what was declared. */
  @Column('jsonb', { nullable: true }) reported: Reported | null;
  /** Since when it is asked for purges only, of the tenants that it still holds. */
  @Column('timestamptz', { name: 'retired_at', nullable: true }) retiredAt: Date | null;
  @Column('text', { name: 'retired_by', nullable: true }) retiredBy: string | null;
  @Column('text', { name: 'retire_reason', nullable: true }) retireReason: string | null;
  /** When it was found that there may be tenants from before it, or from before it could do what it can. */
  @Column('timestamptz', { name: 'backfill_started_at', nullable: true }) backfillStartedAt: Date | null;
  @Column('timestamptz', { name: 'backfill_ended_at', nullable: true }) backfillEndedAt: Date | null;
  @Column('uuid', { name: 'backfill_cursor', nullable: true }) backfillCursor: string | null;
  @Column('uuid', { name: 'backfill_until', nullable: true }) backfillUntil: string | null;
  /** How many tenants there are to look at; null until they are counted. */
  @Column('bigint', { name: 'backfill_total', nullable: true, transformer: bigintAsNumber })
  backfillTotal: number | null;
  /** How many of them the walk has taken up. */
  @Column('bigint', { name: 'backfill_passed', transformer: bigintAsNumber }) backfillPassed: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
}
