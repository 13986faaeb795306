import type { Acknowledgement, AuditRecorded, Heartbeat, Parked, Unparked } from '@tenantry/contracts';
import { isUuid, newId, type Backoff } from '@tenantry/kernel';
import { parseTraceparent, type AcknowledgementEnvelope } from '@tenantry/messaging';
import { withLogFields, type LogFields } from '@tenantry/service';
import { isPassingFault } from '../database/passing-fault.js';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import { OperationStore } from '../operations/operation.store.js';
import { Heartbeats } from '../participants/heartbeats.js';
import { ParticipantStore } from '../participants/participant.store.js';
import { ParticipantsChanged } from '../participants/participants-changed.js';
import { ParkedFactStore } from '../parked/parked-fact.store.js';
import { RecoveryAnswers } from '../parked/recovery-answers.js';
import { REQUEST_BACKOFF } from '../reconciling/situation.reader.js';
import { WakeStore } from '../reconciling/wake.store.js';
import { observedWhenDone } from '../tenants/tenant.js';
import { TenantStore } from '../tenants/tenant.store.js';
import { AcknowledgementMetrics, type AcknowledgementOutcome } from './acknowledgement-metrics.js';
import { judge } from './acknowledgement.js';
import { ParticipantAudit } from './participant-audit.js';
import { receive, type Received } from './receive-message.js';

const RECORDED_MESSAGE_MAX = 16_384;

/**
 * Takes in what participants say. What is malformed, stale or not theirs to say is recorded with its reason and
 * dropped alone; only a database that does not answer makes a message wait.
 */
@Injectable()
export class AcknowledgementReceiver {
  private readonly logger = new Logger(AcknowledgementReceiver.name);
  private readonly metrics = new AcknowledgementMetrics();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantStore,
    private readonly operations: OperationStore,
    private readonly participants: ParticipantStore,
    private readonly heartbeats: Heartbeats,
    private readonly changed: ParticipantsChanged,
    private readonly wakes: WakeStore,
    private readonly parkedFacts: ParkedFactStore,
    private readonly recoveries: RecoveryAnswers,
    private readonly audit: ParticipantAudit,
    @Inject(REQUEST_BACKOFF) private readonly backoff: Backoff,
  ) {}

  handle(participant: string, message: AcknowledgementEnvelope): Promise<void> {
    return withLogFields(logFieldsOf(message), () => this.receive(participant, message));
  }

  private async receive(participant: string, message: AcknowledgementEnvelope): Promise<void> {
    const received = receive(participant, message);
    try {
      await this.takeIn(participant, message, received);
    } catch (error) {
      // What is the message's own fault would come again for ever and block what follows it.
      if (isPassingFault(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      await this.onMalformed(participant, `unstorable: ${reason}`, textOf(message));
    }
  }

  private async takeIn(
    participant: string,
    message: AcknowledgementEnvelope,
    received: Received,
  ): Promise<void> {
    if (received.kind === 'heartbeat') return this.heartbeat(received.data, new Date(message.time));
    await this.unitOfWork.run(async (tx) => {
      switch (received.kind) {
        case 'acknowledged':
          return this.acknowledgedTx(tx, message, received.data);
        case 'parked':
          return this.parkedTx(tx, message, received.data);
        case 'unparked':
          return this.unparkedTx(tx, message, received.data);
        case 'audited':
          return this.auditedTx(tx, message, received.data);
        case 'refused':
          return this.refuseTx(tx, participant, received.reason, textOf(message));
      }
    });
  }

  /** Records something that is no message at all. */
  async onMalformed(participant: string, reason: string, raw: string): Promise<void> {
    await this.unitOfWork.run((tx) => this.refuseTx(tx, participant, reason, raw));
  }

  private async acknowledgedTx(
    tx: Tx,
    message: AcknowledgementEnvelope,
    answer: Acknowledgement,
  ): Promise<void> {
    // The tenant's row lock orders this with the reconciler and with commands.
    const tenant = await this.tenants.lockTx(tx, message.subject);
    if (!tenant) return this.refuseTx(tx, answer.participant, 'its subject is no tenant', textOf(message));
    const operation = await this.operations.currentTx(tx, tenant);
    if (answer.operationId !== operation.id && (await this.recoveries.takeInTx(tx, tenant.id, answer)))
      return this.countTx(tx, answer.participant, answer.outcome);
    const task = await this.operations.taskTx(tx, operation.id, answer.participant);
    const ackTimeoutMs = await this.participants.ackTimeoutMsTx(tx, answer.participant);
    const verdict = judge(answer, { operation, task, ackTimeoutMs }, tx.now, this.backoff);
    if (verdict.kind === 'stale')
      return this.refuseTx(tx, answer.participant, `stale: ${verdict.why}`, textOf(message));
    if (verdict.kind === 'ignored' || !task) return this.countTx(tx, answer.participant, 'ignored');
    this.countTx(tx, answer.participant, answer.outcome);
    await this.operations.saveTasksTx(tx, [Object.assign(task, verdict.task)]);
    if (verdict.kind === 'observed') {
      await this.participants.observeTx(
        tx,
        tenant.id,
        answer.participant,
        observedWhenDone(operation.desired),
        operation.generation,
      );
    }
    // Whoever shows progress has its whole time again, and so has the operation.
    if (answer.outcome === 'in_progress') await this.operations.extendTx(tx, operation, ackTimeoutMs);
    await this.wakes.wakeTx(tx, tenant.id);
  }

  private async heartbeat(heartbeat: Heartbeat, sentAt: Date): Promise<void> {
    if (await this.unitOfWork.run((tx) => this.heartbeats.takeInTx(tx, heartbeat, sentAt)))
      this.changed.emit();
  }

  private async parkedTx(tx: Tx, message: AcknowledgementEnvelope, parked: Parked): Promise<void> {
    if (!isUuid(message.subject))
      return this.refuseTx(tx, parked.participant, 'its subject is no tenant', textOf(message));
    if (!(await this.parkedFacts.parkedTx(tx, message.subject, parked, sentAt(message, tx)))) return;
    this.logger.error({
      msg: 'a participant parked a fact',
      participant: parked.participant,
      tenantId: message.subject,
      eventId: parked.eventId,
      error: parked.error,
    });
  }

  private async unparkedTx(tx: Tx, message: AcknowledgementEnvelope, unparked: Unparked): Promise<void> {
    if (!isUuid(message.subject))
      return this.refuseTx(tx, unparked.participant, 'its subject is no tenant', textOf(message));
    await this.parkedFacts.unparkedTx(tx, message.subject, unparked, sentAt(message, tx));
  }

  private async auditedTx(tx: Tx, message: AcknowledgementEnvelope, record: AuditRecorded): Promise<void> {
    if (!isUuid(message.subject))
      return this.refuseTx(tx, record.participant, 'its subject is no tenant', textOf(message));
    if (!isUuid(message.id))
      return this.refuseTx(tx, record.participant, 'its id is no UUID', textOf(message));
    await this.audit.takeInTx(tx, message, record);
  }

  private async refuseTx(tx: Tx, participant: string, reason: string, raw: string): Promise<void> {
    // NUL can't be stored in text; what is recorded is for people.
    const text = raw.replaceAll('\u0000', '\uFFFD').slice(0, RECORDED_MESSAGE_MAX).toWellFormed();
    await tx.sql.query(
      'INSERT INTO tenantry.rejected_acknowledgement (id, participant, reason, message) VALUES ($1, $2, $3, $4)',
      [newId(), participant, reason.replaceAll('\u0000', '\uFFFD').toWellFormed(), text],
    );
    this.countTx(tx, participant, 'refused');
    this.logger.warn({ msg: 'an acknowledgement was refused', participant, reason });
  }

  private countTx(tx: Tx, participant: string, outcome: AcknowledgementOutcome): void {
    tx.afterCommit(() => this.metrics.count(participant, outcome));
  }
}

/** A message that is about no tenant has its participant as its subject. */
function logFieldsOf({ id, subject, traceparent }: AcknowledgementEnvelope): LogFields {
  const trace = parseTraceparent(traceparent);
  return {
    eventId: id,
    ...(isUuid(subject) && { tenantId: subject }),
    ...(trace && { traceId: trace.traceId }),
  };
}

/** When the participant said it; now, when it does not say. */
function sentAt({ time }: AcknowledgementEnvelope, { now }: Tx): Date {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? now : at;
}

/** The message as text for people; one that is nested too deeply to be written at least by its attributes. */
function textOf(message: AcknowledgementEnvelope): string {
  try {
    return JSON.stringify(message);
  } catch {
    return JSON.stringify({ ...message, data: 'unreadable' });
  }
}
