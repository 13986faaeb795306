export {
  ACCESSES,
  CAPABILITIES,
  DESIRED_STATES,
  ISOLATIONS,
  OBSERVED_STATES,
  OPERATION_KINDS,
  OPERATION_STATES,
  TASK_STATES,
  TENANT_STATES,
  type Access,
  type Capability,
  type DesiredState,
  type Isolation,
  type ObservedState,
  type OperationKind,
  type OperationState,
  type TaskState,
  type TenantState,
} from './lifecycle-vocabulary.js';
export {
  TENANT_SCHEMA_PATTERN,
  isParticipantName,
  isStoreName,
  placeNames,
  pooledSchemaName,
  tenantDatabaseName,
  tenantSchemaName,
  tenantSchemaPrefix,
} from './names.js';
export { topicNames, type ChosenTopicNames, type Topics } from './topics.js';
export {
  ACKNOWLEDGEMENT_SCHEMAS,
  FACT_SCHEMAS,
  MESSAGE_SCHEMAS,
  RECOVERY_SCHEMAS,
  REQUEST_SCHEMAS,
  STATE_RECORD_TYPE,
  isFactType,
  isRecoveryType,
  isRequestType,
  type Acknowledgement,
  type AcknowledgementType,
  type AuditRecorded,
  type DeletionScheduled,
  type FactType,
  type Heartbeat,
  type LifecycleType,
  type MessageType,
  type OperationFact,
  type OperationFailed,
  type Parked,
  type ParkedFactRequest,
  type ParticipantRequest,
  type Payload,
  type Placement,
  type RecoveryType,
  type ReplayRequest,
  type ReplayedFact,
  type RequestType,
  type RouteChanged,
  type RouteRecord,
  type StateRecord,
  type TenantUpdated,
  type Unparked,
} from './messages.js';
export { checkIncoming, checkOutgoing, isKnownMessageType, type SchemaCheck } from './validate.js';
export { opened } from './open-schema.js';
export { dataSchemaOf, type Envelope, type KnownEnvelope } from './envelope.js';
export { kafkaHeaders } from './kafka-headers.js';
export { MESSAGE_CATALOGUE, type Channel, type MessageDescription } from './catalogue.js';
export { MESSAGE_EXAMPLES } from './examples/message-examples.js';
export { type Example } from './examples/example.js';
export { publishedSchema, type SchemaSide } from './published-schema.js';
export { headersSchema } from './asyncapi/asyncapi-message.js';
export { asyncApiDocument } from './asyncapi/asyncapi-document.js';
export {
  type AsyncApiChannel,
  type AsyncApiDocument,
  type AsyncApiMessage,
  type JsonSchema,
} from './asyncapi/asyncapi.js';
