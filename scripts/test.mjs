/**
 * `npm test [unit|db|e2e|long …] [-- jest options]`: runs the suites named, or all of them but `long`, and starts the servers that they
 * need: PostgreSQL unless TEST_DATABASE_URL names one, Kafka unless KAFKA_BROKERS does. The participant in Python gets its packages
 * unless EXAMPLE_PYTHON names an interpreter that has them.
 * The last line is `N passed, N failed`.
 */
import { build } from './build.mjs';
import { examplePython } from './test/example-python.mjs';
import { runSuite } from './test/run-suite.mjs';
import { testServers } from './test/test-servers.mjs';

const SUITES = ['unit', 'db', 'e2e'];
/** Runs when it is named alone: it takes longer than anyone waits for at a desk. */
const LONG = 'long';
const args = process.argv.slice(2);
const known = [...SUITES, LONG];
const named = known.filter((suite) => args.includes(suite));
const suites = named.length > 0 ? named : SUITES;
const jestOptions = args.filter((arg) => !known.includes(arg));
const kafkaIsRequired = process.env.REQUIRE_KAFKA === '1';

let passed = 0;
const failures = [];
const skipped = [];
let servers = { env: {}, stop: async () => {} };
let python = { env: {} };

try {
  if (suites.some((suite) => suite !== 'unit')) {
    await build();
    servers = await testServers();
    if (servers.withoutKafka && kafkaIsRequired) failures.push(`Kafka: ${servers.withoutKafka}`);
  }
  if (suites.includes('e2e')) {
    python = await examplePython();
    if (python.missing && kafkaIsRequired) failures.push(`Python: ${python.missing}`);
  }
  for (const suite of suites) {
    const result = await runSuite(suite, jestOptions, { ...servers.env, ...python.env });
    passed += result.passed;
    failures.push(...result.failures);
    skipped.push(...result.skipped);
  }
} catch (error) {
  failures.push(error.message);
} finally {
  await servers.stop();
}

if (kafkaIsRequired) failures.push(...skipped.map((name) => `skipped: ${name}`));
else if (skipped.length > 0 || servers.withoutKafka) {
  const wants = [
    ...(servers.withoutKafka ? [`Kafka (${servers.withoutKafka})`] : []),
    ...(python.missing ? [`Python (${python.missing})`] : []),
  ];
  console.log(`\nSKIPPED${wants.length > 0 ? `, for want of ${wants.join(' and ')}` : ''}:`);
  for (const name of skipped) console.log(`  ${name}`);
  if (servers.withoutKafka && suites.includes('e2e'))
    console.log('  test/**/*.e2e.ts: every suite on the transport kafka');
}
if (failures.length > 0) {
  console.log('\nFAILED:');
  for (const failure of failures) console.log(`  ${failure}`);
}
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exit(failures.length > 0 ? 1 : 0);
