import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, readConfig, type Environment } from './environment.js';
import { KAFKA_VARIABLES, kafkaSettings } from './kafka-variables.js';

const read = (from: Environment) =>
  kafkaSettings(readConfig(KAFKA_VARIABLES, { KAFKA_BROKERS: 'a:1,b:2', ...from }));

describe('the variables for Kafka', () => {
  let folder: string;
  let file: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tenantry-kafka-variables-'));
    file = path.join(folder, 'some.pem');
    writeFileSync(file, '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('need no more than the brokers', () => {
    expect(read({})).toEqual({ brokers: ['a:1', 'b:2'], topicPrefix: 'tenantry', partitions: 12 });
    expect(read({ KAFKA_BROKERS: '' })).toBeUndefined();
  });

  it('say how topics are named and made', () => {
    expect(
      read({
        KAFKA_TOPIC_PREFIX: 'acme',
        KAFKA_TOPIC_NAMES: 'state=prod.tenants, acknowledgements=prod.answers.',
        KAFKA_TOPIC_PARTITIONS: '24',
        KAFKA_REPLICATION_FACTOR: '3',
        KAFKA_MIN_INSYNC_REPLICAS: '2',
        KAFKA_LIFECYCLE_RETENTION: 'P7D',
        KAFKA_ANSWER_RETENTION: 'P1D',
      }),
    ).toEqual({
      brokers: ['a:1', 'b:2'],
      topicPrefix: 'acme',
      topicNames: { state: 'prod.tenants', acknowledgements: 'prod.answers.' },
      partitions: 24,
      replicationFactor: 3,
      minInsyncReplicas: 2,
      lifecycleRetentionMs: 604_800_000,
      answerRetentionMs: 86_400_000,
    });
    expect(() => read({ KAFKA_TOPIC_NAMES: 'states=x' })).toThrow(/KAFKA_TOPIC_NAMES/);
  });

  it('switch TLS on by naming a file, or for the authorities of the system', () => {
    expect(read({ KAFKA_TLS: 'on' })?.tls).toEqual({});
    expect(read({ KAFKA_TLS: 'off' })?.tls).toBeUndefined();
    expect(read({ KAFKA_TLS_CA_FILE: file })?.tls).toEqual({ caFile: file });
    expect(read({ KAFKA_TLS: 'on', KAFKA_TLS_CERT_FILE: file, KAFKA_TLS_KEY_FILE: file })?.tls).toEqual({
      certFile: file,
      keyFile: file,
    });
  });

  it('say who asks', () => {
    const user = { KAFKA_SASL_USERNAME: 'billing' };
    expect(read({ ...user, KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_SASL_PASSWORD: 's' })?.sasl).toEqual({
      mechanism: 'SCRAM-SHA-512',
      username: 'billing',
      password: 's',
    });
    expect(
      read({ ...user, KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_PASSWORD_FILE: file, KAFKA_TLS: 'on' })?.sasl,
    ).toEqual({ mechanism: 'PLAIN', username: 'billing', passwordFile: file });
  });

  it.each<[string, Environment, RegExp]>([
    ['a password that anybody could read on the way', sasl('PLAIN'), /PLAIN, which needs KAFKA_TLS/],
    [
      'half a certificate',
      { KAFKA_TLS_CERT_FILE: '/dev/null' },
      /CERT_FILE and KAFKA_TLS_KEY_FILE go together/,
    ],
    ['files for TLS that is off', { KAFKA_TLS: 'off', KAFKA_TLS_CA_FILE: '/dev/null' }, /KAFKA_TLS is off/],
    ['a user without a mechanism', { KAFKA_SASL_USERNAME: 'hunter2' }, /KAFKA_SASL_MECHANISM is required/],
    [
      'a mechanism without a user',
      { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256' },
      /KAFKA_SASL_USERNAME is required/,
    ],
    ['two passwords', { ...sasl('SCRAM-SHA-256'), KAFKA_SASL_PASSWORD_FILE: '/dev/null' }, /exactly one of/],
    ['an unknown mechanism', sasl('GSSAPI'), /KAFKA_SASL_MECHANISM must be one of/],
    [
      'a file that is not there',
      { KAFKA_TLS_CA_FILE: '/nowhere/hunter2' },
      /KAFKA_TLS_CA_FILE must be a file/,
    ],
  ])('refuse %s, and show no value', (_what, from, message) => {
    expect(() => read(from)).toThrow(ConfigError);
    expect(() => read(from)).toThrow(message);
    expect(() => read(from)).not.toThrow(/hunter2/);
  });
});

function sasl(mechanism: string): Environment {
  return {
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: 'billing',
    KAFKA_SASL_PASSWORD: 'hunter2',
  };
}
