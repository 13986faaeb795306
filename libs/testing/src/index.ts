export { busDatabase, type BusDatabase } from './bus-database.js';
export { TRANSPORT_CASES } from './transport-cases/transport-cases.js';
export { type TransportCase, type TransportRig } from './transport-cases/transport-case.js';
export { testDatabase, type DatabaseTemplate, type TestDatabase } from './test-database.js';
export { waitFor } from './wait-for.js';
export { EventReader, type ReadEvent } from './event-reader.js';
export { consumerDatabase, type ConsumerDatabase } from './consumer-database.js';
export { factEvent, recoveryEvent, replayEvent, requestEvent } from './lifecycle-events.js';
export { EXAMPLE_SERVICE, TEST_LOGINS, kitDatabase, type KitDatabase } from './kit-database.js';
export { LifecyclePublisher, type Asked } from './lifecycle-publisher.js';
export { silencingProxy, type SilencingProxy } from './silencing-proxy.js';
export { meddlingProxy, type Meddling, type MeddlingProxy } from './meddling-proxy.js';
export { servedTenants, type ServedTenants } from './served-tenants.js';
export { verifierDatabase, type VerifierDatabase } from './verifier-database.js';
export { requestedWork, UNDISTURBED, type RequestedWork } from './requested-work.js';
export { stateRecord, type StateToTell } from './state-record.js';
export {
  startOtlpReceiver,
  type OtlpReceiver,
  type ReceivedLog,
  type ReceivedSpan,
} from './otlp-receiver.js';
export { recordSpans, type RecordedSpans } from './recorded-spans.js';
export { recordMetrics, type MeasuredPoint, type RecordedMetrics } from './recorded-metrics.js';
export { documentedBounds } from './documented-bounds.js';
