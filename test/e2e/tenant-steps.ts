import type { AppName, HttpAnswer, HttpClient, SystemUnderTest } from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** What these suites read of a tenant. */
export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly state: string;
  readonly generation: number;
  readonly version: number;
  readonly conditions: readonly { type: string; message: string }[];
}

export interface Operation {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly tasks: readonly {
    participant: string;
    state: string;
    attempts: number;
    lastError: string | null;
    evidence: Record<string, unknown> | null;
  }[];
}

export interface Accepted {
  readonly tenant: Tenant;
  readonly operation: Operation;
}

export type Isolation = 'pooled' | 'schema' | 'database';

const CONVERGENCE_MS = 45_000;

/** The steps that every suite takes, through the public APIs alone. */
export class TenantSteps {
  constructor(private readonly system: SystemUnderTest) {}

  slug(): string {
    return `e2e-${randomBytes(6).toString('hex')}`;
  }

  /** @throws Error when the answer is no 202. */
  async create(isolation: Isolation = 'pooled', headers: Record<string, string> = {}): Promise<Accepted> {
    const slug = this.slug();
    return accepted(
      await this.system.control.post<Accepted>('/v1/tenants', { slug, name: slug, isolation }, { headers }),
    );
  }

  async active(isolation: Isolation = 'pooled'): Promise<Tenant> {
    const { tenant } = await this.create(isolation);
    return this.reaches(tenant.id, 'ACTIVE');
  }

  async suspend(id: string): Promise<Accepted> {
    return accepted(await this.system.control.post<Accepted>(`/v1/tenants/${id}/suspend`, { reason: 'e2e' }));
  }

  async reactivate(id: string): Promise<Accepted> {
    return accepted(
      await this.system.control.post<Accepted>(`/v1/tenants/${id}/reactivate`, { reason: 'e2e' }),
    );
  }

  delete(tenant: { id: string; slug: string }, gracePeriod: string): Promise<HttpAnswer<Accepted>> {
    return this.system.control.delete<Accepted>(
      `/v1/tenants/${tenant.id}?gracePeriod=${gracePeriod}&confirm=${tenant.slug}`,
    );
  }

  cancelDeletion(id: string): Promise<HttpAnswer<Accepted>> {
    return this.system.control.delete<Accepted>(`/v1/tenants/${id}/deletion`);
  }

  async read(id: string): Promise<Tenant> {
    const { status, body } = await this.system.control.get<Tenant>(`/v1/tenants/${id}`);
    if (status !== 200) throw new Error(`reading a tenant answered ${status}`);
    return body;
  }

  /** Waits until the tenant is in the state. */
  reaches(id: string, state: string, timeoutMs = CONVERGENCE_MS): Promise<Tenant> {
    return waitFor(
      `tenant ${id} to be ${state}`,
      async () => {
        const tenant = await this.read(id);
        return tenant.state === state && tenant;
      },
      timeoutMs,
    );
  }

  async operation(id: string): Promise<Operation> {
    return (await this.system.control.get<Operation>(`/v1/operations/${id}`)).body;
  }

  /** The tenant's purge, undefined before its deadline. */
  async purge(tenantId: string): Promise<Operation | undefined> {
    const { body } = await this.system.control.get<{ data: { id: string; kind: string }[] }>(
      `/v1/operations?tenantId=${tenantId}`,
    );
    const found = body.data.find(({ kind }) => kind === 'purge');
    return found && this.operation(found.id);
  }

  /** The data plane's API, for a tenant. */
  as(tenantId: string): HttpClient {
    return this.system.data.with({ 'tenantry-tenant': tenantId });
  }

  /** Waits until the data plane lets the tenant in: its route travels behind the state. */
  async admitted(tenantId: string): Promise<HttpClient> {
    const client = this.as(tenantId);
    await waitFor(
      `the data plane to admit ${tenantId}`,
      async () => (await client.get('/v1/projects')).status === 200,
    );
    return client;
  }

  async project(tenantId: string, name = 'A project'): Promise<string> {
    const client = await this.admitted(tenantId);
    const { status, body } = await client.post<{ id: string }>('/v1/projects', { name });
    if (status !== 201) throw new Error(`creating a project answered ${status}`);
    return body.id;
  }

  /** Asks one of the databases directly, as its administrator. */
  async rows<R extends object>(app: AppName, text: string, params: unknown[] = []): Promise<R[]> {
    const client = new Client({ connectionString: this.system.adminUrls[app] });
    await client.connect();
    try {
      return (await client.query(text, params)).rows as R[];
    } finally {
      await client.end();
    }
  }
}

function accepted(answer: HttpAnswer<Accepted>): Accepted {
  if (answer.status !== 202)
    throw new Error(`expected 202, got ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** The schema of a tenant of the schema model, as the design names it. */
export function schemaOf(tenantId: string): string {
  return `t_${tenantId.replaceAll('-', '')}_primary`;
}
