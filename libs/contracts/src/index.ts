export {
  ACCESSES, CAPABILITIES, DESIRED_STATES, ISOLATIONS, OBSERVED_STATES, OPERATION_KINDS, OPERATION_STATES, TASK_STATES, TENANT_STATES,
  type Access, type Capability, type DesiredState, type Isolation, type ObservedState, type OperationKind, type OperationState,
  type TaskState, type TenantState,
} from './lifecycle-vocabulary.js';
export {
  TENANT_SCHEMA_PATTERN, isParticipantName, isStoreName, pooledSchemaName, tenantSchemaName, tenantSchemaPrefix,
} from './names.js';
export { topicNames, type Topics } from './topics.js';
export {
  ACKNOWLEDGEMENT_SCHEMAS, FACT_SCHEMAS, MESSAGE_SCHEMAS, REQUEST_SCHEMAS, STATE_RECORD_TYPE, isFactType, isRequestType,
  type Acknowledgement, type AcknowledgementType, type DeletionScheduled, type FactType, type Heartbeat, type LifecycleType, type MessageType,
  type OperationFact, type OperationFailed, type Parked, type ParticipantRequest, type Payload, type Placement, type RequestType, type RouteChanged, type RouteRecord, type StateRecord, type TenantUpdated,
} from './messages.js';
export { checkIncoming, checkOutgoing, isKnownMessageType, type SchemaCheck } from './validate.js';
export { opened } from './open-schema.js';
export { dataSchemaOf, type Envelope, type KnownEnvelope } from './envelope.js';
