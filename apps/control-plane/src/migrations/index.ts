import { CLOCK_SQL, type SqlMigration } from '@tenantry/database';
import {
  EMBEDDED_TRANSPORT_SQL,
  EPOCH_SQL,
  HISTORY_SQL,
  HISTORY_TURN_SQL,
  LATE_JOINER_SQL,
  OUTBOX_SQL,
  RELAY_MEMBER_SQL,
} from '@tenantry/messaging';
import { INITIAL_SCHEMA_SQL } from './0001-initial-schema.sql.js';
import { PARTICIPANTS_AND_OPERATORS_SQL } from './0002-participants-and-operators.sql.js';
import { SEQUENCED_AUDIT_SQL } from './0003-sequenced-audit.sql.js';
import { DELETION_CERTIFICATES_SQL } from './0004-deletion-certificates.sql.js';
import { PARTICIPANT_WALKS_SQL } from './0005-participant-walks.sql.js';
import { FLEET_SQL } from './0006-fleet.sql.js';
import { SCANS_ANEW_SQL } from './0007-scans-anew.sql.js';
import { WHOLE_RECALLS_SQL } from './0008-whole-recalls.sql.js';
import { CHECKPOINTS_OF_THE_HEAD_SQL } from './0009-checkpoints-of-the-head.sql.js';
import { PARKED_FACTS_SQL } from './0011-parked-facts.sql.js';
import { PLACEMENT_SQL } from './0012-placement.sql.js';
import { TENANTS_OF_A_CLUSTER_SQL } from './0013-tenants-of-a-cluster.sql.js';
import { PARTICIPANT_AUDIT_SQL } from './0020-participant-audit.sql.js';
import { DATABASE_IDENTITY_SQL } from './0025-database-identity.sql.js';
import { IDENTITY_BY_TABLE_SQL } from './0026-identity-by-table.sql.js';

/** Everything in the control plane's database, in order. Immutable once released; forward only. */
export const CONTROL_PLANE_MIGRATIONS: readonly SqlMigration[] = [
  CLOCK_SQL,
  OUTBOX_SQL,
  EMBEDDED_TRANSPORT_SQL,
  { name: 'control-plane-0001-initial-schema', sql: INITIAL_SCHEMA_SQL },
  { name: 'control-plane-0002-participants-and-operators', sql: PARTICIPANTS_AND_OPERATORS_SQL },
  { name: 'control-plane-0003-sequenced-audit', sql: SEQUENCED_AUDIT_SQL },
  { name: 'control-plane-0004-deletion-certificates', sql: DELETION_CERTIFICATES_SQL },
  { name: 'control-plane-0005-participant-walks', sql: PARTICIPANT_WALKS_SQL },
  { name: 'control-plane-0006-fleet', sql: FLEET_SQL },
  { name: 'control-plane-0007-scans-anew', sql: SCANS_ANEW_SQL },
  { name: 'control-plane-0008-whole-recalls', sql: WHOLE_RECALLS_SQL },
  { name: 'control-plane-0009-checkpoints-of-the-head', sql: CHECKPOINTS_OF_THE_HEAD_SQL },
  { name: 'control-plane-0011-parked-facts', sql: PARKED_FACTS_SQL },
  HISTORY_SQL,
  EPOCH_SQL,
  RELAY_MEMBER_SQL,
  LATE_JOINER_SQL,
  { name: 'control-plane-0012-placement', sql: PLACEMENT_SQL },
  { name: 'control-plane-0013-tenants-of-a-cluster', sql: TENANTS_OF_A_CLUSTER_SQL },
  { name: 'control-plane-0020-participant-audit', sql: PARTICIPANT_AUDIT_SQL },
  { name: 'control-plane-0025-database-identity', sql: DATABASE_IDENTITY_SQL },
  { name: 'control-plane-0026-identity-by-table', sql: IDENTITY_BY_TABLE_SQL },
  HISTORY_TURN_SQL,
];
