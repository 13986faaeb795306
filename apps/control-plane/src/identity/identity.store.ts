import { Injectable } from '@nestjs/common';
import type { SqlExecutor } from '@tenantry/database';
import type { Logger } from '@tenantry/messaging';
import { DataSource } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import { checkIdentity, refuseRestored } from './check-identity.js';

/** The identity of the database that this process is connected to. */
@Injectable()
export class IdentityStore {
  private readonly sql: SqlExecutor;

  constructor(dataSource: DataSource) {
    this.sql = managerExecutor(dataSource.manager);
  }

  /** For a start. @throws RestoredDatabase. */
  refuseRestored(logger: Logger): Promise<void> {
    return refuseRestored(this.sql, logger);
  }

  /** While the process runs. @throws RestoredDatabase. */
  check(logger: Logger): Promise<void> {
    return checkIdentity(this.sql, logger);
  }
}
