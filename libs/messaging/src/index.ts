export {
  type AcknowledgementEnvelope,
  type ControlPlaneTransport,
  type Handler,
  type LifecycleEnvelope,
  type OutboundMessage,
  type ParticipantTransport,
  type Subscription,
} from './transport.js';
export { type Logger } from './logger.js';
export { CONSUMER_SQL } from './consumer/consumer-sql.js';
export { type FactApplier, type FactAppliers, type StateReload } from './consumer/fact-appliers.js';
export { LifecycleConsumer, type LifecycleConsumerOptions } from './consumer/lifecycle-consumer.js';
export { RecoveryWorker, type RecoveryWorkerOptions } from './consumer/recovery-worker.js';
export { RequestWorker, type RequestWorkerOptions } from './consumer/request-worker.js';
export {
  AcknowledgementSender,
  type AcknowledgementSenderOptions,
} from './consumer/acknowledgement-sender.js';
export {
  WorkAbandoned,
  type AbandonReason,
  type RequestHandler,
  type WorkControl,
  type WorkItem,
  type WorkResult,
} from './consumer/work-item.js';
export { OUTBOX_SQL, RELAY_SHARDS } from './outbox-sql.js';
export { HISTORY_SQL } from './history-sql.js';
export { HISTORY_TURN_SQL } from './history-turn-sql.js';
export { EPOCH_SQL } from './epoch-sql.js';
export { EPOCH_SIZE, epochOf, raiseEpochTx, readEpoch, type EpochState, type NumberAhead } from './epoch.js';
export { RELAY_MEMBER_SQL } from './relay-member-sql.js';
export {
  HistoryKeeper,
  type HistoryGuard,
  type HistoryKeeperOptions,
  type HistoryMonth,
} from './history-keeper.js';
export { shardOf } from './shard.js';
export { EMBEDDED_TRANSPORT_SQL } from './embedded/embedded-transport-sql.js';
export { LATE_JOINER_SQL } from './embedded/late-joiner-sql.js';
export { StateBootstrap, type StateBootstrapOptions } from './consumer/state-bootstrap.js';
export { MAX_MESSAGE_BYTES, MAX_MESSAGE_DEPTH } from './message-bounds.js';
export { Outbox, CONTROL_PLANE_SOURCE, type NewEvent, type OutboxOptions } from './outbox.js';
export { OutboxLag, type OutboxLagOptions, type PendingWork } from './outbox-lag.js';
export { UnpublishableMessage } from './unpublishable-message.js';
export { putTransportLogin, TRANSPORT_GROUP, type TransportLogin } from './embedded/transport-login.js';
export { RELAY_BATCH, Relay, type RelayOptions } from './relay.js';
export { PEER_PATIENCE_MS } from './settled-within.js';
export { StateRepair, type StateRepairOptions } from './state-repair.js';
export {
  createEmbeddedControlPlaneTransport,
  type EmbeddedControlPlaneOptions,
} from './embedded/embedded-control-plane-transport.js';
export {
  createEmbeddedParticipantTransport,
  type EmbeddedParticipantOptions,
} from './embedded/embedded-participant-transport.js';
export {
  createKafkaControlPlaneTransport,
  type KafkaControlPlaneOptions,
} from './kafka/kafka-control-plane-transport.js';
export {
  createKafkaParticipantTransport,
  type KafkaParticipantOptions,
} from './kafka/kafka-participant-transport.js';
export { KAFKA_BOUNDS } from './kafka/kafka-bounds.js';
export { type KafkaAccess, type KafkaConnection } from './kafka/kafka-connection.js';
export {
  SASL_MECHANISMS,
  saslOptions,
  tlsOptions,
  type KafkaSasl,
  type KafkaTls,
} from './kafka/kafka-security.js';
export { TopicMisconfigured, type TopicSettings } from './kafka/kafka-topics.js';
export { inspectKafka, type InspectedTopic, type KafkaInspection } from './kafka/inspect-kafka.js';
export { formatTraceparent, parseTraceparent } from './telemetry/trace-parent.js';
export {
  activeTracer,
  inSpan,
  markActiveFailed,
  noteStep,
  traceparentFor,
  type Traced,
} from './telemetry/tracing.js';
export { GaugeGroup, type GaugeGroupOptions, type Observe } from './telemetry/gauge-group.js';
export { WorkLoop, type WorkLoopOptions } from './work-loop.js';
