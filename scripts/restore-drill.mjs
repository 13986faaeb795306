/**
 * `npm run restore-drill [-- options]`: saves the control plane's database, goes on, loses it, brings it back, and checks what is
 * promised for each case, with real servers and processes on loopback (docs/operate.md, "Restore").
 *
 * --method M     dump, pitr (base backup and archived log), snapshot (of the volume) or failover (nothing is lost); all of them
 * --transport T  embedded or kafka; both, where a broker can be had
 *
 * A snapshot that is put back can be noticed on Kafka alone, so it is not drilled on the embedded transport. PostgreSQL's programs are
 * taken from PATH, or from the Python package index. One line for each thing that was checked; the last line is `N passed, N failed`.
 */
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { postgresTools } from './postgres-tools.mjs';
import { testServers } from './test/test-servers.mjs';

const METHODS = ['dump', 'pitr', 'snapshot', 'failover'];
const TRANSPORTS = ['embedded', 'kafka'];

const { values } = parseArgs({ options: { method: { type: 'string' }, transport: { type: 'string' } } });

async function main() {
  const methods = chosen('method', METHODS);
  const transports = chosen('transport', TRANSPORTS);
  await build();
  const tools = await postgresTools();
  const { runDrill } = await import('../test/restore-drill/index.ts');
  const counts = { passed: 0, failed: 0 };
  const brokers = transports.includes('kafka') ? await broker() : undefined;
  try {
    for (const transport of transports) {
      for (const method of methods) {
        if (transport === 'embedded' && method === 'snapshot') continue;
        await drill(
          { transport, method, tools, kafkaBrokers: transport === 'kafka' ? brokers.url : undefined },
          counts,
        );
      }
    }
  } finally {
    await brokers?.stop();
  }
  return counts;

  async function drill(options, counts) {
    const name = `${options.method}, ${options.transport}`;
    const began = performance.now();
    const report = (what, ok, detail) => {
      counts[ok ? 'passed' : 'failed'] += 1;
      console.log(
        `${ok ? 'ok    ' : 'FAILED'} ${name}: ${what}${detail === undefined ? '' : ` (${detail})`}`,
      );
    };
    try {
      await runDrill({ ...options, report });
    } catch (error) {
      report('it came to its end', false, error.message);
    }
    console.error(`${name} took ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
}

/** Only a broker is wanted: the drills make PostgreSQL servers of their own, to lose them. */
async function broker() {
  const servers = await testServers({ postgres: false });
  if (servers.withoutKafka) throw new Error(`Kafka: ${servers.withoutKafka}`);
  return { url: servers.env.KAFKA_BROKERS ?? process.env.KAFKA_BROKERS, stop: servers.stop };
}

function chosen(name, all) {
  if (values[name] === undefined) return all;
  if (all.includes(values[name])) return [values[name]];
  throw new Error(`--${name} must be one of ${all.join(', ')}`);
}

const { passed, failed } = await main().catch((error) => {
  console.error(error);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
