import { isUuid } from '@tenantry/kernel';
import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import { DOCUMENT_COLUMNS } from './audit-document.sql.js';
import { auditPageSql, type AuditFilter, type AuditPlace } from './audit-page.sql.js';
import { toCheckpointView, type AuditEntryView, type CheckpointView } from './audit.view.js';
import { CheckpointStore, type StoredCheckpoint } from './checkpoint.store.js';
import type { AuditDocument } from './leaf.js';

/** An entry of the sequenced log. */
export interface SequencedEntry {
  readonly position: number;
  readonly leafHash: Buffer;
  readonly chainHash: Buffer;
  readonly document: AuditDocument;
}

/** The audit log for reading. */
@Injectable()
export class AuditReadModel {
  constructor(
    private readonly dataSource: DataSource,
    private readonly checkpointStore: CheckpointStore,
  ) {}

  /** A page, newest first. @throws InvalidRequest for a made-up cursor. */
  async list(filter: AuditFilter, limit: number, cursor?: string): Promise<Page<AuditEntryView>> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, isPlace);
    const { text, params } = auditPageSql(filter, limit + 1, after);
    const rows = await this.sql.query<AuditDocument & { position: string | null; leaf_hash: Buffer | null }>(
      text,
      params,
    );
    const entries = rows.map(({ position, leaf_hash, ...document }) => ({
      ...document,
      position: position === null ? null : Number(position),
      leafHash: leaf_hash?.toString('hex') ?? null,
    }));
    return pageOf(entries, limit, ({ at, id }): AuditPlace => [at, id]);
  }

  /** A page of checkpoints, newest first. @throws InvalidRequest for a made-up cursor. */
  async checkpoints(limit: number, cursor?: string): Promise<Page<CheckpointView>> {
    const before = cursor === undefined ? undefined : decodeCursor(cursor, isSize);
    const page = await this.checkpointStore.page(this.sql, limit + 1, before);
    return pageOf(page.map(toCheckpointView), limit, ({ treeSize }) => treeSize);
  }

  newestCheckpoint(): Promise<StoredCheckpoint | undefined> {
    return this.checkpointStore.newest(this.sql);
  }

  checkpointsBetween(after: number, upTo: number): Promise<StoredCheckpoint[]> {
    return this.checkpointStore.between(this.sql, after, upTo);
  }

  /** Up to `limit` entries of the log at the positions [from, to), in order. */
  async sequenced(from: number, to: number, limit: number): Promise<SequencedEntry[]> {
    const rows = await this.sql.query<
      AuditDocument & { position: string; leaf_hash: Buffer; chain_hash: Buffer }
    >(
      `SELECT ${DOCUMENT_COLUMNS}, l.position, l.leaf_hash, l.chain_hash
       FROM tenantry.audit_leaf l JOIN tenantry.audit_entry e ON e.id = l.entry_id
       WHERE l.position >= $1 AND l.position < $2 ORDER BY l.position LIMIT $3`,
      [from, to, limit],
    );
    return rows.map(({ position, leaf_hash, chain_hash, ...document }) => ({
      position: Number(position),
      leafHash: leaf_hash,
      chainHash: chain_hash,
      document,
    }));
  }

  private get sql() {
    return managerExecutor(this.dataSource.manager);
  }
}

const AT = /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

function isPlace(value: unknown): value is AuditPlace {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [at, id] = value as unknown[];
  return typeof at === 'string' && AT.test(at) && isRealTime(`${at.slice(0, 23)}Z`) && isUuid(id);
}

/** Whether there is such a day; the database refuses the 30th of February. */
function isRealTime(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}
