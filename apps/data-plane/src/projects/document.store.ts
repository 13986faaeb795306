import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '@tenantry/data-plane-kit';

export interface DocumentSummary {
  readonly id: string;
  readonly projectId: string;
  readonly title: string;
  readonly createdAt: Date;
}

export interface Document extends DocumentSummary {
  readonly content: string;
}

const SUMMARY = 'id, project_id AS "projectId", title, created_at AS "createdAt"';
const COLUMNS = `${SUMMARY}, content`;

/** The SQL of documents; as with projects, the context names the tenant. */
@Injectable()
export class DocumentStore {
  /** A project's documents in the order they were made, those after the id `after`, `limit` at most. */
  listTx(
    tx: TenantTransaction,
    projectId: string,
    after: string | null,
    limit: number,
  ): Promise<DocumentSummary[]> {
    return tx.query<DocumentSummary>(
      `SELECT ${SUMMARY} FROM document
       WHERE project_id = $1 AND ($2::uuid IS NULL OR id > $2::uuid) ORDER BY id LIMIT $3`,
      [projectId, after, limit],
    );
  }

  async findTx(tx: TenantTransaction, projectId: string, id: string): Promise<Document | undefined> {
    const [document] = await tx.query<Document>(
      `SELECT ${COLUMNS} FROM document WHERE id = $1 AND project_id = $2`,
      [id, projectId],
    );
    return document;
  }

  async insertTx(tx: TenantTransaction, document: Omit<Document, 'createdAt'>): Promise<Document> {
    const [inserted] = await tx.query<Document>(
      `INSERT INTO document (tenant_id, id, project_id, title, content) VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`,
      [tx.tenantId, document.id, document.projectId, document.title, document.content],
    );
    return inserted as Document;
  }

  /** @returns whether it was there. */
  async deleteTx(tx: TenantTransaction, projectId: string, id: string): Promise<boolean> {
    const rows = await tx.query('DELETE FROM document WHERE id = $1 AND project_id = $2 RETURNING 1', [
      id,
      projectId,
    ]);
    return rows.length > 0;
  }
}
