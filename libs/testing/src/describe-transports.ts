import { describe } from '@jest/globals';
import type { SystemTransport } from './system-under-test.js';

/**
 * Declares a suite once for each transport. Without a broker (KAFKA_BROKERS) the one on Kafka is skipped, and
 * `npm test` names what was; with REQUIRE_KAFKA=1 it runs in any case, and so fails.
 */
export function describeOnEachTransport(name: string, suite: (transport: SystemTransport) => void): void {
  describe(`${name} (embedded transport)`, () => suite('embedded'));
  const onKafka = process.env['KAFKA_BROKERS'] || process.env['REQUIRE_KAFKA'] === '1' ? describe : describe.skip;
  onKafka(`${name} (Kafka)`, () => suite('kafka'));
}
