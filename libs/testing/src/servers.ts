export {
  startGuarded,
  type GuardedProcess,
  type GuardedProcessOptions,
  type ProcessEnd,
} from './guarded-process.js';
export { freePort, isPortFree } from './free-port.js';
export { startPostgres, type PostgresServer, type PostgresServerOptions } from './postgres-server.js';
export {
  findPgBouncer,
  startPgBouncer,
  type BouncerPool,
  type PgBouncer,
  type PgBouncerOptions,
} from './pgbouncer.js';
export { ensureDatabases } from './ensure-databases.js';
export { startKafkaBroker, type KafkaBroker, type KafkaBrokerOptions } from './kafka-broker.js';
export { type KafkaDoor } from './kafka-node.js';
export { startKafkaCluster, type KafkaCluster } from './kafka-cluster.js';
export { startSecuredKafka, type SecuredKafka } from './secured-kafka.js';
export { documentedAcls, type DocumentedUsers } from './documented-acls.js';
export { type Certificate, type CertificateAuthority } from './tls-certificates.js';
export { networkLink, type NetworkLink } from './network-link.js';
export { kafkaInstallation, KAFKA_VERSIONS, KafkaUnavailableError } from './kafka-jars.js';
export { untilMessagesPass } from './kafka-probe.js';
export { kafkaMessages, type KafkaPlace } from './kafka-messages.js';
export {
  PARTICIPANT,
  VERIFIER,
  databaseUrl,
  entryFile,
  installationEnvironment,
  type AppEnvironment,
  type AppName,
  type InstallationOptions,
} from './installation.js';
export { migrateApp, startApp, untilReady } from './app-process.js';
export { readableLogLine } from './readable-log.js';
export { HttpClient, type HttpAnswer, type HttpRequestOptions } from './http-client.js';
export { dropInstallation } from './system-removal.js';
export { testedTransports } from './tested-transports.js';
export {
  startSystem,
  type ProcessBeside,
  type SystemOptions,
  type SystemTransport,
  type SystemUnderTest,
} from './system-under-test.js';
export { COMPILE_CACHE, NODE_FLAGS } from './node-settings.js';
export { waitFor } from './wait-for.js';
export { withClient } from './with-client.js';
