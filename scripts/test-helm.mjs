/**
 * `npm run test:helm -- [jest options]`: lints the chart, renders each profile and a matrix of its switches, checks every object strictly
 * by Kubernetes' schemas, and then runs the rendered Pods as processes on loopback, against a real PostgreSQL and a real Kafka.
 *
 * Helm and kubeconform are used where they are installed, and built from Go's module proxy otherwise, once. Without Java and Maven the part
 * with Kafka is skipped and named; with REQUIRE_KAFKA=1 it fails. The last line is `N passed, N failed`.
 */
import { build } from './build.mjs';
import { goTool } from './tools/go-tool.mjs';
import { runSuite } from './test/run-suite.mjs';
import { testServers } from './test/test-servers.mjs';

let servers = { env: {}, stop: async () => {} };
let result = { passed: 0, failures: [], skipped: [] };
try {
  const tools = { HELM: await goTool('helm'), KUBECONFORM: await goTool('kubeconform') };
  await build();
  // The suite's broker asks everybody for a name, so it is one of its own.
  servers = await testServers({ kafka: false });
  const { kafkaInstallation } = await import('@tenantry/testing/servers');
  const withoutKafka = await kafkaInstallation().then(
    () => '',
    (error) => error.message,
  );
  result = await runSuite('helm', process.argv.slice(2), {
    ...tools,
    ...servers.env,
    WITHOUT_KAFKA: withoutKafka,
  });
  if (withoutKafka) console.log(`\nSKIPPED, for want of Kafka (${withoutKafka}):`);
} catch (error) {
  result.failures.push(error.message);
} finally {
  await servers.stop();
}
for (const name of result.skipped) console.log(`  ${name}`);
if (process.env.REQUIRE_KAFKA === '1')
  result.failures.push(...result.skipped.map((name) => `skipped: ${name}`));
if (result.failures.length > 0) {
  console.log('\nFAILED:');
  for (const failure of result.failures) console.log(`  ${failure}`);
}
console.log(`\n${result.passed} passed, ${result.failures.length} failed`);
process.exit(result.failures.length > 0 || result.passed === 0 ? 1 : 0);
