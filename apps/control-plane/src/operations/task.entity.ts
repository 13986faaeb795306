import type { TaskState } from '@tenantry/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One participant's part of one operation; written by the reconciler and the acknowledgements, never by hand. */
@Entity({ schema: 'tenantry', name: 'task' })
export class Task {
  @PrimaryColumn('uuid', { name: 'operation_id' }) operationId: string;
  @PrimaryColumn('text') participant: string;
  @Column('boolean') required: boolean;
  @Column('text') state: TaskState;
  /** How often this participant was asked; the highest attempt is the one whose failures count. */
  @Column('int') attempts: number;
  @Column('timestamptz', { name: 'addressed_at', nullable: true }) addressedAt: Date | null;
  @Column('timestamptz', { name: 'next_attempt_at', nullable: true }) nextAttemptAt: Date | null;
  @Column('boolean', { nullable: true }) retryable: boolean | null;
  @Column('real', { nullable: true }) progress: number | null;
  @Column('text', { name: 'last_error', nullable: true }) lastError: string | null;
  @Column('jsonb', { nullable: true }) evidence: Record<string, unknown> | null;
  /** The first attempt whose success counts: a scan from before the last destruction shows nothing about it. */
  @Column('int', { name: 'counts_from_attempt' }) countsFromAttempt: number;
  @Column('timestamptz', { name: 'counts_from_at', nullable: true }) countsFromAt: Date | null;
  /** Set when an operator decided that the operation goes on without this participant; `attest`: of a purge. */
  @Column('text', { nullable: true }) decision: 'skip' | 'attest' | null;
  @Column('text', { name: 'decided_by', nullable: true }) decidedBy: string | null;
  @Column('timestamptz', { name: 'decided_at', nullable: true }) decidedAt: Date | null;
  @Column('text', { name: 'decision_reason', nullable: true }) decisionReason: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt: Date | null;
}
