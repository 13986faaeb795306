import type { Access } from '@tenantry/contracts';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { Route } from './route.entity.js';

@Injectable()
export class RouteStore {
  findTx(tx: Tx, tenantId: string): Promise<Route[]> {
    return tx.manager.find(Route, { where: { tenantId }, order: { store: 'ASC' } });
  }

  async insertTx(tx: Tx, routes: readonly Route[]): Promise<void> {
    if (routes.length > 0) await tx.manager.insert(Route, [...routes]);
  }

  /** Sets the access of all of a tenant's routes. The generation moves with it, so that an older route is recognised. */
  async setAccessTx(tx: Tx, tenantId: string, access: Access, generation: number): Promise<Route[]> {
    await tx.sql.query(
      'UPDATE tenantry.route SET access = $2, generation = $3, revision = revision + 1 WHERE tenant_id = $1',
      [tenantId, access, generation],
    );
    return this.findTx(tx, tenantId);
  }

  /**
   * Opens the tenant's closed routes but those in `closedStores`, and takes those that were opened in an earlier epoch along: the fences
   * behind them are of this one by now. @returns how many.
   */
  async openTx(
    tx: Tx,
    tenantId: string,
    closedStores: readonly string[],
    generation: number,
  ): Promise<number> {
    const opened = await tx.sql.query(
      `UPDATE tenantry.route SET access = 'open', generation = $3, revision = revision + 1
       WHERE tenant_id = $1 AND (access <> 'open' OR generation >> 32 < $3::bigint >> 32) AND store <> ALL ($2::text[]) RETURNING store`,
      [tenantId, closedStores, generation],
    );
    return opened.length;
  }

  async deleteTx(tx: Tx, tenantId: string): Promise<void> {
    await tx.manager.delete(Route, { tenantId });
  }
}
