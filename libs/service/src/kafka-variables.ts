import { SASL_MECHANISMS, type KafkaAccess, type TopicSettings } from '@tenantry/messaging';
import { accessSync, constants } from 'node:fs';
import { ConfigError, env, type ConfigOf } from './environment.js';

const TOPIC = '[a-zA-Z0-9._-]{1,200}';
const TOPIC_NAMES = ['lifecycle', 'state', 'parked', 'acknowledgements'] as const;

/** The variables that say how an app reaches Kafka, and how topics that it makes are made; the same on every side. */
export const KAFKA_VARIABLES = {
  kafkaBrokers: env.optional(env.list('KAFKA_BROKERS')),
  kafkaTopicPrefix: env.text('KAFKA_TOPIC_PREFIX', 'tenantry', /^[a-zA-Z0-9._-]{1,100}$/),
  /** `lifecycle=…,state=…,parked=…,acknowledgements=…`, the last being what a participant's topic begins with. */
  kafkaTopicNames: env.list('KAFKA_TOPIC_NAMES', [], new RegExp(`^(${TOPIC_NAMES.join('|')})=${TOPIC}$`)),
  kafkaPartitions: env.integer('KAFKA_TOPIC_PARTITIONS', { min: 1, max: 10_000, default: 12 }),
  kafkaReplicationFactor: env.optional(env.integer('KAFKA_REPLICATION_FACTOR', { min: 1, max: 100 })),
  kafkaMinInsyncReplicas: env.optional(env.integer('KAFKA_MIN_INSYNC_REPLICAS', { min: 1, max: 100 })),
  kafkaLifecycleRetentionMs: env.optional(env.durationMs('KAFKA_LIFECYCLE_RETENTION')),
  kafkaAnswerRetentionMs: env.optional(env.durationMs('KAFKA_ANSWER_RETENTION')),
  /** Unset: on where one of the files is named. */
  kafkaTls: env.optional(env.oneOf('KAFKA_TLS', ['on', 'off'])),
  kafkaTlsCaFile: env.optional(env.text('KAFKA_TLS_CA_FILE')),
  kafkaTlsCertFile: env.optional(env.text('KAFKA_TLS_CERT_FILE')),
  kafkaTlsKeyFile: env.optional(env.text('KAFKA_TLS_KEY_FILE')),
  kafkaSaslMechanism: env.optional(env.oneOf('KAFKA_SASL_MECHANISM', SASL_MECHANISMS)),
  kafkaSaslUsername: env.optional(env.text('KAFKA_SASL_USERNAME')),
  kafkaSaslPassword: env.optional(env.text('KAFKA_SASL_PASSWORD')),
  kafkaSaslPasswordFile: env.optional(env.text('KAFKA_SASL_PASSWORD_FILE')),
};

export type KafkaConfig = ConfigOf<typeof KAFKA_VARIABLES>;
/** Where Kafka is and who asks, and how topics are made. */
export type KafkaSettings = KafkaAccess & Partial<TopicSettings>;

/**
 * How Kafka is reached, as KAFKA_VARIABLES say; undefined without brokers.
 * @throws ConfigError where they do not go together, or name a file that cannot be read.
 */
export function kafkaSettings(config: KafkaConfig): KafkaSettings | undefined {
  if (!config.kafkaBrokers) return undefined;
  const problems = [...tlsProblems(config), ...saslProblems(config), ...unreadableFiles(config)];
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    brokers: config.kafkaBrokers,
    topicPrefix: config.kafkaTopicPrefix,
    ...(config.kafkaTopicNames.length > 0 && {
      topicNames: Object.fromEntries(
        config.kafkaTopicNames.map((item) => item.split('=') as [string, string]),
      ),
    }),
    partitions: config.kafkaPartitions,
    ...given({
      replicationFactor: config.kafkaReplicationFactor,
      minInsyncReplicas: config.kafkaMinInsyncReplicas,
      lifecycleRetentionMs: config.kafkaLifecycleRetentionMs,
      answerRetentionMs: config.kafkaAnswerRetentionMs,
    }),
    ...tls(config),
    ...sasl(config),
  };
}

function tls(config: KafkaConfig): Pick<KafkaAccess, 'tls'> {
  if (!usesTls(config)) return {};
  const { kafkaTlsCaFile: caFile, kafkaTlsCertFile: certFile, kafkaTlsKeyFile: keyFile } = config;
  return { tls: given({ caFile, certFile, keyFile }) };
}

function sasl(config: KafkaConfig): Pick<KafkaAccess, 'sasl'> {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username } = config;
  if (mechanism === undefined || username === undefined) return {};
  const { kafkaSaslPassword: password, kafkaSaslPasswordFile: passwordFile } = config;
  return { sasl: { mechanism, username, ...given({ password, passwordFile }) } };
}

function usesTls(config: KafkaConfig): boolean {
  return config.kafkaTls === undefined ? namedTlsFiles(config).length > 0 : config.kafkaTls === 'on';
}

function namedTlsFiles(config: KafkaConfig): [string, string][] {
  return named({
    KAFKA_TLS_CA_FILE: config.kafkaTlsCaFile,
    KAFKA_TLS_CERT_FILE: config.kafkaTlsCertFile,
    KAFKA_TLS_KEY_FILE: config.kafkaTlsKeyFile,
  });
}

function tlsProblems(config: KafkaConfig): string[] {
  const problems: string[] = [];
  if (config.kafkaTls === 'off' && namedTlsFiles(config).length > 0)
    problems.push('KAFKA_TLS is off, but a file for it is named');
  if ((config.kafkaTlsCertFile === undefined) !== (config.kafkaTlsKeyFile === undefined))
    problems.push('KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE go together');
  return problems;
}

function saslProblems(config: KafkaConfig): string[] {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username } = config;
  const passwords = [config.kafkaSaslPassword, config.kafkaSaslPasswordFile].filter(
    (one) => one !== undefined,
  );
  if (mechanism === undefined)
    return username === undefined && passwords.length === 0
      ? []
      : ['KAFKA_SASL_MECHANISM is required with a user name or a password'];
  const problems: string[] = [];
  if (username === undefined) problems.push('KAFKA_SASL_USERNAME is required with KAFKA_SASL_MECHANISM');
  if (passwords.length !== 1)
    problems.push(
      'exactly one of KAFKA_SASL_PASSWORD and KAFKA_SASL_PASSWORD_FILE is required with KAFKA_SASL_MECHANISM',
    );
  // It shows the password to whoever listens; SCRAM does not.
  if (mechanism === 'PLAIN' && !usesTls(config))
    problems.push('KAFKA_SASL_MECHANISM is PLAIN, which needs KAFKA_TLS');
  return problems;
}

function unreadableFiles(config: KafkaConfig): string[] {
  const files = [
    ...namedTlsFiles(config),
    ...named({ KAFKA_SASL_PASSWORD_FILE: config.kafkaSaslPasswordFile }),
  ];
  return files
    .filter(([, file]) => !isReadable(file))
    .map(([name]) => `${name} must be a file that can be read`);
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function named(values: Readonly<Record<string, string | undefined>>): [string, string][] {
  return Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
}

/** Without what is undefined. */
function given<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
