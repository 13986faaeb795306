/**
 * `npm run demo`, beside `npm start`: the whole lifecycle of two tenants through the public REST APIs alone, with a live timeline.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Api, until } from './demo/api.mjs';
import { follow } from './demo/follow.mjs';
import { chapter, expect, tell } from './demo/timeline.mjs';

const DEV_FILE = path.join(import.meta.dirname, '..', '.tenantry', 'dev.json');

function devFile() {
  try {
    return JSON.parse(readFileSync(DEV_FILE, 'utf8'));
  } catch (error) {
    throw new Error('there is no .tenantry/dev.json; run `npm start` in another terminal first', {
      cause: error,
    });
  }
}

/** The data plane hears of an open route a moment after the control plane has announced it. */
function admitted(data, tenant) {
  const client = data.forTenant(tenant.id);
  return until(
    `the data plane to admit ${tenant.slug}`,
    async () => (await client.send('GET', '/v1/projects')).status === 200 && client,
  );
}

async function create(control, name, isolation) {
  const slug = `${name}-${randomBytes(3).toString('hex')}`;
  const { tenant, operation } = await control.call('POST', '/v1/tenants', { slug, name, isolation });
  tell(slug, `202 accepted: ${isolation}, operation ${operation.id}`);
  return tenant;
}

async function show(control, data, tenant) {
  const { routes } = await control.call('GET', `/v1/routes/${tenant.id}`);
  for (const { store, isolation, cluster, database, schema, access } of routes) {
    const place = database === null ? '' : `database ${database}, `;
    tell(tenant.slug, `route ${store}: ${isolation} on ${cluster}, ${place}schema ${schema}, ${access}`);
  }
  const client = await admitted(data, tenant);
  const { data: roles } = await client.call('GET', '/v1/roles');
  tell(tenant.slug, `seeded roles: ${roles.map(({ name }) => name).join(', ')}`);
  const project = await client.call('POST', '/v1/projects', { name: `${tenant.name}'s first project` });
  const read = await client.call('GET', `/v1/projects/${project.id}`);
  tell(tenant.slug, `wrote and read project "${read.name}"`);
  return project;
}

async function purgeEvidence(control, tenant) {
  const { data: operations } = await control.call('GET', `/v1/operations?tenantId=${tenant.id}`);
  const purge = await control.call(
    'GET',
    `/v1/operations/${operations.find(({ kind }) => kind === 'purge').id}`,
  );
  return purge.tasks;
}

async function demo() {
  const dev = devFile();
  const control = new Api(dev.controlPlaneUrl, dev.apiKey);
  const data = new Api(dev.dataPlaneUrl, dev.dataPlaneApiKey);

  chapter('Two tenants, one call each');
  const pooled = await create(control, 'acme', 'pooled');
  const own = await create(control, 'globex', 'schema');
  await Promise.all([follow(control, pooled, 'ACTIVE'), follow(control, own, 'ACTIVE')]);

  chapter('Where they live, and what is in them');
  const theirs = await show(control, data, pooled);
  await show(control, data, own);

  chapter('One tenant tries to read the other');
  const foreign = await data.forTenant(own.id).send('GET', `/v1/projects/${theirs.id}`);
  expect(
    foreign.status === 404,
    `${own.slug} asks for ${pooled.slug}'s project and gets 404, as for one that never was`,
  );
  const { data: visible } = await data.forTenant(own.id).call('GET', '/v1/projects');
  expect(visible.length === 1, `${own.slug} lists its own project and nothing else`);

  chapter('Suspend, and open again');
  await control.call('POST', `/v1/tenants/${pooled.id}/suspend`, { reason: 'invoice overdue' });
  const { explanation, watch } = await follow(control, pooled, 'SUSPENDED', { cut: true });
  expect(
    watch.connections > 1 && new Set(watch.ids).size === watch.ids.length,
    'the stream was cut in the middle, came back, and told nothing twice',
  );
  tell(pooled.slug, `explained: ${explanation.summary}`);
  const refused = await data.forTenant(pooled.id).send('GET', '/v1/projects');
  expect(refused.status === 403, `${pooled.slug} is refused: 403 ${refused.body.code}`);
  await control.call('POST', `/v1/tenants/${pooled.id}/reactivate`, { reason: 'paid' });
  await follow(control, pooled, 'ACTIVE');
  await admitted(data, pooled);
  expect(
    (await data.forTenant(pooled.id).send('GET', `/v1/projects/${theirs.id}`)).status === 200,
    `${pooled.slug} has its project again`,
  );

  chapter('Delete with a grace period, and change one’s mind');
  const scheduled = await control.call(
    'DELETE',
    `/v1/tenants/${own.id}?gracePeriod=P30D&reason=contract%20ended`,
  );
  tell(own.slug, `closed now, to be purged after ${scheduled.tenant.deletion.purgeAfter}`);
  const waiting = await follow(control, own, 'DELETION_SCHEDULED');
  tell(own.slug, `next: ${waiting.explanation.next[0].message}`);
  const possible = waiting.explanation.actions.map(({ action }) => action);
  expect(possible.includes('cancel_deletion'), `what an operator can do: ${possible.join(', ')}`);
  await control.call('DELETE', `/v1/tenants/${own.id}/deletion?reason=they%20stay`);
  await follow(control, own, 'ACTIVE');

  chapter('Delete again, with a short grace period, and watch the purge');
  await control.call('DELETE', `/v1/tenants/${own.id}?gracePeriod=PT2S&confirm=${own.slug}`);
  await follow(control, own, 'PURGED');
  const tasks = await purgeEvidence(control, own);
  for (const { participant, evidence } of tasks.filter((task) => task.evidence.tables)) {
    for (const [table, { rowsBefore, rowsAfter }] of Object.entries(evidence.tables))
      tell(participant, `${table}: ${rowsBefore} rows before, ${rowsAfter} after`);
    expect(
      Object.values(evidence.tables).every(({ rowsAfter }) => rowsAfter === 0),
      'its rows count zero',
    );
    expect(evidence.schemasDropped.length === 1, `its schema is gone: ${evidence.schemasDropped.join()}`);
    tell(
      participant,
      `what remains: ${Object.keys(evidence.remains).join(', ')} (the tenant's id, slug and numbers, none of its data)`,
    );
  }
  for (const { participant, evidence } of tasks.filter((task) => task.evidence.scannedAt)) {
    tell(
      participant,
      `looked at ${evidence.tablesScanned} tables of ${evidence.databasesScanned} databases by itself`,
    );
    expect(evidence.clean, 'it found nothing of the tenant but what remains');
  }
  const gone = await until('the tenant to be unknown', async () => {
    const answer = await data.forTenant(own.id).send('GET', '/v1/projects');
    return answer.status === 404 && answer;
  });
  expect(gone.status === 404, `${own.slug} is unknown to the data plane`);
  expect(
    (await data.forTenant(pooled.id).send('GET', '/v1/projects')).status === 200,
    `${pooled.slug} is untouched`,
  );
  console.log('\nThat was the whole lifecycle.');
}

try {
  await demo();
} catch (error) {
  const unreachable = error.cause?.code === 'ECONNREFUSED' ? ' (is `npm start` running?)' : '';
  console.error(`\nThe demonstration stopped: ${error.message}${unreachable}`);
  process.exit(1);
}
