import type { DesiredState, Isolation, TenantState } from '@tenantry/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/bigint.transformer.js';
import type { Condition } from './condition.js';

@Entity({ schema: 'tenantry', name: 'tenant' })
export class Tenant {
  @PrimaryColumn('uuid') id: string;
  @Column('text') slug: string;
  @Column('text') name: string;
  @Column('text') plan: string;
  @Column('text') region: string;
  @Column('text') isolation: Isolation;
  @Column('jsonb') labels: Record<string, string>;
  @Column('text') desired: DesiredState;
  @Column('text') state: TenantState;
  @Column('boolean', { name: 'was_active' }) wasActive: boolean;
  @Column('bigint', { transformer: bigintAsNumber }) generation: number;
  @Column('bigint', { transformer: bigintAsNumber }) version: number;
  @Column('bigint', { name: 'tenant_seq', transformer: bigintAsNumber }) tenantSeq: number;
  @Column('jsonb') conditions: Condition[];
  @Column('text', { name: 'desired_before_deletion', nullable: true })
  desiredBeforeDeletion: DesiredState | null;
  @Column('timestamptz', { name: 'deletion_requested_at', nullable: true }) deletionRequestedAt: Date | null;
  @Column('timestamptz', { name: 'purge_after', nullable: true }) purgeAfter: Date | null;
  /** Since when the state is what it is. */
  @Column('timestamptz', { name: 'state_since', nullable: true }) stateSince: Date | null;
  /** Since when nothing is done by itself for this tenant: an operator froze it. */
  @Column('timestamptz', { name: 'paused_at', nullable: true }) pausedAt: Date | null;
  @Column('text', { name: 'paused_by', nullable: true }) pausedBy: string | null;
  @Column('text', { name: 'pause_reason', nullable: true }) pauseReason: string | null;
  /** Since when a legal hold keeps the tenant from being purged. */
  @Column('timestamptz', { name: 'hold_placed_at', nullable: true }) holdPlacedAt: Date | null;
  @Column('text', { name: 'hold_placed_by', nullable: true }) holdPlacedBy: string | null;
  @Column('text', { name: 'hold_reason', nullable: true }) holdReason: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
  @Column('timestamptz', { name: 'purged_at', nullable: true }) purgedAt: Date | null;
}
