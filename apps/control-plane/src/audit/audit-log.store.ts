import type { SqlExecutor } from '@tenantry/database';
import { Injectable } from '@nestjs/common';
import { DOCUMENT_COLUMNS } from './audit-document.sql.js';
import type { AuditDocument } from './leaf.js';
import { subtreesOf, type NodePlace } from './merkle-proof.js';
import { MerkleFrontier, type MerkleNode } from './merkle.js';

/** How far the log has come. */
export interface AuditHead {
  readonly origin: string;
  readonly size: number;
  /** The last link of the chain. */
  readonly chainHash: Buffer;
}

/** One position, with what is hashed into it. */
export interface AuditLeaf {
  readonly position: number;
  readonly entryId: string;
  readonly leafHash: Buffer;
  readonly chainHash: Buffer;
}

interface HasSql {
  readonly sql: SqlExecutor;
}

interface HeadRow {
  readonly origin: string;
  readonly size: string;
  readonly chain_hash: Buffer;
}

/** Positions, hashes and Merkle nodes of the audit log. */
@Injectable()
export class AuditLogStore {
  /** Whether any entry waits for a position. */
  async hasPending(sql: SqlExecutor): Promise<boolean> {
    return (await sql.query('SELECT 1 FROM tenantry.audit_pending LIMIT 1')).length > 0;
  }

  /** The log's head, which nobody else moves until this transaction ends. @returns `undefined` while somebody else does. */
  async tryLockHeadTx({ sql }: HasSql): Promise<AuditHead | undefined> {
    const rows = await sql.query<HeadRow>(
      'SELECT origin, size, chain_hash FROM tenantry.audit_head FOR UPDATE SKIP LOCKED',
    );
    return rows.map(toHead)[0];
  }

  /** As tryLockHeadTx, but waits. */
  async lockHeadTx({ sql }: HasSql): Promise<AuditHead> {
    return one(
      (await sql.query<HeadRow>('SELECT origin, size, chain_hash FROM tenantry.audit_head FOR UPDATE')).map(
        toHead,
      ),
    );
  }

  /** Entries without a position, in the order in which they were written. */
  pendingTx({ sql }: HasSql, limit: number): Promise<AuditDocument[]> {
    return sql.query<AuditDocument>(
      `SELECT ${DOCUMENT_COLUMNS} FROM tenantry.audit_pending p JOIN tenantry.audit_entry e ON e.id = p.entry_id
       ORDER BY p.enqueue_no LIMIT $1`,
      [limit],
    );
  }

  /** Appends what follows the head; a trigger moves the head, takes the entries off the pending ones, and refuses a gap. */
  async appendTx({ sql }: HasSql, leaves: readonly AuditLeaf[], nodes: readonly MerkleNode[]): Promise<void> {
    await sql.query(
      `INSERT INTO tenantry.audit_leaf (position, entry_id, leaf_hash, chain_hash)
       SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bytea[], $4::bytea[])`,
      [
        leaves.map(({ position }) => position),
        leaves.map(({ entryId }) => entryId),
        leaves.map(({ leafHash }) => leafHash),
        leaves.map(({ chainHash }) => chainHash),
      ],
    );
    const inner = nodes.filter(({ level }) => level > 0);
    await sql.query(
      `INSERT INTO tenantry.audit_node (level, index, hash)
       SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])`,
      [inner.map(({ level }) => level), inner.map(({ index }) => index), inner.map(({ hash }) => hash)],
    );
  }

  /** The tree of the first `size` leaves, ready to be continued. */
  async frontierTx(tx: HasSql, size: number): Promise<MerkleFrontier> {
    const places = subtreesOf(0, size);
    const hashAt = await this.nodesTx(tx, places);
    return new MerkleFrontier(
      size,
      places.map((place) => ({ ...place, hash: hashAt(place) })),
    );
  }

  /** Looks complete subtrees up, all at once. @throws Error when one is not there. */
  async nodesTx({ sql }: HasSql, places: readonly NodePlace[]): Promise<(place: NodePlace) => Buffer> {
    const rows = await sql.query<{ level: number; index: string; hash: Buffer }>(
      `WITH wanted AS (SELECT * FROM unnest($1::smallint[], $2::bigint[]) AS w (level, index))
       SELECT level, index, hash FROM wanted JOIN tenantry.audit_node USING (level, index)
       UNION ALL
       SELECT level, index, leaf_hash FROM wanted JOIN tenantry.audit_leaf ON level = 0 AND position = index`,
      [places.map(({ level }) => level), places.map(({ index }) => index)],
    );
    const known = new Map(rows.map((row) => [`${row.level}/${row.index}`, row.hash]));
    return ({ level, index }) => {
      const hash = known.get(`${level}/${index}`);
      if (!hash) throw new Error(`the audit log has no node ${level}/${index}`);
      return hash;
    };
  }
}

function toHead(row: HeadRow): AuditHead {
  return { origin: row.origin, size: Number(row.size), chainHash: row.chain_hash };
}

function one(heads: readonly AuditHead[]): AuditHead {
  const [head] = heads;
  if (!head) throw new Error('the audit log has no head');
  return head;
}
