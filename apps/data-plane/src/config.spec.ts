import { describe, expect, it } from '@jest/globals';
import { readServeConfig } from './config.js';

const LEAST = {
  DATABASE_URL: 'postgres://app:secret@db/x',
  PROVISIONER_DATABASE_URL: 'postgres://prov:secret@db/x',
  EMBEDDED_TRANSPORT_URL: 'postgres://reference:secret@db/y',
};

describe('the configuration', () => {
  it('has defaults that bind to loopback and let nobody call', () => {
    expect(readServeConfig(LEAST)).toMatchObject({
      host: '127.0.0.1',
      port: 3001,
      metricsPort: 9465,
      routeStalenessAlertMs: 300_000,
      apiKeyHashes: [],
      transport: { kind: 'embedded', url: LEAST.EMBEDDED_TRANSPORT_URL },
    });
  });

  it('takes Kafka instead of the embedded transport', () => {
    const { EMBEDDED_TRANSPORT_URL: _, ...rest } = LEAST;
    expect(readServeConfig({ ...rest, KAFKA_BROKERS: 'a:1, b:2' }).transport).toEqual({
      kind: 'kafka',
      brokers: ['a:1', 'b:2'],
      topicPrefix: 'tenantry',
      partitions: 12,
    });
  });

  it.each([
    ['both transports', { ...LEAST, KAFKA_BROKERS: 'a:1' }],
    ['no transport', { ...LEAST, EMBEDDED_TRANSPORT_URL: '' }],
  ])('refuses %s', (_what, from) => {
    expect(() => readServeConfig(from)).toThrow(/exactly one of KAFKA_BROKERS and EMBEDDED_TRANSPORT_URL/);
  });

  it('names every variable that is wrong, and no value', () => {
    const from = { DATABASE_URL: 'mysql://hunter2', PORT: '99999', DATA_PLANE_API_KEY_HASHES: 'plain-key' };
    expect(() => readServeConfig(from)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /DATABASE_URL.*PROVISIONER_DATABASE_URL.*PORT.*DATA_PLANE_API_KEY_HASHES/,
        ),
      }),
    );
    expect(() => readServeConfig(from)).not.toThrow(/hunter2|99999|plain-key/);
  });
});
