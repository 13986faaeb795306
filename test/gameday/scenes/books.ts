import { waitFor } from '@tenantry/testing/servers';
import type { Stage } from '../stage.ts';
import { accepted } from '../stage.ts';
import type { Scene } from './scene.ts';

let letGo = async (): Promise<void> => {};

export const CHECKPOINTS_STOPPED: Scene = {
  trouble: 'no checkpoint of the audit log can be written',
  alerts: ['TenantryAuditCheckpointLate'],
  cause: async (stage) => {
    const { id } = await stage.active();
    letGo = await stage.lock('control-plane', 'tenantry.audit_checkpoint', 'EXCLUSIVE');
    await stage.change(id);
  },
  mend: () => letGo(),
};

async function setCapacity(stage: Stage, pooled: number | null): Promise<void> {
  const { control } = stage.system;
  accepted(await control.with({ 'if-match': '*' }).patch('/v1/clusters/default', { capacity: { pooled } }));
}

export const CLUSTER_FULL: Scene = {
  trouble: 'a cluster has hardly any room left',
  alerts: ['TenantryClusterNearlyFull'],
  cause: async (stage) => {
    await stage.active();
    const { body } = await stage.system.control.get<{ tenants: { pooled: number } }>('/v1/clusters/default');
    await setCapacity(stage, body.tenants.pooled);
  },
  mend: (stage) => setCapacity(stage, null),
};

export const ISOLATION_HOLE: Scene = {
  trouble: 'somebody made a table of tenants that everybody can read',
  alerts: ['TenantryIsolationFindings'],
  cause: async (stage) => {
    await stage.rows(
      'data-plane',
      'CREATE TABLE public.forgotten (tenant_id uuid); GRANT SELECT ON public.forgotten TO tenantry_app',
    );
  },
  mend: async (stage) => {
    await stage.rows('data-plane', 'DROP TABLE public.forgotten');
  },
};

const SCHEMA_OF = `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 't\\_' || replace($1, '-', '') || '%'`;
let failed = { operationId: '', schema: '' };

export const DATA_LOST: Scene = {
  trouble: 'the schema of a suspended tenant is gone when it is reactivated',
  alerts: ['TenantryOperationFailed'],
  cause: async (stage) => {
    const { id } = await stage.active('schema');
    await stage.post(`/v1/tenants/${id}/suspend`, { reason: 'game day' });
    await stage.reaches(id, 'SUSPENDED');
    const [schema] = await stage.rows<{ name: string }>('data-plane', SCHEMA_OF, [id]);
    if (!schema) throw new Error('the tenant has no schema');
    await stage.rows('data-plane', `ALTER SCHEMA ${schema.name} RENAME TO somewhere_else`);
    const { operation } = await stage.post<{ operation: { id: string } }>(`/v1/tenants/${id}/reactivate`, {
      reason: 'game day',
    });
    failed = { operationId: operation.id, schema: schema.name };
  },
  mend: async (stage) => {
    await stage.rows('data-plane', `ALTER SCHEMA somewhere_else RENAME TO ${failed.schema}`);
    await stage.post(`/v1/operations/${failed.operationId}/retry`, { reason: 'restored' });
    await waitFor('the retried operation to succeed', async () => {
      const { body } = await stage.system.control.get<{ state: string }>(
        `/v1/operations/${failed.operationId}`,
      );
      return body.state === 'succeeded';
    });
  },
};
