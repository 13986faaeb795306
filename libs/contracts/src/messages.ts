import type { FromSchema } from 'json-schema-to-ts';
import { acknowledged, auditRecorded, heartbeat, parked, unparked } from './schemas/acknowledgements.js';
import {
  deletionScheduled,
  operationFact,
  operationFailed,
  routeChanged,
  stateRecord,
  tenantUpdated,
} from './schemas/facts.js';
import { placement, route } from './schemas/parts.js';
import { redriveRequest, replayRequest, skipRequest } from './schemas/recoveries.js';
import { request } from './schemas/requests.js';

/** Requests to participants, on the lifecycle topic. */
export const REQUEST_SCHEMAS = {
  'tenant.provisioning_requested.v1': request,
  'tenant.suspension_requested.v1': request,
  'tenant.reactivation_requested.v1': request,
  'tenant.purge_requested.v1': request,
  'tenant.verification_requested.v1': request,
} as const;

/** Requests to one group of a participant to deal with facts that it has parked or needs again, on the lifecycle topic. */
export const RECOVERY_SCHEMAS = {
  'participant.redrive_requested.v1': redriveRequest,
  'participant.skip_requested.v1': skipRequest,
  'participant.replay_requested.v1': replayRequest,
} as const;

/** Facts, on the lifecycle topic. */
export const FACT_SCHEMAS = {
  'tenant.provisioned.v1': operationFact,
  'tenant.suspended.v1': operationFact,
  'tenant.reactivated.v1': operationFact,
  'tenant.deletion_scheduled.v1': deletionScheduled,
  'tenant.deletion_cancelled.v1': operationFact,
  'tenant.purged.v1': operationFact,
  'tenant.updated.v1': tenantUpdated,
  'tenant.route_changed.v1': routeChanged,
  'tenant.operation_failed.v1': operationFailed,
} as const;

/** Answers and announcements of a participant, on its own acknowledgement topic. */
export const ACKNOWLEDGEMENT_SCHEMAS = {
  'participant.acknowledged.v1': acknowledged,
  'participant.heartbeat.v1': heartbeat,
  'participant.parked.v1': parked,
  'participant.unparked.v1': unparked,
  'participant.audit_recorded.v1': auditRecorded,
} as const;

export const STATE_RECORD_TYPE = 'tenant.state.v1';

export const MESSAGE_SCHEMAS = {
  ...REQUEST_SCHEMAS,
  ...RECOVERY_SCHEMAS,
  ...FACT_SCHEMAS,
  ...ACKNOWLEDGEMENT_SCHEMAS,
  [STATE_RECORD_TYPE]: stateRecord,
} as const;

export type RequestType = keyof typeof REQUEST_SCHEMAS;
export type FactType = keyof typeof FACT_SCHEMAS;
export type AcknowledgementType = keyof typeof ACKNOWLEDGEMENT_SCHEMAS;
export type MessageType = keyof typeof MESSAGE_SCHEMAS;
export type RecoveryType = keyof typeof RECOVERY_SCHEMAS;
export type LifecycleType = RequestType | RecoveryType | FactType;

export type ParticipantRequest = FromSchema<typeof request>;
/** What redrive and skip requests carry. */
export type ParkedFactRequest = FromSchema<typeof redriveRequest>;
export type ReplayRequest = FromSchema<typeof replayRequest>;
export type ReplayedFact = ReplayRequest['facts'][number];
export type OperationFact = FromSchema<typeof operationFact>;
export type DeletionScheduled = FromSchema<typeof deletionScheduled>;
export type TenantUpdated = FromSchema<typeof tenantUpdated>;
export type RouteChanged = FromSchema<typeof routeChanged>;
export type OperationFailed = FromSchema<typeof operationFailed>;
export type Acknowledgement = FromSchema<typeof acknowledged>;
export type Heartbeat = FromSchema<typeof heartbeat>;
export type Parked = FromSchema<typeof parked>;
export type Unparked = FromSchema<typeof unparked>;
export type AuditRecorded = FromSchema<typeof auditRecorded>;
export type StateRecord = FromSchema<typeof stateRecord>;
export type RouteRecord = FromSchema<typeof route>;
export type Placement = FromSchema<typeof placement>;

interface PayloadByType {
  'participant.redrive_requested.v1': ParkedFactRequest;
  'participant.skip_requested.v1': ParkedFactRequest;
  'participant.replay_requested.v1': ReplayRequest;
  'tenant.provisioned.v1': OperationFact;
  'tenant.suspended.v1': OperationFact;
  'tenant.reactivated.v1': OperationFact;
  'tenant.deletion_scheduled.v1': DeletionScheduled;
  'tenant.deletion_cancelled.v1': OperationFact;
  'tenant.purged.v1': OperationFact;
  'tenant.updated.v1': TenantUpdated;
  'tenant.route_changed.v1': RouteChanged;
  'tenant.operation_failed.v1': OperationFailed;
  'participant.acknowledged.v1': Acknowledgement;
  'participant.heartbeat.v1': Heartbeat;
  'participant.parked.v1': Parked;
  'participant.unparked.v1': Unparked;
  'participant.audit_recorded.v1': AuditRecorded;
  'tenant.state.v1': StateRecord;
}

/** The payload of a message type. */
export type Payload<T extends MessageType> = T extends keyof PayloadByType
  ? PayloadByType[T]
  : ParticipantRequest;

export function isRequestType(type: string): type is RequestType {
  return Object.hasOwn(REQUEST_SCHEMAS, type);
}

export function isRecoveryType(type: string): type is RecoveryType {
  return Object.hasOwn(RECOVERY_SCHEMAS, type);
}

export function isFactType(type: string): type is FactType {
  return Object.hasOwn(FACT_SCHEMAS, type);
}
