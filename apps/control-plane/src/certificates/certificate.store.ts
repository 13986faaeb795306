import type { SqlExecutor } from '@tenantry/database';
import { Injectable } from '@nestjs/common';
import { DOCUMENT_COLUMNS } from '../audit/audit-document.sql.js';
import type { AuditDocument } from '../audit/leaf.js';
import type { PurgeFacts, TaskFacts } from './certify.js';

interface HasSql {
  readonly sql: SqlExecutor;
}

/** Where the purge's end stands in the log, and the checkpoint that covers it. */
export interface Anchor {
  readonly entry: AuditDocument;
  readonly position: number;
  readonly treeSize: number;
  readonly root: Buffer;
  readonly note: string;
}

export interface IssuedCertificate {
  readonly tenantId: string;
  readonly operationId: string;
  readonly treeSize: number;
  readonly kid: string;
  readonly complete: boolean;
  readonly jws: string;
}

/** Everything about the purge that is not in the audit log. */
export type RecordedPurge = Omit<PurgeFacts, 'now' | 'audit'>;

/**
 * The entry that a certificate hangs on: that of the purge's end; for a tenant that an earlier version purged, which wrote none, that of
 * its beginning.
 */
const ANCHOR = `
  SELECT e.id FROM tenantry.audit_entry e
  WHERE e.resource = 'operations/' || o.id AND e.action = 'operation.succeeded'
  UNION ALL
  SELECT e.id FROM tenantry.audit_entry e
  WHERE e.resource = 'tenants/' || t.id AND e.action = 'tenant.purge' AND e.after ->> 'operationId' = o.id::text`;

const PURGE = `JOIN tenantry.operation o ON o.tenant_id = t.id AND o.generation = t.generation
  AND o.kind = 'purge' AND o.state = 'succeeded'`;

@Injectable()
export class CertificateStore {
  /** Purged tenants without a certificate whose purge's end is covered by a signed checkpoint; those behind `after`, by id. */
  async due(sql: SqlExecutor, limit: number, after: string): Promise<string[]> {
    const rows = await sql.query<{ id: string }>(
      `SELECT t.id FROM tenantry.tenant t ${PURGE}
       JOIN LATERAL (${ANCHOR} LIMIT 1) a ON true
       JOIN tenantry.audit_leaf l ON l.entry_id = a.id
       WHERE t.state = 'PURGED' AND t.certified_at IS NULL
         AND l.position < (SELECT max(tree_size) FROM tenantry.audit_checkpoint) AND t.id > $2
       ORDER BY t.id LIMIT $1`,
      [limit, after],
    );
    return rows.map(({ id }) => id);
  }

  /** Locks a tenant that is owed a certificate. @returns what is known of its purge; `undefined` when nobody owes it one, or somebody is at it. */
  async lockPurgeTx({ sql }: HasSql, tenantId: string): Promise<RecordedPurge | undefined> {
    const [row] = await sql.query<TenantRow>(
      `SELECT t.id, t.slug, t.isolation, t.region, t.created_at, t.purged_at,
         o.id AS operation_id, o.generation, o.created_at AS begun_at, o.finished_at AS ended_at
       FROM tenantry.tenant t ${PURGE}
       WHERE t.id = $1 AND t.state = 'PURGED' AND t.certified_at IS NULL FOR UPDATE OF t SKIP LOCKED`,
      [tenantId],
    );
    if (!row) return undefined;
    return {
      tenant: {
        id: row.id,
        slug: row.slug,
        isolation: row.isolation,
        region: row.region,
        createdAt: row.created_at,
        purgedAt: row.purged_at,
      },
      purge: {
        operationId: row.operation_id,
        generation: Number(row.generation),
        begunAt: row.begun_at,
        endedAt: row.ended_at,
      },
      request: await this.requestTx(sql, tenantId),
      tasks: await this.tasksTx(sql, row.operation_id),
      holders: await this.holdersTx(sql, tenantId),
    };
  }

  /** @throws Error when the log does not have the entry, or no checkpoint covers it. */
  async anchorTx({ sql }: HasSql, tenantId: string): Promise<Anchor> {
    const [row] = await sql.query<
      AuditDocument & { position: string; tree_size: string; root_hash: Buffer; note: string }
    >(
      `SELECT ${DOCUMENT_COLUMNS}, l.position, c.tree_size, c.root_hash, c.note
       FROM tenantry.tenant t ${PURGE}
       JOIN LATERAL (${ANCHOR} LIMIT 1) a ON true
       JOIN tenantry.audit_entry e ON e.id = a.id
       JOIN tenantry.audit_leaf l ON l.entry_id = e.id
       JOIN LATERAL (SELECT * FROM tenantry.audit_checkpoint WHERE tree_size > l.position ORDER BY tree_size LIMIT 1) c ON true
       WHERE t.id = $1`,
      [tenantId],
    );
    if (!row) throw new Error('no signed checkpoint covers the end of the purge');
    const { position, tree_size, root_hash, note, ...entry } = row;
    return { entry, position: Number(position), treeSize: Number(tree_size), root: root_hash, note };
  }

  async insertTx({ sql }: HasSql, certificate: IssuedCertificate): Promise<void> {
    const { tenantId, operationId, treeSize, kid, complete, jws } = certificate;
    await sql.query(
      `INSERT INTO tenantry.deletion_certificate (tenant_id, operation_id, tree_size, kid, complete, jws, issued_at)
       VALUES ($1, $2, $3, $4, $5, $6, tenantry.now())`,
      [tenantId, operationId, treeSize, kid, complete, jws],
    );
    await sql.query('UPDATE tenantry.tenant SET certified_at = tenantry.now() WHERE id = $1', [tenantId]);
  }

  /** The last deletion that was asked for, with its deadline as it was moved in the end. */
  private async requestTx(sql: SqlExecutor, tenantId: string): Promise<PurgeFacts['request']> {
    const [row] = await sql.query<{
      id: string;
      created_at: Date;
      actor: string;
      reason: string | null;
      request_id: string | null;
      purge_after: string | null;
    }>(
      `SELECT o.id, o.created_at, o.actor, o.reason, o.request_id, (
         SELECT e.envelope #>> '{data,purgeAfter}' FROM tenantry.tenant_event e
         WHERE e.tenant_id = o.tenant_id AND e.type = 'tenant.deletion_scheduled.v1'
         ORDER BY e.tenant_seq DESC LIMIT 1) AS purge_after
       FROM tenantry.operation o WHERE o.tenant_id = $1 AND o.kind = 'delete' ORDER BY o.generation DESC LIMIT 1`,
      [tenantId],
    );
    return (
      row && {
        operationId: row.id,
        requestedAt: row.created_at,
        actor: row.actor,
        reason: row.reason,
        requestId: row.request_id,
        purgeAfter: row.purge_after === null ? null : new Date(row.purge_after),
      }
    );
  }

  private tasksTx(sql: SqlExecutor, operationId: string): Promise<TaskFacts[]> {
    return sql.query<TaskFacts>(
      `SELECT k.participant, k.required, 'verify' = ANY (p.capabilities) AS verifies, p.declared_by AS "declaredBy",
         k.state, k.last_error AS "lastError", k.counts_from_at AS "countsFromAt", k.finished_at AS "finishedAt", k.evidence, k.decision, k.decided_by AS "decidedBy", k.decided_at AS "decidedAt", k.decision_reason AS "decisionReason"
       FROM tenantry.task k JOIN tenantry.participant p ON p.name = k.participant
       WHERE k.operation_id = $1 ORDER BY k.participant`,
      [operationId],
    );
  }

  private holdersTx(sql: SqlExecutor, tenantId: string): Promise<PurgeFacts['holders'][number][]> {
    return sql.query(
      `SELECT h.participant, p.retired_at IS NOT NULL AS retired
       FROM tenantry.tenant_participant h JOIN tenantry.participant p ON p.name = h.participant
       WHERE h.tenant_id = $1 AND h.observed IN ('active', 'suspended') ORDER BY h.participant`,
      [tenantId],
    );
  }
}

interface TenantRow {
  readonly id: string;
  readonly slug: string;
  readonly isolation: string;
  readonly region: string;
  readonly created_at: Date;
  readonly purged_at: Date;
  readonly operation_id: string;
  readonly generation: string;
  readonly begun_at: Date;
  readonly ended_at: Date;
}
