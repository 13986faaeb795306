import type { DesiredState, OperationKind, OperationState } from '@tenantry/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/bigint.transformer.js';

@Entity({ schema: 'tenantry', name: 'operation' })
export class Operation {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('text') kind: OperationKind;
  @Column('text') state: OperationState;
  @Column('bigint', { transformer: bigintAsNumber }) generation: number;
  @Column('text') desired: DesiredState;
  @Column('text') actor: string;
  @Column('text', { nullable: true }) reason: string | null;
  @Column('text', { name: 'request_id', nullable: true }) requestId: string | null;
  @Column('text', { nullable: true }) traceparent: string | null;
  @Column('timestamptz') deadline: Date;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt: Date | null;
}
