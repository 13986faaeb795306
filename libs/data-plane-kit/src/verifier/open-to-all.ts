import type { SqlExecutor } from '@tenantry/database';
import type { Logger } from '@tenantry/messaging';
import { publicRights } from './public-rights.js';

/** Says once for each database, as long as the process lives, what everybody may write in it. */
export class OpenToAll {
  private readonly looked = new Set<string>();

  constructor(private readonly logger: Logger) {}

  async look(sql: SqlExecutor, cluster: string, database: string): Promise<void> {
    const key = `${cluster}/${database}`;
    if (this.looked.has(key)) return;
    const rights = await publicRights(sql);
    this.looked.add(key);
    if (rights.length > 0)
      this.logger.warn({ cluster, database, rights }, 'The scanning login may write with everybody else');
  }
}
