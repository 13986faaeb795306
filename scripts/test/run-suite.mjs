import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fromRoot, toolEnv } from '../run.mjs';

/** What Jest says, without failing, when something that a test opened is still open after the last test. */
const LEAKS = [/worker process has failed to exit gracefully/, /did not exit one second after the test run/];
const LEAK_PATIENCE_MS = 5000;

/**
 * Runs one of the suites of jest.config.mjs, showing Jest's output as it comes.
 *
 * @param {string} suite
 * @param {readonly string[]} jestOptions
 * @param {Record<string, string>} env where the servers are.
 * @returns {Promise<{ passed: number, failures: string[], skipped: string[] }>} failures and skipped tests by name.
 */
export async function runSuite(suite, jestOptions, env) {
  const report = fromRoot('.cache', 'test', `${suite}.json`);
  rmSync(report, { force: true });
  mkdirSync(path.dirname(report), { recursive: true });
  console.log(`\n== ${suite} ==`);
  const options = [
    '--selectProjects',
    suite,
    '--passWithNoTests',
    '--json',
    '--outputFile',
    report,
    ...jestOptions,
  ];
  const leaked = await runJest(options, {
    ...env,
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`,
  });
  if (!existsSync(report))
    return { passed: 0, failures: [`${suite}: Jest ended without a report`], skipped: [] };

  const { testResults, numPassedTests } = JSON.parse(readFileSync(report, 'utf8'));
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({
      ...test,
      title: `${path.relative(fromRoot(), name)}: ${test.fullName}`,
    })),
  );
  const titles = (status) => tests.filter((test) => test.status === status).map(({ title }) => title);
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: numPassedTests,
    failures: [
      ...titles('failed'),
      ...broken.map(({ name }) => `${path.relative(fromRoot(), name)}: could not be run`),
      ...(leaked ? [`${suite}: something that a test opened was still open at the end`] : []),
    ],
    skipped: [...titles('pending'), ...titles('todo')],
  };
}

/** @returns whether something was left open. */
async function runJest(options, env) {
  // --json keeps stdout for the report, so everything that people read comes on stderr.
  const jest = spawn('jest', options, {
    cwd: fromRoot(),
    env: toolEnv({ ...env, ...(process.stderr.isTTY && { FORCE_COLOR: '1' }) }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let leaked = false;
  jest.stderr.on('data', (chunk) => {
    process.stderr.write(chunk);
    if (leaked || !LEAKS.some((pattern) => pattern.test(chunk.toString()))) return;
    leaked = true;
    setTimeout(() => jest.kill('SIGKILL'), LEAK_PATIENCE_MS).unref();
  });
  await new Promise((resolve, reject) => {
    jest.once('error', reject);
    jest.once('close', resolve);
  });
  return leaked;
}
