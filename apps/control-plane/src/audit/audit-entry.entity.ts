import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What one mutation did; append-only (the login may only insert, and a trigger refuses the rest). */
@Entity({ schema: 'tenantry', name: 'audit_entry' })
export class AuditEntry {
  @PrimaryColumn('uuid') id: string;
  @Column('timestamptz') at: Date;
  @Column('text') actor: string;
  @Column('uuid', { name: 'tenant_id', nullable: true }) tenantId: string | null;
  @Column('text') action: string;
  @Column('text') resource: string;
  @Column('text', { nullable: true }) reason: string | null;
  @Column('jsonb', { nullable: true }) before: object | null;
  @Column('jsonb', { nullable: true }) after: object | null;
  @Column('text', { name: 'request_id', nullable: true }) requestId: string | null;
  @Column('text', { name: 'trace_id', nullable: true }) traceId: string | null;
}
