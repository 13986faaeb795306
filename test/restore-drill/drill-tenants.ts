import { waitFor } from '@tenantry/testing/servers';
import { randomBytes } from 'node:crypto';
import type { DrillSystem } from './drill-system.ts';

const PATIENCE_MS = 45_000;

interface Accepted {
  readonly tenant: { readonly id: string };
}

/** The tenants of a drill, each of which has another fate between the backup and the loss. */
export class DrillTenants {
  private readonly system: DrillSystem;
  private readonly projects = new Map<string, number>();
  private suspended = '';
  private toSuspend = '';

  constructor(system: DrillSystem) {
    this.system = system;
  }

  /** What there is at the time of the backup. */
  async before(): Promise<Record<'kept' | 'suspendedLater' | 'reactivatedLater', string>> {
    const [kept, suspendedLater, reactivatedLater] = await Promise.all([
      this.active('pooled'),
      this.active('schema'),
      this.active('pooled'),
    ]);
    for (const id of [kept, suspendedLater, reactivatedLater]) await this.project(id);
    await this.change(reactivatedLater, 'suspend', 'SUSPENDED');
    this.toSuspend = suspendedLater;
    this.suspended = reactivatedLater;
    return { kept, suspendedLater, reactivatedLater };
  }

  /** What happens after the backup, and is obeyed before the database is lost. */
  async after(): Promise<{ readonly made: string }> {
    const [made] = await Promise.all([
      this.active('pooled'),
      this.change(this.toSuspend, 'suspend', 'SUSPENDED'),
      this.change(this.suspended, 'reactivate', 'ACTIVE'),
    ]);
    await this.becomes(this.toSuspend, 403);
    await this.becomes(this.suspended, 200);
    return { made };
  }

  async state(id: string): Promise<string> {
    return (await this.system.control.get<{ state: string }>(`/v1/tenants/${id}`)).body.state;
  }

  /** What the data plane answers for the tenant. */
  async served(id: string): Promise<number> {
    return (await this.as(id).get('/v1/projects')).status;
  }

  /** Whether the data plane comes to answer this. */
  becomes(id: string, status: number): Promise<boolean> {
    return holds(async () => (await this.served(id)) === status);
  }

  suspensionIsObeyed(id: string): Promise<boolean> {
    return this.isObeyed(id, 'suspend', 'SUSPENDED', 403);
  }

  reactivationIsObeyed(id: string): Promise<boolean> {
    return this.isObeyed(id, 'reactivate', 'ACTIVE', 200);
  }

  /** Whether each tenant that is served has the projects that were made, once each. */
  async dataIsWhole(): Promise<boolean> {
    for (const [id, made] of this.projects) {
      const { status, body } = await this.as(id).get<{ data: unknown[] }>('/v1/projects');
      if (status === 200 && body.data.length !== made) return false;
    }
    return true;
  }

  private as(id: string) {
    return this.system.data.with({ 'tenantry-tenant': id });
  }

  private async isObeyed(id: string, action: string, state: string, status: number): Promise<boolean> {
    await this.change(id, action, state);
    return this.becomes(id, status);
  }

  private async active(isolation: string): Promise<string> {
    const slug = `drill-${randomBytes(6).toString('hex')}`;
    const { status, body } = await this.system.control.post<Accepted>('/v1/tenants', {
      slug,
      name: slug,
      isolation,
    });
    if (status !== 202) throw new Error(`creating a tenant answered ${status}`);
    await this.reaches(body.tenant.id, 'ACTIVE');
    return body.tenant.id;
  }

  private async project(id: string): Promise<void> {
    await this.becomes(id, 200);
    const { status } = await this.as(id).post('/v1/projects', { name: 'A project' });
    if (status !== 201) throw new Error(`creating a project answered ${status}`);
    this.projects.set(id, 1);
  }

  private async change(id: string, action: string, state: string): Promise<void> {
    const { status } = await this.system.control.post(`/v1/tenants/${id}/${action}`, { reason: 'drill' });
    if (status !== 202) throw new Error(`${action} answered ${status}`);
    await this.reaches(id, state);
  }

  private async reaches(id: string, state: string): Promise<void> {
    await waitFor(`${id} to be ${state}`, async () => (await this.state(id)) === state, PATIENCE_MS);
  }
}

async function holds(condition: () => Promise<boolean>): Promise<boolean> {
  return waitFor('it to hold', condition, PATIENCE_MS).then(
    () => true,
    () => false,
  );
}
