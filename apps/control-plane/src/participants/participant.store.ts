import type { Capability, ObservedState } from '@tenantry/contracts';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { DEFAULT_ACK_TIMEOUT_MS } from './ack-timeout.js';
import {
  backlogInHand,
  countBacklog,
  endBacklogTx,
  hasBacklog,
  recallTx,
  startBacklogTx,
} from './participant-walks.js';
import { Participant, type DeclaredBy } from './participant.entity.js';
import { toParticipantView, type ParticipantView } from './participant.view.js';
import { TenantParticipant } from './tenant-participant.entity.js';

/** What is said of a participant; the rest of its row it says of itself. */
export interface ParticipantDeclaration {
  readonly name: string;
  readonly required: boolean;
  readonly capabilities: readonly Capability[];
  readonly stores: readonly string[];
  readonly ackTimeoutMs: number;
}

/** What changes of a participant by a command or by what its heartbeat adds. */
export type ParticipantChanges = Partial<
  Pick<
    Participant,
    | 'required'
    | 'capabilities'
    | 'stores'
    | 'ackTimeoutMs'
    | 'declaredBy'
    | 'retiredAt'
    | 'retiredBy'
    | 'retireReason'
  >
>;

/** What a sign of life changes without a new version of the participant. */
export type HeartbeatNote = Partial<
  Pick<Participant, 'lastHeartbeatAt' | 'firstHeartbeatAt' | 'softwareVersion' | 'reported'>
>;

/** A participant was changed between reading it and asking it. */
export class ParticipantsChangedMeanwhile extends Error {
  constructor(participant: string) {
    super(`participant ${participant} was changed while a tenant met it; the tenant is looked at again`);
    this.name = 'ParticipantsChangedMeanwhile';
  }
}

@Injectable()
export class ParticipantStore {
  allTx(tx: Tx): Promise<Participant[]> {
    return tx.manager.find(Participant, { order: { name: 'ASC' } });
  }

  async longestAckTimeoutMsTx(tx: Tx): Promise<number> {
    const [row] = await tx.sql.query<{ longest: number | null }>(
      'SELECT max(ack_timeout_ms) AS longest FROM tenantry.participant WHERE retired_at IS NULL',
    );
    return row?.longest ?? DEFAULT_ACK_TIMEOUT_MS;
  }

  observationsTx(tx: Tx, tenantId: string): Promise<TenantParticipant[]> {
    return tx.manager.find(TenantParticipant, { where: { tenantId } });
  }

  /**
   * Notes that a tenant has met participants, which holds them to it until it is purged. They must still be as they were read: one
   * that was retired meanwhile, or can do less now, would be asked behind the back of whoever made sure that it holds nothing.
   *
   * @throws ParticipantsChangedMeanwhile, whereupon the step is taken anew.
   */
  async joinTx(
    tx: Tx,
    tenantId: string,
    joins: readonly { readonly participant: string; readonly countsFrom: number }[],
    read: readonly Participant[],
  ): Promise<void> {
    for (const { participant, countsFrom } of joins) {
      const version = read.find(({ name }) => name === participant)?.version;
      const joined = await tx.sql.query(
        `INSERT INTO tenantry.tenant_participant (tenant_id, participant, counts_from)
         SELECT $1, p.name, $3 FROM tenantry.participant p WHERE p.name = $2 AND p.version = $4 FOR KEY SHARE
         RETURNING participant`,
        [tenantId, participant, countsFrom, version],
      );
      if (joined.length === 0) throw new ParticipantsChangedMeanwhile(participant);
    }
  }

  async ackTimeoutMsTx(tx: Tx, name: string): Promise<number> {
    const participant = await tx.manager.findOneBy(Participant, { name });
    return participant?.ackTimeoutMs ?? DEFAULT_ACK_TIMEOUT_MS;
  }

  async declaredTx(
    tx: Tx,
    name: string,
  ): Promise<{ readonly capabilities: readonly Capability[]; readonly retired: boolean }> {
    const participant = await tx.manager.findOneBy(Participant, { name });
    return {
      capabilities: participant?.capabilities ?? [],
      retired: (participant?.retiredAt ?? null) !== null,
    };
  }

  /** The names of those that are asked for nothing any more. */
  async retiredTx(tx: Tx): Promise<ReadonlySet<string>> {
    const rows = await tx.sql.query<{ name: string }>(
      'SELECT name FROM tenantry.participant WHERE retired_at IS NOT NULL',
    );
    return new Set(rows.map(({ name }) => name));
  }

  /** Notes where a participant has acknowledged that a tenant is. */
  async observeTx(
    tx: Tx,
    tenantId: string,
    participant: string,
    observed: ObservedState,
    generation: number,
  ): Promise<void> {
    await tx.manager.update(
      TenantParticipant,
      { tenantId, participant },
      { observed, observedGeneration: generation },
    );
  }

  /** Locks the whole row: heartbeats wait meanwhile, and so does every tenant that is about to meet the participant. */
  lockTx(tx: Tx, name: string): Promise<Participant | null> {
    return tx.manager.findOne(Participant, { where: { name }, lock: { mode: 'pessimistic_write' } });
  }

  /** Locks the row against other changes of it alone; nobody who asks the participant waits. */
  lockForHeartbeatTx(tx: Tx, name: string): Promise<Participant | null> {
    return tx.manager.findOne(Participant, { where: { name }, lock: { mode: 'for_no_key_update' } });
  }

  /** Inserts a participant. @returns `undefined` when one of this name is there. */
  async insertTx(
    tx: Tx,
    declaration: ParticipantDeclaration,
    declaredBy: DeclaredBy,
  ): Promise<Participant | undefined> {
    const { name, required, capabilities, stores, ackTimeoutMs } = declaration;
    const inserted = await tx.sql.query(
      `INSERT INTO tenantry.participant (name, required, capabilities, stores, ack_timeout_ms, declared_by, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (name) DO NOTHING RETURNING name`,
      [name, required, capabilities, stores, ackTimeoutMs, declaredBy, tx.now],
    );
    if (inserted.length === 0) return undefined;
    if (hasBacklog(capabilities)) await this.startBacklogTx(tx, name);
    return tx.manager.findOneByOrFail(Participant, { name });
  }

  /**
   * Changes what is declared of a locked participant, or that it is retired, and has everyone looked at whom that concerns: all tenants
   * when it can do more than before, else those that wait for it.
   */
  async changeTx(tx: Tx, row: Participant, changes: ParticipantChanges): Promise<Participant> {
    const { name } = row;
    const version = row.version + 1;
    await tx.manager.update(Participant, { name }, { ...changes, version, updatedAt: tx.now });
    const changed = await tx.manager.findOneByOrFail(Participant, { name });
    if (changed.retiredAt !== null) await endBacklogTx(tx.sql, name);
    else if (canDoMore(row, changed) && hasBacklog(changed.capabilities)) await this.startBacklogTx(tx, name);
    await recallTx(tx.sql, name);
    return tx.manager.findOneByOrFail(Participant, { name });
  }

  private async startBacklogTx(tx: Tx, name: string): Promise<void> {
    await startBacklogTx(tx.sql, name);
    // The walk counts them when it begins; a dry run has no walk to wait for.
    if (tx.dryRun) tx.dryRun.reach(await countBacklog(tx.sql));
  }

  /** A row as it is shown. */
  async viewTx(tx: Tx, row: Participant): Promise<ParticipantView> {
    const inHand = await backlogInHand(tx.sql, [row.name]);
    return toParticipantView(row, tx.now, inHand.get(row.name) ?? 0);
  }

  /** Notes what a heartbeat says of a locked participant. */
  async noteHeartbeatTx(tx: Tx, name: string, note: HeartbeatNote): Promise<void> {
    await tx.manager.update(Participant, { name }, note);
  }

  /** Whether some other participant is required to provision. */
  async anotherProvisionsTx(tx: Tx, name: string): Promise<boolean> {
    const rows = await tx.sql.query(
      `SELECT FROM tenantry.participant
       WHERE name <> $1 AND required AND retired_at IS NULL AND 'provision' = ANY (capabilities) LIMIT 1`,
      [name],
    );
    return rows.length > 0;
  }
}

function canDoMore(before: Participant, after: Participant): boolean {
  const grew = (mine: readonly string[], others: readonly string[]): boolean =>
    others.some((one) => !mine.includes(one));
  return (
    before.retiredAt !== null ||
    grew(before.capabilities, after.capabilities) ||
    grew(before.stores, after.stores)
  );
}
