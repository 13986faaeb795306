/**
 * `npm run test:brokers [-- 3.9.2 4.1.1 …]`: the Kafka transport's suites, its conformance suite among them, on every version of Apache
 * Kafka that is claimed to work, or on those named, each from Apache's own jars (Java 17 and Maven). The last line is `N passed, N failed`.
 */
import { build } from './build.mjs';
import { runSuite } from './test/run-suite.mjs';
import { testServers } from './test/test-servers.mjs';

const SUITES = { db: 'libs/messaging/src/kafka/.*\\.db\\.spec\\.ts$', long: 'broker-restarts' };

await build();
const { KAFKA_VERSIONS } = await import('@tenantry/testing/servers');
const named = process.argv.slice(2).filter((argument) => argument !== '--');
const versions = named.length > 0 ? named : KAFKA_VERSIONS;
const results = [];

delete process.env.KAFKA_BROKERS;
process.env.REQUIRE_KAFKA = '1';
for (const version of versions) {
  console.log(`\n==== Apache Kafka ${version} ====`);
  process.env.KAFKA_VERSION = version;
  results.push({ version, ...(await onBroker()) });
}

for (const { version, passed, failures } of results) {
  console.log(`\nApache Kafka ${version}: ${passed} passed, ${failures.length} failed`);
  for (const failure of failures) console.log(`  ${failure}`);
}
const sum = (of) => results.reduce((total, result) => total + of(result), 0);
const failed = sum(({ failures }) => failures.length);
console.log(`\n${sum(({ passed }) => passed)} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

async function onBroker() {
  let servers = { env: {}, stop: async () => {} };
  try {
    servers = await testServers();
    if (servers.withoutKafka) return { passed: 0, failures: [`Kafka: ${servers.withoutKafka}`] };
    const ran = [];
    for (const [suite, pattern] of Object.entries(SUITES))
      ran.push(await runSuite(suite, ['--testPathPatterns', pattern], servers.env));
    return {
      passed: ran.reduce((total, { passed }) => total + passed, 0),
      failures: ran.flatMap(({ failures, skipped }) => [
        ...failures,
        ...skipped.map((name) => `skipped: ${name}`),
      ]),
    };
  } catch (error) {
    return { passed: 0, failures: [error.message] };
  } finally {
    await servers.stop();
  }
}
