/**
 * `npm run rolling-restart -- [options]`: every process of an installation is restarted in turn, by SIGTERM and behind a load balancer that
 * goes by `/readyz`, while requests and new tenants come at a steady rate. No request may fail, and what was asked for must be done
 * once (docs/operating.md, "Stopping and starting").
 *
 * --seconds N      how long to go on at least; each process has its turn (120)
 * --rate N         requests a second (50)
 * --tenants N      new tenants a second among them (2)
 * --transport T    kafka (default), embedded or both
 * --seed TEXT      repeats the load
 *
 * The last line is `N passed, N failed`.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { fromRoot } from './run.mjs';
import { testServers } from './test/test-servers.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    rate: { type: 'string', default: '50' },
    tenants: { type: 'string', default: '2' },
    transport: { type: 'string', default: 'kafka' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
});
const TRANSPORTS = { kafka: ['kafka'], embedded: ['embedded'], both: ['kafka', 'embedded'] };

async function main() {
  const transports = TRANSPORTS[values.transport];
  if (!transports) throw new Error('--transport must be kafka, embedded or both');
  const [seconds, perSecond, tenantsPerSecond] = ['seconds', 'rate', 'tenants'].map(number);
  await build();
  const servers = await testServers({ kafka: transports.includes('kafka') });
  Object.assign(process.env, servers.env);
  try {
    if (servers.withoutKafka && transports.includes('kafka')) throw new Error(servers.withoutKafka);
    const { complaints, rollingRestart, summaryLine, underLoad } = await import('../test/rolling/index.ts');
    const counts = { passed: 0, failed: 0 };
    for (const transport of transports) {
      const logFolder = fromRoot('.cache', 'rolling', `${values.seed}-${transport}`);
      console.log(`${transport}, seed ${values.seed}, logs in ${logFolder}`);
      const report = await underLoad(
        {
          serverUrl: process.env.TEST_DATABASE_URL,
          kafkaBrokers: transport === 'kafka' ? process.env.KAFKA_BROKERS : undefined,
          buildRoot: fromRoot(),
          logFolder,
          seed: values.seed,
          rates: { perSecond, tenantsPerSecond },
          say: (line) => console.error(`${new Date().toISOString().slice(11, 23)} ${line}`),
        },
        rollingRestart(seconds),
      );
      const wrong = complaints(report);
      for (const line of wrong.slice(0, 100)) console.log(line);
      console.log(`${transport} ${summaryLine(report)}`);
      counts[wrong.length === 0 ? 'passed' : 'failed'] += 1;
    }
    return counts;
  } finally {
    await servers.stop();
  }
}

function number(name) {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
  return value;
}

const { passed, failed } = await main().catch((error) => {
  console.error(error);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
