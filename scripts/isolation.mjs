/**
 * `npm run isolation -- [options]`: tries to cross from one tenant to another in every way that the catalogue offers, in all three
 * isolation models, directly and through pgbouncer in transaction mode (docs/isolation.md).
 *
 * --probes N       how many attempts (20000); of the reference service's tables
 * --seed N         which attempts: the same for the same seed
 * --signed MARKER  with signed contexts: mac or setting
 * --soak 120s      instead: so long, 200 requests at a time, with handlers that throw, cancelled queries and killed backends
 *
 * A PostgreSQL of its own is started unless TEST_DATABASE_URL names a superuser's; Debian's package for the pooler is `pgbouncer`. Without
 * it, `pooled` means connections that others had before, unless CI=1, where it has to be there. The last line is `N passed, N failed`.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { testServers } from './test/test-servers.mjs';

const { values } = parseArgs({
  options: {
    probes: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    signed: { type: 'string' },
    soak: { type: 'string' },
  },
});

async function main() {
  const probes = wholeNumber('probes', values.probes);
  const seed = wholeNumber('seed', values.seed);
  const soakMs =
    values.soak === undefined ? undefined : wholeNumber('soak', values.soak.replace(/s$/, '')) * 1000;
  await build();
  const servers = await testServers({ kafka: false });
  Object.assign(process.env, servers.env);
  try {
    return await withPooler((bouncer) =>
      soakMs === undefined ? probed(bouncer, probes, seed) : soaked(bouncer, soakMs),
    );
  } finally {
    await servers.stop();
  }
}

async function withPooler(work) {
  const { findPgBouncer, startPgBouncer } = await import('@tenantry/testing/servers');
  if ((await findPgBouncer()) === undefined && process.env.CI !== '1' && values.soak === undefined) {
    console.error('There is no pgbouncer here, so nothing goes through a pooler.');
    return work(undefined);
  }
  const bouncer = await startPgBouncer({ serverUrl: process.env.TEST_DATABASE_URL });
  console.error(`through ${bouncer.version} in transaction mode`);
  try {
    return await work(bouncer);
  } finally {
    await bouncer.stop();
  }
}

async function probed(bouncer, probes, seed) {
  const { isolationStage, runProbes } = await import('@tenantry/testing/isolation');
  const { referenceService } = await import('../apps/data-plane/dist/reference-service.js');
  const stage = await isolationStage({ service: referenceService('reference'), signing: signing() });
  try {
    const report = await runProbes(stage, {
      probes,
      seed,
      ...(bouncer && { through: (url) => bouncer.through(url) }),
    });
    tell(report.findings);
    for (const [what, count] of Object.entries(report.counts).sort())
      console.log(`${String(count).padStart(9)}  ${what}`);
    console.log(
      `\n${report.probes} probes executed (seed ${report.seed}): ${report.rows} rows read, ${report.writes} written, ${report.findings.length} findings`,
    );
    return [report.probes >= probes, report.rows === 0, report.writes === 0, report.findings.length === 0];
  } finally {
    await stage.drop();
  }
}

async function soaked(bouncer, durationMs) {
  const { isolationStage } = await import('@tenantry/testing/isolation');
  const { EXAMPLE_SERVICE } = await import('@tenantry/testing');
  const { runSoak } = await import('../test/isolation/index.ts');
  const stage = await isolationStage({ service: EXAMPLE_SERVICE, signing: signing() });
  try {
    const { requests, crossed, leaked, exhausted, findings } = await runSoak(stage, bouncer, { durationMs });
    tell(findings);
    for (const [what, count] of Object.entries(requests).sort())
      console.log(`${String(count).padStart(9)}  ${what}`);
    const total = Object.values(requests).reduce((sum, count) => sum + count, 0);
    console.log(
      `\n${total} requests in ${durationMs / 1000} s: ${crossed} rows crossed, ${leaked} contexts leaked, ${exhausted} pools exhausted, ${findings.length} findings`,
    );
    return [total > 0, crossed === 0, leaked === 0, exhausted === 0, findings.length === 0];
  } finally {
    await stage.drop();
  }
}

function tell(findings) {
  for (const finding of findings) console.log(`FOUND ${finding}`);
}

function signing() {
  if ([undefined, 'mac', 'setting'].includes(values.signed)) return values.signed;
  throw new Error('--signed must be mac or setting');
}

function wholeNumber(name, text) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1`);
  return value;
}

const checks = await main().catch((error) => {
  console.error(error);
  return [];
});
const passed = checks.filter(Boolean).length;
console.log(`${passed} passed, ${checks.length - passed || Number(passed === 0)} failed`);
process.exit(passed > 0 && passed === checks.length ? 0 : 1);
