import type { Capability, ObservedState } from '@tenantry/contracts';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { DEFAULT_ACK_TIMEOUT_MS } from './ack-timeout.js';
import { Participant } from './participant.entity.js';
import { TenantParticipant } from './tenant-participant.entity.js';

/** What is said of a participant; the rest of its row it says of itself. */
export interface ParticipantDeclaration {
  readonly name: string;
  readonly required: boolean;
  readonly capabilities: readonly Capability[];
  readonly stores: readonly string[];
  readonly ackTimeoutMs: number;
}

@Injectable()
export class ParticipantStore {
  allTx(tx: Tx): Promise<Participant[]> {
    return tx.manager.find(Participant, { order: { name: 'ASC' } });
  }

  async longestAckTimeoutMsTx(tx: Tx): Promise<number> {
    const [row] = await tx.sql.query<{ longest: number | null }>(
      'SELECT max(ack_timeout_ms) AS longest FROM tenantry.participant',
    );
    return row?.longest ?? DEFAULT_ACK_TIMEOUT_MS;
  }

  observationsTx(tx: Tx, tenantId: string): Promise<TenantParticipant[]> {
    return tx.manager.find(TenantParticipant, { where: { tenantId } });
  }

  async saveObservationsTx(tx: Tx, observations: readonly TenantParticipant[]): Promise<void> {
    if (observations.length > 0) await tx.manager.save(TenantParticipant, [...observations]);
  }

  async ackTimeoutMsTx(tx: Tx, name: string): Promise<number> {
    const participant = await tx.manager.findOneBy(Participant, { name });
    return participant?.ackTimeoutMs ?? DEFAULT_ACK_TIMEOUT_MS;
  }

  async capabilitiesTx(tx: Tx, name: string): Promise<readonly Capability[]> {
    const participant = await tx.manager.findOneBy(Participant, { name });
    return participant?.capabilities ?? [];
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

  /** Notes a sign of life; nothing else of a participant changes by it. */
  async heardTx(tx: Tx, name: string, softwareVersion: string): Promise<void> {
    await tx.manager.update(Participant, { name }, { lastHeartbeatAt: tx.now, softwareVersion });
  }

  /** Locks what is declared of a participant; a heartbeat waits meanwhile. */
  lockTx(tx: Tx, name: string): Promise<Participant | null> {
    return tx.manager.findOne(Participant, { where: { name }, lock: { mode: 'pessimistic_write' } });
  }

  /** Inserts a participant. @returns `undefined` when one of this name is there. */
  async insertTx(tx: Tx, declaration: ParticipantDeclaration): Promise<Participant | undefined> {
    const { name, required, capabilities, stores, ackTimeoutMs } = declaration;
    const inserted = await tx.sql.query(
      `INSERT INTO tenantry.participant (name, required, capabilities, stores, ack_timeout_ms, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (name) DO NOTHING RETURNING name`,
      [name, required, capabilities, stores, ackTimeoutMs, tx.now],
    );
    return inserted.length === 0 ? undefined : tx.manager.findOneByOrFail(Participant, { name });
  }

  /** Replaces what is declared of a locked participant. */
  async replaceTx(tx: Tx, row: Participant, declaration: ParticipantDeclaration): Promise<Participant> {
    const { name, required, capabilities, stores, ackTimeoutMs } = declaration;
    const version = row.version + 1;
    const changes = { required, capabilities: [...capabilities], stores: [...stores], ackTimeoutMs };
    await tx.manager.update(Participant, { name }, { ...changes, version, updatedAt: tx.now });
    return tx.manager.findOneByOrFail(Participant, { name });
  }
}
