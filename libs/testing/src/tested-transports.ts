import type { SystemTransport } from './system-under-test.js';

/**
 * The transports that end-to-end suites run on: Kafka only where there is a broker, except that with REQUIRE_KAFKA=1
 * its suites run in any case, and so fail without one. `npm test` names what is left out.
 */
export function testedTransports(): readonly SystemTransport[] {
  const withKafka = Boolean(process.env['KAFKA_BROKERS']) || process.env['REQUIRE_KAFKA'] === '1';
  return withKafka ? ['embedded', 'kafka'] : ['embedded'];
}
