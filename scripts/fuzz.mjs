/**
 * `npm run fuzz`: Schemathesis against a running system, by both committed OpenAPI documents: no server error, and no
 * status, content type or body that the document does not declare.
 *
 * FUZZ_EXAMPLES: cases per operation and phase (100). FUZZ_SEED: repeats a run.
 */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { build } from './build.mjs';
import { schemathesis } from './fuzz/schemathesis.mjs';
import { fromRoot } from './run.mjs';
import { testServers } from './test/test-servers.mjs';

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];

const REVOCATION = '/v1/api-keys/{id}';
/** Its answer to a tenant that there is has no end. */
const STREAM = '/v1/tenants/{id}/watch';

const examples = process.env.FUZZ_EXAMPLES || '100';
const seed = process.env.FUZZ_SEED || String(randomInt(2 ** 31));

async function main() {
  const command = await schemathesis();
  await build();
  const servers = await testServers({ kafka: false });
  Object.assign(process.env, servers.env);
  const { startSystem, waitFor } = await import('@tenantry/testing/servers');
  const failures = [];
  let passed = 0;
  let system;
  try {
    // The log of a request is a line for each case; what went wrong is logged above that level.
    const env = { LOG_LEVEL: 'warn', MIN_GRACE_PERIOD: 'PT0S' };
    system = await startSystem({
      transport: 'embedded',
      env: { 'control-plane': env, 'data-plane': { LOG_LEVEL: 'warn' } },
    });
    const tenantId = await activeTenant(system, waitFor);
    const data = { app: 'data-plane', client: system.data, key: system.dataPlaneApiKey, probe: '/v1/roles' };
    const control = {
      app: 'control-plane',
      client: system.control,
      key: system.apiKey,
      probe: '/v1/tenants',
    };
    const runs = [
      { ...data, options: ['--header', `Tenantry-Tenant: ${tenantId}`] },
      // Where Schemathesis can read the ids of keys, it soon revokes the one that it calls with.
      { ...control, options: ['--exclude-path', REVOCATION, '--exclude-path', STREAM] },
      { ...control, options: ['--include-path', REVOCATION] },
    ];
    for (const { app, client, key, probe, options } of runs) {
      console.log(`\n== ${app} ${options.join(' ')}, ${examples} examples, FUZZ_SEED=${seed} ==`);
      const status = await fuzz(command, app, client.baseUrl, [
        '--header',
        `Authorization: Bearer ${key}`,
        ...options,
      ]);
      const alive = await client.with({ 'tenantry-tenant': tenantId }).get(probe);
      if (status === 0 && alive.status === 200) passed += 1;
      if (status !== 0) failures.push(`${app}: Schemathesis ended with status ${status}`);
      // A run that loses its key or its tenant goes on and finds nothing.
      if (alive.status !== 200) failures.push(`${app}: ${probe} answers ${alive.status} after the run`);
      for (const line of system.logs(app).filter((text) => /"level":"?(error|fatal|50|60)/.test(text)))
        console.log(line);
    }
  } finally {
    await system?.stop();
    await servers.stop();
  }
  for (const failure of failures) console.log(`FAILED ${failure}`);
  console.log(`\nRepeat this run by FUZZ_SEED=${seed} FUZZ_EXAMPLES=${examples}`);
  return { passed, failed: failures.length };
}

async function activeTenant({ control }, waitFor) {
  const created = await control.post('/v1/tenants', { slug: 'fuzzed', name: 'Fuzzed' });
  if (created.status !== 202)
    throw new Error(`the tenant to work in was refused: ${JSON.stringify(created.body)}`);
  const { id } = created.body.tenant;
  await waitFor(
    'the tenant to be active',
    async () => (await control.get(`/v1/tenants/${id}`)).body.state === 'ACTIVE',
    60_000,
  );
  return id;
}

function fuzz(command, app, url, options) {
  const args = [
    'run',
    fromRoot('docs', 'openapi', `${app}.json`),
    '--url',
    url,
    '--seed',
    seed,
    '--max-examples',
    examples,
  ];
  const fixed = [
    `--checks=${CHECKS.join(',')}`,
    '--continue-on-failure',
    '--no-color',
    '--request-timeout=20',
  ];
  const child = spawn(command, [...args, ...fixed, '--suppress-health-check=all', ...options], {
    cwd: fromRoot('.cache'),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
}

const { passed, failed } = await main().catch((error) => {
  console.error(error.message);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
