import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '@tenantry/data-plane-kit';

export interface Role {
  readonly name: string;
  readonly description: string;
  readonly permissions: string[];
}

@Injectable()
export class RoleStore {
  /** Roles by name, those after `after`, `limit` at most. */
  listTx(tx: TenantTransaction, after: string, limit: number): Promise<Role[]> {
    return tx.query<Role>(
      'SELECT name, description, permissions FROM role WHERE name > $1 ORDER BY name LIMIT $2',
      [after, limit],
    );
  }
}
