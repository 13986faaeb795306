import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A caller's key for one request, and what the request came to. */
@Entity({ schema: 'tenantry', name: 'idempotency_key' })
export class IdempotencyKey {
  @PrimaryColumn('text') caller: string;
  @PrimaryColumn('text') key: string;
  /** SHA-256 of method, path, condition and body: the same key with another request is refused. */
  @Column('text') fingerprint: string;
  /** Which request holds it now; a request that lost its claim can't complete. */
  @Column('uuid') claim: string;
  @Column('timestamptz', { name: 'locked_until' }) lockedUntil: Date;
  @Column('jsonb', { nullable: true }) result: unknown;
  @Column('timestamptz', { name: 'completed_at', nullable: true }) completedAt: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
}
