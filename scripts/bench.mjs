/**
 * `npm run bench -- NAME [options]`: one of the benchmarks in bench/ (docs/benchmarks.md says what each compares, and its options).
 * Everything is compared within one run; the figures of two runs, or two machines, say little beside each other.
 *
 * Prints a table; with `--json` the last line is one JSON object with all figures.
 * Servers of its own are started unless TEST_DATABASE_URL (a superuser's) and KAFKA_BROKERS name some.
 *
 * Ends with status 1 when it could not measure, and with `--strict` also when a target is missed.
 */
import { readdirSync } from 'node:fs';
import { build } from './build.mjs';
import { fromRoot } from './run.mjs';

const names = readdirSync(fromRoot('bench'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

async function main([name, ...args]) {
  if (!names.includes(name)) throw new Error(`say which benchmark: ${names.join(', ')}`);
  await build();
  const { bench } = await import(`../bench/${name}/index.ts`);
  const startedAt = performance.now();
  const report = await bench(
    args.filter((arg) => arg !== '--json' && arg !== '--strict'),
    (line) => console.error(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`),
  );
  console.log(`\n${table(report.rows)}\n`);
  if (args.includes('--json')) console.log(JSON.stringify(report.figures));
  return args.includes('--strict') && report.rows.some(({ met }) => met === false) ? 1 : 0;
}

function table(rows) {
  const lines = [
    ['what', 'value', 'compared with', 'ratio', 'target', ''],
    ...rows.map(({ what, value, comparedWith = '', ratio = '', target = '', met }) => [
      what,
      value,
      comparedWith,
      ratio,
      target,
      met === undefined ? '' : met ? 'met' : 'MISSED',
    ]),
  ];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const status = await main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  return 1;
});
// Whatever a part that failed left open would keep this process, and its servers, for ever.
process.exit(status);
