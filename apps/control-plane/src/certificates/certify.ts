import { formatDurationMs } from '@tenantry/kernel';
import type { Json } from '../audit/canonical-json.js';
import {
  CERTIFICATE_VERSION,
  type AuditProof,
  type Certificate,
  type ParticipantPart,
} from './certificate.js';
import { reasonsIn, type Demonstration } from './reasons.js';
import { remnantsOf, type RetentionStatements } from './remnants.js';

/** Everything that is known of a purge that has ended. */
export interface PurgeFacts {
  readonly now: Date;
  readonly tenant: {
    readonly id: string;
    readonly slug: string;
    readonly isolation: string;
    readonly region: string;
    readonly createdAt: Date;
    readonly purgedAt: Date;
  };
  readonly request?:
    | {
        readonly operationId: string;
        readonly requestedAt: Date;
        readonly actor: string;
        readonly reason: string | null;
        readonly requestId: string | null;
        readonly purgeAfter: Date | null;
      }
    | undefined;
  readonly purge: {
    readonly operationId: string;
    readonly generation: number;
    readonly begunAt: Date;
    readonly endedAt: Date;
  };
  readonly tasks: readonly TaskFacts[];
  /** Participants that, by their own last word, still have the tenant; with whether they were retired. */
  readonly holders: readonly { readonly participant: string; readonly retired: boolean }[];
  readonly audit: AuditProof;
}

export interface TaskFacts {
  readonly participant: string;
  readonly required: boolean;
  readonly verifies: boolean;
  readonly declaredBy: ParticipantPart['declaredBy'];
  readonly state: string;
  readonly lastError: string | null;
  /** When what counts was asked for, where an earlier answer does not: of scans. */
  readonly countsFromAt: Date | null;
  readonly finishedAt: Date | null;
  readonly evidence: Json;
  readonly decision: 'skip' | 'attest' | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly decisionReason: string | null;
}

/** What can be certified of a purge: it says what was shown, and never more. Pure. */
export function certify(facts: PurgeFacts, retention: RetentionStatements): Certificate {
  const participants = facts.tasks.map(partOf);
  const reasons = reasonsAgainst(facts, { participants, audit: facts.audit });
  const { tenant, request, purge } = facts;
  return {
    version: CERTIFICATE_VERSION,
    issuedAt: facts.now.toISOString(),
    tenant: {
      id: tenant.id,
      slug: tenant.slug,
      isolation: tenant.isolation,
      region: tenant.region,
      createdAt: tenant.createdAt.toISOString(),
    },
    request: request
      ? {
          operationId: request.operationId,
          requestedAt: request.requestedAt.toISOString(),
          actor: request.actor,
          reason: request.reason,
          requestId: request.requestId,
          gracePeriod:
            request.purgeAfter &&
            formatDurationMs(request.purgeAfter.getTime() - request.requestedAt.getTime()),
          purgeAfter: request.purgeAfter?.toISOString() ?? null,
        }
      : null,
    purge: {
      operationId: purge.operationId,
      generation: purge.generation,
      begunAt: purge.begunAt.toISOString(),
      endedAt: purge.endedAt.toISOString(),
    },
    participants,
    audit: facts.audit,
    remains: remnantsOf(tenant.purgedAt, participants, retention),
    complete: reasons.length === 0,
    reasons,
  };
}

function partOf(task: TaskFacts): ParticipantPart {
  const { decidedBy, decidedAt } = task;
  const attested = task.decision !== null && decidedBy !== null && decidedAt !== null;
  return {
    participant: task.participant,
    required: task.required,
    role: task.verifies ? 'scan' : 'purge',
    declaredBy: task.declaredBy,
    // Its own word is worth more than an operator's, also when it comes later.
    outcome: task.state === 'succeeded' ? 'acknowledged' : attested ? 'attested' : 'unproven',
    askedAt: task.countsFromAt?.toISOString() ?? null,
    error: task.lastError,
    at: task.finishedAt?.toISOString() ?? null,
    attestation: attested
      ? { by: decidedBy, at: decidedAt.toISOString(), reason: task.decisionReason }
      : null,
    evidence: task.evidence,
  };
}

function reasonsAgainst({ holders }: PurgeFacts, certificate: Demonstration): string[] {
  const named = new Set(certificate.participants.map(({ participant }) => participant));
  return [
    ...reasonsIn(certificate),
    ...holders
      .filter(({ participant }) => !named.has(participant))
      .map(({ participant, retired }) =>
        retired
          ? `${participant} was retired while it held the tenant, and has not shown that it destroyed it.`
          : `${participant} held the tenant, was not asked to destroy it, and has not shown that it did.`,
      ),
  ];
}
