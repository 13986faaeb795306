/**
 * `npm run upgrade-test -- [options]`: the processes of the version before this one serve under load while this version's migrations run, and
 * after them; one of each kind is started again on the new schema; then this version takes over, process by process. No request may
 * fail, and what was asked for must be done once (docs/adr/0031).
 *
 * The version before is the newest tag before this commit or, before there is one, the commit before this one.
 *
 * --from REF       another version to begin from
 * --seconds N      how long the old processes go on, on the new schema (15)
 * --rate N         requests a second (50)
 * --tenants N      new tenants a second among them (2)
 * --transport T    embedded (default) or kafka
 * --brief          the migrations alone: nothing is started again or replaced
 * --seed TEXT      repeats the load
 *
 * Without any earlier version in the checkout nothing is tried, and it says so. The last line is `N passed, N failed`.
 */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { fromRoot } from './run.mjs';
import { testServers } from './test/test-servers.mjs';
import { HistoryMissing, buildCommit, previousVersion } from './upgrade/previous-build.mjs';

const { values } = parseArgs({
  options: {
    from: { type: 'string' },
    seconds: { type: 'string', default: '15' },
    rate: { type: 'string', default: '50' },
    tenants: { type: 'string', default: '2' },
    transport: { type: 'string', default: 'embedded' },
    brief: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
});

async function main() {
  if (!['kafka', 'embedded'].includes(values.transport))
    throw new Error('--transport must be kafka or embedded');
  const [seconds, perSecond, tenantsPerSecond] = ['seconds', 'rate', 'tenants'].map(number);
  const { commit, name } =
    values.from === undefined
      ? await previousVersion()
      : { commit: commitOf(values.from), name: values.from };
  console.log(`from ${name} to what is here, on the transport ${values.transport}, seed ${values.seed}`);
  await build();
  const oldRoot = await buildCommit(commit);
  const servers = await testServers({ kafka: values.transport === 'kafka' });
  Object.assign(process.env, servers.env);
  try {
    if (servers.withoutKafka && values.transport === 'kafka') throw new Error(servers.withoutKafka);
    const { complaints, summaryLine, underLoad, upgrade } = await import('../test/rolling/index.ts');
    const report = await underLoad(
      {
        serverUrl: process.env.TEST_DATABASE_URL,
        kafkaBrokers: values.transport === 'kafka' ? process.env.KAFKA_BROKERS : undefined,
        buildRoot: oldRoot,
        logFolder: fromRoot('.cache', 'rolling', `${values.seed}-upgrade`),
        seed: values.seed,
        rates: { perSecond, tenantsPerSecond },
        say: (line) => console.error(`${new Date().toISOString().slice(11, 23)} ${line}`),
      },
      upgrade({
        oldRoot,
        newRoot: fromRoot(),
        seconds,
        replaces: !values.brief,
        say: (line) => console.log(line),
      }),
    );
    const wrong = complaints(report);
    for (const line of wrong.slice(0, 100)) console.log(line);
    console.log(`upgrade ${summaryLine(report)}`);
    return wrong.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  } finally {
    await servers.stop();
  }
}

function commitOf(ref) {
  return execFileSync('git', ['rev-parse', '--verify', `${ref}^{commit}`], { cwd: fromRoot() })
    .toString()
    .trim();
}

function number(name) {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
  return value;
}

const { passed, failed } = await main().catch((error) => {
  if (error instanceof HistoryMissing) {
    console.log(`SKIPPED: no upgrade was tried, for want of history: ${error.message}`);
    return { passed: 0, failed: 0 };
  }
  console.error(error);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
