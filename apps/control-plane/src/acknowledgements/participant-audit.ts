import type { AuditRecorded } from '@tenantry/contracts';
import type { AcknowledgementEnvelope } from '@tenantry/messaging';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import type { Tx } from '../database/unit-of-work.js';

/** Brings what participants have recorded in their own audits into the chain of ours. */
@Injectable()
export class ParticipantAudit {
  constructor(private readonly audit: AuditLog) {}

  /** Takes each message in once, however often it comes: the note of it and the entry are of one transaction. */
  async takeInTx(
    tx: Tx,
    { id, subject, traceparent }: AcknowledgementEnvelope,
    record: AuditRecorded,
  ): Promise<void> {
    const { participant, auditId, actor, action, reason, recordedAt, details } = record;
    const noted = await tx.sql.query(
      `INSERT INTO tenantry.participant_audit (participant, message_id) VALUES ($1, $2)
       ON CONFLICT ON CONSTRAINT participant_audit_pkey DO NOTHING RETURNING message_id`,
      [participant, id],
    );
    if (noted.length === 0) return;
    await this.audit.recordTx(tx, {
      // The participant stands surety for whom it names, so that no participant can speak as an operator of ours.
      caller: {
        actor: `participant:${participant}/${actor}`,
        ...(traceparent === undefined ? {} : { traceparent }),
      },
      tenantId: subject.toLowerCase(),
      action,
      resource: `participants/${participant}/audit/${auditId}`,
      reason,
      after: { recordedAt, ...(details && { details }) },
    });
  }
}
