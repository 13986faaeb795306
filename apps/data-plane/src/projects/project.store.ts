import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '@tenantry/data-plane-kit';

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type ProjectChange = Partial<Pick<Project, 'name' | 'description'>>;

const COLUMNS = 'id, name, description, version, created_at AS "createdAt", updated_at AS "updatedAt"';

/** The SQL of projects. No statement names the tenant in a condition: the context does, in every isolation model. */
@Injectable()
export class ProjectStore {
  /** Projects in the order they were made, those after the id `after`, `limit` at most. */
  listTx(tx: TenantTransaction, after: string | null, limit: number): Promise<Project[]> {
    return tx.query<Project>(
      `SELECT ${COLUMNS} FROM project WHERE $1::uuid IS NULL OR id > $1::uuid ORDER BY id LIMIT $2`,
      [after, limit],
    );
  }

  async findTx(tx: TenantTransaction, id: string): Promise<Project | undefined> {
    const [project] = await tx.query<Project>(`SELECT ${COLUMNS} FROM project WHERE id = $1`, [id]);
    return project;
  }

  /** As {@link findTx}, and nobody else changes the project until this transaction ends. */
  async lockTx(tx: TenantTransaction, id: string): Promise<Project | undefined> {
    const [project] = await tx.query<Project>(`SELECT ${COLUMNS} FROM project WHERE id = $1 FOR UPDATE`, [
      id,
    ]);
    return project;
  }

  /** Whether the project is there; if so, it stays until this transaction ends. */
  async holdTx(tx: TenantTransaction, id: string): Promise<boolean> {
    const rows = await tx.query('SELECT 1 FROM project WHERE id = $1 FOR KEY SHARE', [id]);
    return rows.length > 0;
  }

  async insertTx(
    tx: TenantTransaction,
    project: Pick<Project, 'id' | 'name' | 'description'>,
  ): Promise<Project> {
    const [inserted] = await tx.query<Project>(
      `INSERT INTO project (tenant_id, id, name, description) VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`,
      [tx.tenantId, project.id, project.name, project.description],
    );
    return inserted as Project;
  }

  async updateTx(tx: TenantTransaction, id: string, change: ProjectChange): Promise<Project> {
    const [updated] = await tx.query<Project>(
      `UPDATE project
       SET name = coalesce($2, name), description = coalesce($3, description), version = version + 1, updated_at = now()
       WHERE id = $1 RETURNING ${COLUMNS}`,
      [id, change.name ?? null, change.description ?? null],
    );
    return updated as Project;
  }

  /** Its documents go with it. */
  async deleteTx(tx: TenantTransaction, id: string): Promise<void> {
    await tx.query('DELETE FROM project WHERE id = $1', [id]);
  }
}
