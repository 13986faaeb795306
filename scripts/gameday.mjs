/**
 * `npm run gameday -- [options]`: causes what each alert is for in a running system, and sees a real Prometheus notice it and calm down.
 * Two minutes of the rules pass in a second (scripts/gameday/faster-rules.mjs says what that means); the rules are deploy/alerts.
 *
 * --only NAME   only the scenes with such an alert
 *
 * Needs the command `prometheus` (Debian's package has that name), and what Kafka needs. One line per alert; every
 * query of dashboards and runbooks has to have shown something by the end. The last line is `N passed, N failed`. Data and logs are below `.cache/gameday`.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { build } from './build.mjs';
import { FACTOR, fasterExpression, fasterGroups } from './gameday/faster-rules.mjs';
import { dashboardQueries, runbookQueries } from './check/dashboards.mjs';
import { fromRoot, run } from './run.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' } } });

function ruleFiles() {
  return readdirSync(fromRoot('deploy', 'alerts'))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => parse(readFileSync(fromRoot('deploy', 'alerts', name), 'utf8')));
}

const text = ({ alert, trouble, firedAfter, clearedAfter, failure, summary }) =>
  failure === undefined
    ? `ok   ${alert}: fired ${firedAfter} s after ${trouble}; cleared ${clearedAfter} s after that was mended (“${summary}”)`
    : `FAIL ${alert} (${trouble}): ${failure}`;

async function main() {
  await run('prometheus', ['--version']).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error('prometheus is missing; Debian has it in the package of that name');
  });
  await build();
  const { runGameDay } = await import('../test/gameday/index.ts');
  const rules = ruleFiles();
  const queries = [...dashboardQueries(), ...runbookQueries()];
  const startedAt = performance.now();
  const { outcomes, empty } = await runGameDay({
    buildRoot: fromRoot(),
    folder: fromRoot('.cache', 'gameday'),
    rules: rules.map(({ groups }) => ({ groups: fasterGroups(groups) })),
    queries: values.only === undefined ? queries.map(fasterExpression) : [],
    only: values.only,
    say: (line) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`),
    onOutcome: (outcome) => console.log(text(outcome)),
  });
  const seen = new Set(outcomes.map(({ alert }) => alert));
  const all = rules
    .flatMap(({ groups }) => groups.flatMap((group) => group.rules))
    .filter(({ alert }) => alert !== undefined)
    .map(({ alert, labels }) => `${alert} ${labels.severity}`);
  const forgotten = values.only === undefined ? all.filter((alert) => !seen.has(alert)) : [];
  for (const alert of forgotten) console.log(`FAIL ${alert}: no scene causes it`);
  for (const query of empty) console.log(`FAIL nothing was ever shown for: ${query}`);
  const unmade = outcomes.filter(({ failure }) => failure !== undefined).length;
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  console.log(
    `${outcomes.length - unmade} of ${all.length} alerts fired and cleared in ${minutes} minutes, ${FACTOR} times as fast as in production; ` +
      `${queries.length} queries of dashboards and runbooks, of which ${empty.length} showed nothing`,
  );
  return { passed: outcomes.length - unmade, failed: unmade + forgotten.length + empty.length };
}

const { passed, failed } = await main().catch((error) => {
  console.error(error);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
