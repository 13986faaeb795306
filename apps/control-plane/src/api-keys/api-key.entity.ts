import type { Role } from '@tenantry/service';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ schema: 'tenantry', name: 'api_key' })
export class ApiKey {
  @PrimaryColumn('uuid') id: string;
  @Column('text') name: string;
  @Column('text') role: Role;
  /** SHA-256 of the whole key; a key has 256 random bits, so no slow hash is needed. */
  @Column('bytea', { name: 'key_hash', select: false }) keyHash: Buffer;
  @Column('text', { name: 'created_by' }) createdBy: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt: Date | null;
  @Column('timestamptz', { name: 'revoked_at', nullable: true }) revokedAt: Date | null;
}
