import { hashApiKey, type Actor, type ApiKeyAuthenticator, type Role } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/**
 * Knows the keys of the control plane. A key is found by its hash alone, in the unique index: what the comparison's
 * duration might tell is about SHA-256 values, from which nobody comes nearer to a key. Nothing is cached, so a
 * revoked key is refused by the next request.
 */
@Injectable()
export class KeyAuthenticator implements ApiKeyAuthenticator {
  constructor(private readonly dataSource: DataSource) {}

  async authenticate(key: string): Promise<Actor | undefined> {
    const rows: { id: string; name: string; role: Role }[] = await this.dataSource.query(
      `SELECT id, name, role FROM tenantry.api_key
       WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > tenantry.now())`,
      [Buffer.from(hashApiKey(key), 'hex')],
    );
    const [known] = rows;
    return known && { id: `api-key:${known.id}`, name: known.name, role: known.role };
  }
}
