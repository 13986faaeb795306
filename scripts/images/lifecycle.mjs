/** The machine may be busy, and what a participant could not do at once it is asked again after a while. */
const TIMEOUT_MS = 120_000;

/**
 * One tenant from its creation to the proof that nothing of it is left, over the APIs alone.
 *
 * @param {typeof import('@tenantry/testing/servers')} servers
 * @param {{ controlUrl: string, adminKey: string, dataUrl: string, dataKey: string }} where
 * @returns {{ begin(): Promise<void>, end(): Promise<void> }} `begin`: it is provisioned and served; `end`: purged and verified.
 */
export function oneLifecycle({ HttpClient, waitFor }, { controlUrl, adminKey, dataUrl, dataKey }) {
  const control = new HttpClient(controlUrl).withKey(adminKey);
  let id;

  async function accepted(answer) {
    const { status, body } = await answer;
    if (status !== 202) throw new Error(`refused with ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  async function reaches(state) {
    const isThere = async () => (await control.get(`/v1/tenants/${id}`)).body.state === state;
    await waitFor(`the tenant to be ${state}`, isThere, TIMEOUT_MS).catch(async (error) => {
      const { body } = await control.get(`/v1/tenants/${id}/explain`);
      throw new Error(`${error.message}\n${JSON.stringify(body, null, 1)}`, { cause: error });
    });
  }

  return {
    begin: async () => {
      const tenant = { slug: 'sealed', name: 'Sealed', isolation: 'schema' };
      ({ id } = (await accepted(control.post('/v1/tenants', tenant))).tenant);
      await reaches('ACTIVE');
      const data = new HttpClient(dataUrl).withKey(dataKey).with({ 'tenantry-tenant': id });
      await waitFor(
        'the data plane to serve it',
        async () => (await data.post('/v1/projects', { name: 'First' })).status === 201,
        TIMEOUT_MS,
      );
    },
    end: async () => {
      await accepted(control.delete(`/v1/tenants/${id}?gracePeriod=PT0S&confirm=sealed`));
      await reaches('PURGED');
    },
  };
}
