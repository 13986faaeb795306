import type { ObservedState } from '@tenantry/contracts';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { Participant } from './participant.entity.js';
import { TenantParticipant } from './tenant-participant.entity.js';

/** How long an operation may take when no participant says otherwise. */
const DEFAULT_ACK_TIMEOUT_MS = 300_000;

@Injectable()
export class ParticipantStore {
  allTx(tx: Tx): Promise<Participant[]> {
    return tx.manager.find(Participant, { order: { name: 'ASC' } });
  }

  async longestAckTimeoutMsTx(tx: Tx): Promise<number> {
    const [row] = await tx.sql.query<{ longest: number | null }>('SELECT max(ack_timeout_ms) AS longest FROM tenantry.participant');
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

  /** Notes where a participant has acknowledged that a tenant is. */
  async observeTx(tx: Tx, tenantId: string, participant: string, observed: ObservedState, generation: number): Promise<void> {
    await tx.manager.update(TenantParticipant, { tenantId, participant }, { observed, observedGeneration: generation });
  }

  /** Notes a sign of life; nothing else of a participant changes by it. */
  async heardTx(tx: Tx, name: string, softwareVersion: string): Promise<void> {
    await tx.manager.update(Participant, { name }, { lastHeartbeatAt: tx.now, softwareVersion });
  }
}
