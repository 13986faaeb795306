import { Client } from 'pg';

export interface UnsettledSources {
  readonly controlPlaneUrl: string;
  readonly dataPlaneUrl: string;
  readonly verifierUrl: string;
}

interface TenantPlace {
  readonly id: string;
  readonly state: string;
  readonly desired: string;
  readonly generation: number;
  readonly operation: string | null;
  readonly access: string | null;
}

interface DataPlace {
  readonly id: string;
  readonly access: string | null;
  readonly generation: number | null;
  readonly provisioned: boolean;
  readonly buried: boolean;
  readonly left: string | null;
}

const SETTLED: Readonly<Record<string, string>> = {
  active: 'ACTIVE',
  suspended: 'SUSPENDED',
  purged: 'PURGED',
};

/** Why the system has not come to rest yet, by tenant (or '' for all of it); empty when it has. */
export async function unsettled({
  controlPlaneUrl,
  dataPlaneUrl,
  verifierUrl,
}: UnsettledSources): Promise<Map<string, string>> {
  const control = await open(controlPlaneUrl);
  const data = await open(dataPlaneUrl);
  const verifier = await open(verifierUrl);
  try {
    const tenants = await control.query<TenantPlace>(
      `SELECT t.id, t.state, t.desired, t.generation::int, o.state AS operation,
         (SELECT string_agg(DISTINCT r.access, '+') FROM tenantry.route r WHERE r.tenant_id = t.id) AS access
       FROM tenantry.tenant t
       LEFT JOIN tenantry.operation o ON o.tenant_id = t.id AND o.generation = t.generation`,
    );
    const places = await data.query<DataPlace>(DATA_PLACES, [tenants.rows.map(({ id }) => id)]);
    const byId = new Map(places.rows.map((place) => [place.id, place]));
    const reasons = new Map<string, string>();
    for (const tenant of tenants.rows) {
      const why = whyNot(tenant, byId.get(tenant.id));
      if (why !== undefined) reasons.set(tenant.id, why);
    }
    const waiting = [
      ...(await queues(control, CONTROL_QUEUES)),
      ...(await queues(data, PARTICIPANT_QUEUES)),
      ...(await queues(verifier, PARTICIPANT_QUEUES)),
    ];
    if (waiting.length > 0) reasons.set('', waiting.join(', '));
    return reasons;
  } finally {
    await Promise.all([control.end(), data.end(), verifier.end()]);
  }
}

/** The roles are the whole server's, and the schemas and tables are found in the catalogue. */
const DATA_PLACES = `
  SELECT t.id, f.access, f.generation::int, p.tenant_id IS NOT NULL AS provisioned, d.tenant_id IS NOT NULL AS buried,
    concat_ws(', ',
      (SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE 't\\_' || replace(t.id::text, '-', '') || '%' LIMIT 1),
      (SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE 't\\_' || replace(t.id::text, '-', '') || '%' LIMIT 1),
      (SELECT 'pooled roles' FROM pooled_primary.role r WHERE r.tenant_id = t.id LIMIT 1)) AS left
  FROM unnest($1::uuid[]) AS t(id)
  LEFT JOIN tenantry.fence f ON f.tenant_id = t.id
  LEFT JOIN tenantry.provisioned p ON p.tenant_id = t.id
  LEFT JOIN tenantry.tombstone d ON d.tenant_id = t.id`;

function whyNot(tenant: TenantPlace, place: DataPlace | undefined): string | undefined {
  const { state, desired, generation } = tenant;
  const is = `${state}, generation ${generation}, its operation ${tenant.operation ?? 'missing'}`;
  if (state !== SETTLED[desired] || tenant.operation !== 'succeeded') return is;
  if (!place) return `${is}: unknown to the data plane`;
  const there = `fence ${place.access ?? 'absent'} of ${place.generation ?? 'none'}, route ${tenant.access ?? 'absent'}`;
  switch (desired) {
    case 'active':
      return tenant.access === 'open' &&
        place.access === 'open' &&
        place.generation === generation &&
        place.provisioned
        ? undefined
        : `${is}: ${there}`;
    case 'suspended':
      return tenant.access !== 'open' && place.access === 'frozen' && place.generation === generation
        ? undefined
        : `${is}: ${there}`;
    default:
      return tenant.access === null &&
        place.access === null &&
        !place.provisioned &&
        place.buried &&
        !place.left
        ? undefined
        : `${is}: ${there}, ${place.left ?? ''} left`;
  }
}

const CONTROL_QUEUES = {
  'due wake-ups':
    'SELECT count(*)::int AS n FROM tenantry.wake WHERE greatest(due_at, lease_until) <= tenantry.now()',
  'pending pointers': 'SELECT count(*)::int AS n FROM tenantry.outbox_pending',
  'parked facts': 'SELECT count(*)::int AS n FROM tenantry.parked_fact',
};
const PARTICIPANT_QUEUES = {
  requests: 'SELECT count(*)::int AS n FROM tenantry.inbox',
  'unsent acknowledgements': 'SELECT count(*)::int AS n FROM tenantry.acknowledgement_outbox',
  'parked facts': 'SELECT count(*)::int AS n FROM tenantry.parked_fact',
};

async function queues(client: Client, queries: Readonly<Record<string, string>>): Promise<string[]> {
  const waiting: string[] = [];
  for (const [name, sql] of Object.entries(queries)) {
    const { rows } = await client.query<{ n: number }>(sql);
    if (rows[0]?.n) waiting.push(`${rows[0].n} ${name}`);
  }
  return waiting;
}

async function open(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  await client.connect();
  return client;
}
