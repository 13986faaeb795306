/**
 * One tenant from its creation to the proof that nothing of it is left, over the APIs alone.
 *
 * @param {typeof import('@tenantry/testing/servers')} servers
 * @param {{ controlUrl: string, adminKey: string, dataUrl: string, dataKey: string }} where
 */
export async function oneLifecycle({ HttpClient, waitFor }, { controlUrl, adminKey, dataUrl, dataKey }) {
  const control = new HttpClient(controlUrl).withKey(adminKey);
  const created = await control.post('/v1/tenants', { slug: 'sealed', name: 'Sealed', isolation: 'schema' });
  if (created.status !== 202) throw new Error(`the tenant was refused: ${JSON.stringify(created.body)}`);
  const { id } = created.body.tenant;
  const reaches = (state) =>
    waitFor(
      `the tenant to be ${state}`,
      async () => (await control.get(`/v1/tenants/${id}`)).body.state === state,
      60_000,
    );
  await reaches('ACTIVE');
  const data = new HttpClient(dataUrl).withKey(dataKey).with({ 'tenantry-tenant': id });
  await waitFor(
    'the data plane to serve it',
    async () => (await data.post('/v1/projects', { name: 'First' })).status === 201,
    30_000,
  );
  const deleted = await control.delete(`/v1/tenants/${id}?gracePeriod=PT0S&confirm=sealed`);
  if (deleted.status !== 202) throw new Error(`its deletion was refused: ${JSON.stringify(deleted.body)}`);
  await reaches('PURGED');
}
