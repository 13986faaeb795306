import type { SqlExecutor } from '@tenantry/database';
import { Injectable } from '@nestjs/common';

/** A signed checkpoint as it is kept. */
export interface StoredCheckpoint {
  readonly size: number;
  readonly root: Buffer;
  /** The signed note, to the byte. */
  readonly note: string;
  readonly kid: string;
  readonly createdAt: Date;
}

interface HasSql {
  readonly sql: SqlExecutor;
}

interface Row {
  readonly tree_size: string;
  readonly root_hash: Buffer;
  readonly note: string;
  readonly kid: string;
  readonly created_at: Date;
}

const COLUMNS = 'tree_size, root_hash, note, kid, created_at';

/** The signed checkpoints in the database. */
@Injectable()
export class CheckpointStore {
  /** Whether the log has grown since the newest checkpoint, and that is old enough, or of a clock that was ahead. */
  async isDue(sql: SqlExecutor, intervalMs: number): Promise<boolean> {
    const due = await sql.query(
      `SELECT 1 FROM tenantry.audit_head h LEFT JOIN LATERAL (
         SELECT tree_size, created_at FROM tenantry.audit_checkpoint ORDER BY tree_size DESC LIMIT 1) c ON true
       WHERE h.size > coalesce(c.tree_size, 0)
         AND coalesce(c.created_at <= tenantry.now() - $1 * interval '1 millisecond'
           OR c.created_at > tenantry.now(), true)`,
      [intervalMs],
    );
    return due.length > 0;
  }

  async newest(sql: SqlExecutor): Promise<StoredCheckpoint | undefined> {
    const rows = await sql.query<Row>(
      `SELECT ${COLUMNS} FROM tenantry.audit_checkpoint ORDER BY tree_size DESC LIMIT 1`,
    );
    return rows.map(toCheckpoint)[0];
  }

  async insertTx(
    { sql }: HasSql,
    { size, root, note, kid }: Omit<StoredCheckpoint, 'createdAt'>,
  ): Promise<void> {
    await sql.query(
      `INSERT INTO tenantry.audit_checkpoint (${COLUMNS}) VALUES ($1, $2, $3, $4, tenantry.now())`,
      [size, root, note, kid],
    );
  }

  /** Up to `limit` checkpoints of trees smaller than `before`, the largest first. */
  async page(sql: SqlExecutor, limit: number, before?: number): Promise<StoredCheckpoint[]> {
    const rows = await sql.query<Row>(
      `SELECT ${COLUMNS} FROM tenantry.audit_checkpoint WHERE tree_size < $2 ORDER BY tree_size DESC LIMIT $1`,
      [limit, before ?? Number.MAX_SAFE_INTEGER],
    );
    return rows.map(toCheckpoint);
  }

  /** The checkpoints of trees larger than `after` and of at most `upTo` leaves, the smallest first. */
  async between(sql: SqlExecutor, after: number, upTo: number): Promise<StoredCheckpoint[]> {
    const rows = await sql.query<Row>(
      `SELECT ${COLUMNS} FROM tenantry.audit_checkpoint WHERE tree_size > $1 AND tree_size <= $2 ORDER BY tree_size`,
      [after, upTo],
    );
    return rows.map(toCheckpoint);
  }
}

function toCheckpoint(row: Row): StoredCheckpoint {
  return {
    size: Number(row.tree_size),
    root: row.root_hash,
    note: row.note,
    kid: row.kid,
    createdAt: row.created_at,
  };
}
