import type { DesiredState, Isolation, TenantState } from '@tenantry/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/bigint.transformer.js';

/** Something that is true of a tenant beside its state: failed, overdue, catchingUp, noParticipants. */
export interface Condition {
  readonly type: 'failed' | 'overdue' | 'catchingUp' | 'noParticipants' | 'unplaceable';
  /** In words, naming the participant. */
  readonly message: string;
  /** RFC 3339 UTC: since when. */
  readonly since: string;
}

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
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
  @Column('timestamptz', { name: 'purged_at', nullable: true }) purgedAt: Date | null;
}
