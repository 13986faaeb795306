/**
 * `npm run chaos -- [options]`: the product as separate processes under load, while processes, servers and links fail by a plan
 * that the seed alone decides; then an independent reader counts what must not have happened (docs/chaos.md).
 *
 * --kills N        how many processes and servers are killed (200, or 30 in each run without a protection)
 * --seed TEXT      repeats a run: the same faults in the same order
 * --transport T    kafka (default) or embedded
 * --minutes N      after so many minutes no further fault begins (18)
 * --users N        how many tenants are worked with at the same time (12)
 * --mutation M     removes one protection first, and succeeds when its absence is counted; `all` for each in turn
 *
 * The line before the last is the summary, the last one `N passed, N failed`.
 */
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { fromRoot } from './run.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    transport: { type: 'string', default: 'kafka' },
    minutes: { type: 'string', default: '18' },
    users: { type: 'string', default: '12' },
    mutation: { type: 'string' },
  },
});

async function main() {
  await build();
  const chaos = await import('../test/chaos/index.ts');
  const options = {
    seed: values.seed,
    kills: number('kills', 8),
    transport: transport(),
    minutes: number('minutes', 1),
    users: number('users', 1),
    workFolder: fromRoot('.cache', 'chaos', values.seed),
    say: (line) => console.error(`${new Date().toISOString().slice(11, 23)} ${line}`),
  };
  if (values.mutation !== undefined) return mutations(chaos, options);
  const report = await chaos.runChaos({ ...options, buildRoot: fromRoot() });
  for (const { count, tenant, what } of report.findings.slice(0, 100))
    console.log(`FOUND ${count}${tenant ? ` (tenant ${tenant})` : ''}: ${what}`);
  console.log(chaos.summaryLine(report));
  const failed = Object.values(chaos.counted(report.findings)).filter((n) => n > 0).length;
  return { passed: chaos.COUNTS.length - failed, failed };
}

async function mutations(chaos, options) {
  const names = values.mutation === 'all' ? Object.keys(chaos.MUTATIONS) : [values.mutation];
  const rows = [];
  for (const name of names) {
    const workFolder = path.join(options.workFolder, name);
    const report = await chaos.runMutation(name, { ...options, workFolder }, fromRoot());
    for (const { count, what } of report.findings.slice(0, 10)) console.log(`FOUND ${count}: ${what}`);
    console.log(chaos.summaryLine(report));
    const counts = chaos.counted(report.findings);
    const { seenAs } = chaos.MUTATIONS[name];
    rows.push({ name, counts, seenAs, seen: seenAs.some((count) => counts[count] > 0) });
  }
  const width = Math.max(...names.map((name) => name.length));
  console.log(`\n${'without'.padEnd(width)}  ${chaos.COUNTS.join('  ')}`);
  for (const { name, counts, seenAs, seen } of rows) {
    const cells = chaos.COUNTS.map((count) => String(counts[count]).padStart(count.length));
    console.log(
      `${name.padEnd(width)}  ${cells.join('  ')}  ${seen ? 'seen' : 'NOT SEEN'} as ${seenAs.join(' or ')}`,
    );
  }
  const failed = rows.filter(({ seen }) => !seen).length;
  return { passed: rows.length - failed, failed };
}

function number(name, lowest) {
  const value = Number(values[name] ?? (values.mutation === undefined ? 200 : 30));
  if (!Number.isInteger(value) || value < lowest)
    throw new Error(`--${name} must be a whole number from ${lowest}`);
  return value;
}

function transport() {
  if (['kafka', 'embedded'].includes(values.transport)) return values.transport;
  throw new Error('--transport must be kafka or embedded');
}

const { passed, failed } = await main().catch((error) => {
  console.error(error);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
