export { type Row, type SqlExecutor } from './sql-executor.js';
export { pgExecutor, type PgQueryable } from './pg-executor.js';
export {
  LOCK_TIMEOUT_MS,
  migrate,
  MigrationBlocked,
  MigrationChanged,
  TURN_TIMEOUT_MS,
  type MigrateOptions,
} from './migrate.js';
export {
  checkSchemaLevel,
  judgeSchemaLevel,
  readSchemaLevel,
  SCHEMA_TOO_NEW_EXIT_CODE,
  SchemaTooNew,
  type SchemaLevel,
  type UnknownMigration,
} from './schema-level.js';
export type { SqlMigration } from './sql-migration.js';
export { groupRoleSql, joinRoles } from './group-role.js';
export { CLOCK_SQL } from './clock-sql.js';
export { PgListener, type PgListenerOptions } from './pg-listener.js';
export { ensureLogin, loginOf, type DatabaseLogin } from './login.js';
export { judgeLogin, UnfitLogin, type LoginGroup } from './login-judgement.js';
export { contractionsOf, unmarkedContractions, type Contraction } from './contraction.js';
export { untilReachable, type UntilReachableOptions } from './until-reachable.js';
export { withoutRaces } from './without-races.js';
export {
  advisoryLocksClosed,
  databaseClosed,
  LARGE_OBJECTS_CLOSED,
  protect,
  type Protection,
} from './protection.js';
