import type { RecoveryType } from '@tenantry/contracts';
import { backoffMs } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import { ParticipantStore } from '../participants/participant.store.js';
import type { LifecycleEvent } from '../tenants/lifecycle-event.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import { TenantStore } from '../tenants/tenant.store.js';
import { FactHistory } from './fact-history.js';
import { ReplayRefused } from './parked.errors.js';
import type { Recovery, RecoveryKind } from './recovery.js';
import { RecoveryStore, type NewRecovery } from './recovery.store.js';
import { partsOf } from './replay-parts.js';

/** What is asked of which group; the rest is the tenant's and the clock's. */
export type WantedRecovery = Omit<NewRecovery, 'tenantId' | 'generation' | 'nextAt'>;

/** A replay of more than this would keep one tenant's queue, and its readers, busy for long. */
const MAX_REPLAYED_FACTS = 5000;
const REQUESTS = {
  redrive: 'participant.redrive_requested.v1',
  skip: 'participant.skip_requested.v1',
  replay: 'participant.replay_requested.v1',
} as const satisfies Record<RecoveryKind, RecoveryType>;

/** The longest pause before a recovery is asked for again, unless its participant is given longer to answer. */
const MAX_PAUSE_MS = 3_600_000;

/** Publishes what is asked of a participant about a tenant's facts, with the tenant's sequence and under its row lock. */
@Injectable()
export class RecoveryRequests {
  constructor(
    private readonly tenants: TenantStore,
    private readonly participants: ParticipantStore,
    private readonly history: FactHistory,
    private readonly recoveries: RecoveryStore,
  ) {}

  /** Begins a recovery and asks for it the first time. @throws ReplayRefused as `publishTx`. */
  async beginTx(tx: Tx, tenant: Tenant, wanted: WantedRecovery): Promise<Recovery> {
    const recovery = await this.recoveries.addTx(tx, {
      ...wanted,
      tenantId: tenant.id,
      generation: tenant.generation,
      nextAt: await this.nextAtTx(tx, wanted.participant, 1),
    });
    await this.publishTx(tx, tenant, recovery);
    return recovery;
  }

  /** @throws ReplayRefused when there is nothing to replay, or too much. */
  async publishTx(tx: Tx, tenant: Tenant, recovery: Recovery): Promise<void> {
    const events = await this.eventsTx(tx, recovery);
    const traceparent = recovery.traceparent ?? undefined;
    await this.tenants.saveTx(tx, tenant, events, { traceparent, shown: false });
    tx.dryRun?.ask({ name: recovery.participant, request: REQUESTS[recovery.kind], required: false });
  }

  /** When it is asked for again if nobody answers this attempt. */
  async nextAtTx(tx: Tx, participant: string, attempt: number): Promise<Date> {
    const timeoutMs = await this.participants.ackTimeoutMsTx(tx, participant);
    const backoff = { baseMs: timeoutMs, maxMs: Math.max(timeoutMs, MAX_PAUSE_MS) };
    return new Date(tx.now.getTime() + backoffMs(backoff, attempt));
  }

  private async eventsTx(tx: Tx, recovery: Recovery): Promise<LifecycleEvent[]> {
    const { id, kind, generation, attempts, participant, group, tenantId, tenantSeq, toSeq } = recovery;
    const head = { operationId: id, generation, attempt: attempts, participants: [participant], group };
    if (kind === 'redrive') return [{ type: REQUESTS.redrive, data: { ...head, tenantSeq } }];
    if (kind === 'skip') return [{ type: REQUESTS.skip, data: { ...head, tenantSeq } }];
    const limit = MAX_REPLAYED_FACTS + 1;
    const facts = await this.history.factsTx(tx, tenantId, tenantSeq, toSeq ?? tenantSeq, limit);
    if (facts.length === 0) throw new ReplayRefused(`The tenant has no fact from sequence ${tenantSeq} on.`);
    if (facts.length === limit)
      throw new ReplayRefused(
        `There are more than ${MAX_REPLAYED_FACTS} facts from sequence ${tenantSeq} on. Choose a later one.`,
      );
    return partsOf(facts).map((part, index, parts) => ({
      type: REQUESTS.replay,
      data: {
        ...head,
        replayId: id,
        fromSeq: tenantSeq,
        part: index + 1,
        parts: parts.length,
        facts: part,
      },
    }));
  }
}
