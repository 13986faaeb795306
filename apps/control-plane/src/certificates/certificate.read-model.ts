import type { TenantState } from '@tenantry/contracts';
import { isUuid } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import { TenantNotFound } from '../tenants/tenant.errors.js';
import { CertificateNotReady, CertificateRefused } from './certificate.errors.js';
import { remnantsIn } from './scan-findings.js';

interface TenantRow {
  readonly state: TenantState;
  readonly jws: string | null;
  readonly operation_id: string | null;
}

interface TaskRow {
  readonly participant: string;
  readonly verifies: boolean;
  readonly state: string;
  readonly retryable: boolean | null;
  readonly last_error: string | null;
  readonly evidence: unknown;
}

/** Deletion certificates for reading. */
@Injectable()
export class CertificateReadModel {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * A tenant's certificate, to the byte.
   * @throws TenantNotFound; CertificateNotReady, saying what it waits for; CertificateRefused, naming what is left.
   */
  async find(tenantId: string): Promise<string> {
    const row = isUuid(tenantId) ? await this.tenant(tenantId) : undefined;
    if (!row) throw new TenantNotFound();
    if (row.jws !== null) return row.jws;
    if (row.state === 'PURGED') throw new CertificateNotReady(await this.waitFor(tenantId), row.state);
    if (row.state !== 'PURGING' || row.operation_id === null) {
      const purged = `the tenant is not purged; its state is ${row.state}.`;
      throw new CertificateNotReady(purged, row.state);
    }
    throw await this.unfinished(row.operation_id, row.state);
  }

  private async tenant(tenantId: string): Promise<TenantRow | undefined> {
    const rows = await this.sql.query<TenantRow>(
      `SELECT t.state, c.jws, o.id AS operation_id FROM tenantry.tenant t
       LEFT JOIN tenantry.deletion_certificate c ON c.tenant_id = t.id
       LEFT JOIN tenantry.operation o ON o.tenant_id = t.id AND o.generation = t.generation AND o.kind = 'purge'
       WHERE t.id = $1`,
      [tenantId],
    );
    return rows[0];
  }

  private async waitFor(tenantId: string): Promise<string> {
    const rows = await this.sql.query<{ position: string | null }>(
      `SELECT l.position FROM tenantry.tenant t
       JOIN tenantry.operation o ON o.tenant_id = t.id AND o.generation = t.generation
       JOIN tenantry.audit_entry e ON e.resource = 'operations/' || o.id AND e.action = 'operation.succeeded'
       LEFT JOIN tenantry.audit_leaf l ON l.entry_id = e.id WHERE t.id = $1`,
      [tenantId],
    );
    const position = rows[0]?.position ?? null;
    if (position === null) return 'the end of the purge waits for its position in the audit log.';
    const signed = await this.sql.query(
      'SELECT 1 FROM tenantry.audit_checkpoint WHERE tree_size > $1 LIMIT 1',
      [position],
    );
    return signed.length === 0
      ? `no signed checkpoint of the audit log covers position ${position}, the end of the purge, yet.`
      : 'a worker is about to issue it.';
  }

  private async unfinished(operationId: string, state: TenantState): Promise<Error> {
    const tasks = await this.sql.query<TaskRow>(
      `SELECT k.participant, 'verify' = ANY (p.capabilities) AS verifies, k.state, k.retryable, k.last_error, k.evidence
       FROM tenantry.task k JOIN tenantry.participant p ON p.name = k.participant
       WHERE k.operation_id = $1 ORDER BY k.participant`,
      [operationId],
    );
    const failed = tasks.find((task) => task.state === 'failed' && task.retryable === false);
    if (failed) {
      const { participant, last_error, verifies, evidence } = failed;
      return new CertificateRefused(
        participant,
        last_error ?? 'no reason was given',
        verifies,
        remnantsIn(evidence),
      );
    }
    const open = tasks.filter((task) => task.state !== 'succeeded' && task.state !== 'skipped');
    const names = open.map(({ participant }) => participant).join(', ');
    return new CertificateNotReady(
      names === '' ? 'the purge goes on with its next step.' : `the purge waits for ${names}.`,
      state,
    );
  }

  private get sql() {
    return managerExecutor(this.dataSource.manager);
  }
}
