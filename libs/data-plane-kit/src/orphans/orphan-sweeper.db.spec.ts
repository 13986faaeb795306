import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Isolation, type TenantState, tenantSchemaName } from '@tenantry/contracts';
import type { Row } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import {
  EXAMPLE_SERVICE,
  kitDatabase,
  type KitDatabase,
  requestedWork,
  type RequestedWork,
  stateRecord,
  UNDISTURBED,
} from '@tenantry/testing';
import { Pool } from 'pg';
import { PROVISIONER_ROLE } from '../install/roles.js';
import { createRequestHandler } from '../participant/request-handler.js';
import { tenantSchemaStatements } from '../participant/tenant-schema.js';
import { RouteCache } from '../route-cache.js';
import { markSql, readMarker } from './object-marker.js';
import type { OrphanFinding, OrphanReport } from './orphan-report.js';
import { OrphanSweeper, type OrphanSweeperOptions } from './orphan-sweeper.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

let database: KitDatabase;
let admin: Pool;
let pool: Pool;
let routes: RouteCache;
let tenantId: string;
let schema: string;
let sequence = 1;

beforeAll(async () => {
  database = await kitDatabase();
  admin = new Pool({ connectionString: database.adminUrl, max: 3 });
  pool = new Pool({ connectionString: database.provisionerUrl, max: 3 });
});

afterAll(async () => {
  await Promise.all([admin.end(), pool.end()]);
  await database.drop();
});

beforeEach(() => {
  routes = new RouteCache();
  routes.markComplete();
  tenantId = newId();
  schema = tenantSchemaName(tenantId, 'primary');
});

async function ask(
  verb: RequestedWork['verb'],
  generation: number,
  isolation: Isolation = 'schema',
  onStep: (step: string) => void = () => {},
): Promise<void> {
  const handler = createRequestHandler({ service: EXAMPLE_SERVICE, pool, logger, onStep });
  await handler(requestedWork({ tenantId, verb, generation, isolation }), UNDISTURBED);
}

/** Has the state channel say this of the tenant. */
function told(
  state: TenantState,
  isolation: Isolation = 'schema',
  { store = 'primary', id = tenantId }: { store?: string; id?: string } = {},
): void {
  routes.apply(stateRecord({ tenantId: id, state, generation: sequence++, isolation, store }));
}

/** What the last step of a worker would do that no longer saw the tombstone, or a part of a backup that was brought back. */
async function createLate(generation = 1, service = EXAMPLE_SERVICE.name): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SET LOCAL ROLE ${PROVISIONER_ROLE}`);
    const marker = { service, tenantId, generation, database: new URL(database.adminUrl).pathname.slice(1) };
    await client.query(tenantSchemaStatements(schema, { schema: false, role: false }, marker).join('; '));
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

function sweeper(options: Partial<OrphanSweeperOptions> = {}): OrphanSweeper {
  return new OrphanSweeper({ service: EXAMPLE_SERVICE, pool, routes, logger, ...options });
}

function sweep(deleting = false, options: Partial<OrphanSweeperOptions> = {}): Promise<OrphanReport> {
  return sweeper(options).sweep({ delete: deleting });
}

/** What a report says about the tenant of this test: others on the same server are theirs. */
function mine({ findings }: OrphanReport): OrphanFinding[] {
  return findings.filter((finding) => finding.tenantId === tenantId);
}

async function found(
  deleting = false,
  options: Partial<OrphanSweeperOptions> = {},
): Promise<OrphanFinding[]> {
  return mine(await sweep(deleting, options));
}

const kinds = (findings: readonly OrphanFinding[]): string[] =>
  findings.map(({ kind, object }) => `${kind} ${object.type}`).sort();

async function query<R extends Row>(text: string, values: unknown[] = []): Promise<R[]> {
  return (await admin.query<R>(text, values)).rows;
}

async function exists(): Promise<{ schema: boolean; role: boolean }> {
  const [row] = await query<{ schema: boolean; role: boolean }>(
    `SELECT to_regnamespace($1) IS NOT NULL AS schema, to_regrole($1) IS NOT NULL AS role`,
    [schema],
  );
  return row!;
}

const THERE = { schema: true, role: true };
const GONE = { schema: false, role: false };

describe('a marker', () => {
  it('is left on the schema and the role that a provisioning makes, and names service, tenant and generation', async () => {
    await ask('provisioning', 7);
    const [comments] = await query<{ schema: string; role: string; database: string }>(
      `SELECT obj_description(to_regnamespace($1), 'pg_namespace') AS schema, shobj_description(to_regrole($1), 'pg_authid') AS role,
              current_database() AS database`,
      [schema],
    );
    const marker = { service: 'example', tenantId, generation: 7, database: comments!.database };
    expect(readMarker(comments!.schema)).toEqual(marker);
    expect(readMarker(comments!.role)).toEqual(marker);
  });

  it('is not put on what was there before', async () => {
    await query(`CREATE SCHEMA ${schema}`);
    await query(`ALTER SCHEMA ${schema} OWNER TO ${PROVISIONER_ROLE}`);
    await ask('provisioning', 1);
    told('ACTIVE');
    expect(await found()).toEqual([
      expect.objectContaining({
        kind: 'unmarked',
        object: { type: 'schema', name: schema },
        deletable: false,
      }),
    ]);
  });
});

describe('a sweep', () => {
  it.each(['schema', 'pooled'] as const)(
    'finds nothing of a healthy %s tenant, before, during and after its life',
    async (isolation) => {
      const nothing = async (): Promise<void> => expect(await found()).toEqual([]);
      told('REQUESTED', isolation);
      await nothing();
      await ask('provisioning', 1, isolation);
      told('PROVISIONING', isolation);
      await nothing();
      told('ACTIVE', isolation);
      await nothing();
      await ask('suspension', 2, isolation);
      told('DELETION_SCHEDULED', isolation);
      await nothing();
      told('PURGING', isolation);
      await nothing();
      await ask('purge', 3, isolation);
      await nothing();
      told('PURGED', isolation);
      await nothing();
    },
  );

  it('finds nothing of a tenant that was suspended before it was provisioned', async () => {
    await ask('suspension', 2);
    told('SUSPENDED');
    expect(await found()).toEqual([]);
  });

  it('leaves a purge alone that is not done', async () => {
    await ask('provisioning', 1);
    const died = new Error('as if killed');
    const onStep = (step: string): void => {
      if (step === 'purge.rows') throw died;
    };
    await expect(ask('purge', 2, 'schema', onStep)).rejects.toBe(died);
    told('PURGING');
    expect(await found(true)).toEqual([]);
    expect(await exists()).toEqual(THERE);
  });

  it('names what an ACTIVE tenant lacks', async () => {
    told('ACTIVE');
    expect(kinds(await found())).toEqual([
      'missing fence',
      'missing marker',
      'missing role',
      'missing schema',
    ]);
    await ask('provisioning', 1);
    expect(await found()).toEqual([]);
    await query(`DROP SCHEMA ${schema} CASCADE`);
    expect(kinds(await found())).toEqual(['missing schema']);
    await query(`DROP ROLE ${schema}`);
    told('SUSPENDED');
    expect(kinds(await found())).toEqual(['missing role', 'missing schema']);
    await query('DELETE FROM tenantry.provisioned WHERE tenant_id = $1', [tenantId]);
    told('ACTIVE', 'pooled');
    expect(kinds(await found())).toEqual(['missing marker']);
  });

  it('says nothing that a second look does not confirm', async () => {
    told('ACTIVE');
    expect(await found()).not.toEqual([]);
    const steady = routes;
    routes = new (class extends RouteCache {
      private looks = 0;
      override get isComplete(): boolean {
        return true;
      }
      override all(): ReturnType<RouteCache['all']> {
        return steady.all();
      }
      override get(id: string): ReturnType<RouteCache['get']> {
        this.looks += 1;
        // As when its provisioning ends between the reading of the one and of the other.
        return this.looks === 1
          ? steady.get(id)
          : stateRecord({ tenantId, state: 'PROVISIONING', generation: 1 });
      }
    })();
    expect(await found()).toEqual([]);
  });

  it('names a tenant that the state records hold for alive although it was purged here', async () => {
    told('ACTIVE');
    await ask('purge', 2);
    expect(kinds(await found())).toEqual(['missing tenant']);
  });

  it('does not make an orphan of a tenant that no state record speaks of', async () => {
    await ask('provisioning', 1);
    expect(await found(true)).toEqual([]);
    await query(`UPDATE tenantry.fence SET changed_at = now() - interval '1 hour' WHERE tenant_id = $1`, [
      tenantId,
    ]);
    expect(await found(true)).toEqual([expect.objectContaining({ kind: 'unknown', deletable: false })]);
    expect(await exists()).toEqual(THERE);
  });

  it('reports a schema in the place of a pooled tenant', async () => {
    await ask('provisioning', 1, 'pooled');
    told('ACTIVE', 'pooled');
    await createLate();
    expect(kinds(await found(true))).toEqual(['orphaned role', 'orphaned schema']);
    expect(await exists()).toEqual(THERE);
  });

  it('reports the rows of a tenant whose purge never came here, a bounded number at a time', async () => {
    const ids = [newId(), newId(), newId()].sort();
    for (const id of ids) {
      told('PURGED', 'pooled', { id });
      await query(`INSERT INTO pooled_primary.label VALUES ($1, 'left')`, [id]);
    }
    const looking = sweeper({ maxRowChecks: 2 });
    const seen: string[] = [];
    const look = async (): Promise<void> => {
      const report = await looking.sweep({ delete: true });
      expect(report.rowsUnchecked).toBe(1);
      const rows = report.findings.filter(({ object }) => object.type === 'rows');
      expect(rows).toHaveLength(2);
      expect(rows[0]).toMatchObject({
        kind: 'orphaned',
        object: { name: '"pooled_primary"."label"' },
        deletable: false,
      });
      seen.push(...rows.map((row) => row.tenantId));
    };
    await look();
    await look();
    expect([...new Set(seen)].sort()).toEqual(ids);
    await query('DELETE FROM pooled_primary.label WHERE tenant_id = ANY ($1)', [ids]);
  });

  it('reports what a purge that never came here left, and deletes none of it', async () => {
    await ask('provisioning', 1);
    told('PURGED');
    expect(kinds(await found(true))).toEqual([
      'orphaned fence',
      'orphaned marker',
      'orphaned role',
      'orphaned schema',
    ]);
    expect(await exists()).toEqual(THERE);
  });

  it('deletes a database that the purge could not see, by its marker', async () => {
    await ask('purge', 2);
    const marker = {
      service: 'example',
      tenantId,
      generation: 1,
      database: new URL(database.adminUrl).pathname.slice(1),
    };
    await query(`CREATE DATABASE ${schema} OWNER tenantry_provisioner`);
    await query(markSql('DATABASE', schema, marker));
    expect(await found(true)).toEqual([
      expect.objectContaining({
        kind: 'orphaned',
        object: { type: 'database', name: schema },
        deleted: true,
      }),
    ]);
    expect(await query('SELECT FROM pg_database WHERE datname = $1', [schema])).toEqual([]);
  });

  it('reports a database of such a name without a marker, and never deletes it', async () => {
    await ask('purge', 2);
    await query(`CREATE DATABASE ${schema}`);
    try {
      expect(await found(true)).toEqual([
        expect.objectContaining({
          kind: 'orphaned',
          object: { type: 'database', name: schema },
          deletable: false,
        }),
      ]);
      expect(await query('SELECT FROM pg_database WHERE datname = $1', [schema])).toHaveLength(1);
    } finally {
      await query(`DROP DATABASE ${schema}`);
    }
  });

  it('keeps a bounded number of findings and counts all', async () => {
    const ids = [newId(), newId(), newId()];
    for (const id of ids) told('ACTIVE', 'pooled', { id });
    const report = await sweep(false, { maxFindings: 2 });
    expect(report.findings.filter(({ kind }) => kind === 'missing')).toHaveLength(2);
    expect(report.counts.missing).toBe(6);
    expect(report.clean).toBe(false);
  });
});

describe('what belongs to others', () => {
  it('is not reported while a state record places the tenant there, and named when nobody does', async () => {
    const theirs = tenantSchemaName(tenantId, 'billing');
    await query(`CREATE SCHEMA ${theirs}`);
    try {
      told('ACTIVE', 'schema', { store: 'billing' });
      expect(await found(true)).toEqual([]);
      told('PURGED', 'schema', { store: 'billing' });
      expect(await found(true)).toEqual([
        expect.objectContaining({
          kind: 'foreign',
          object: { type: 'schema', name: theirs },
          deletable: false,
        }),
      ]);
      expect(await query('SELECT to_regnamespace($1) IS NOT NULL AS there', [theirs])).toEqual([
        { there: true },
      ]);
    } finally {
      await query(`DROP SCHEMA ${theirs}`);
    }
  });

  it('is let be when it is a role that another database holds', async () => {
    const other = await kitDatabase();
    try {
      const theirs = new Pool({ connectionString: other.provisionerUrl, max: 1 });
      await createRequestHandler({ service: EXAMPLE_SERVICE, pool: theirs, logger })(
        requestedWork({ tenantId, verb: 'provisioning', generation: 1 }),
        UNDISTURBED,
      );
      await theirs.end();
      await ask('purge', 2).catch(() => undefined);
      told('PURGED');
      expect(await found(true)).toEqual([]);
      // Even one that carries our marker.
      const marker = {
        service: 'example',
        tenantId,
        generation: 1,
        database: new URL(database.adminUrl).pathname.slice(1),
      };
      await query(markSql('ROLE', schema, marker));
      expect(await found(true)).toEqual([]);
      expect(await exists()).toEqual({ schema: false, role: true });
    } finally {
      await other.drop();
    }
  });

  it('is only named when it is a role that nothing refers to and of which nobody here knows', async () => {
    await query(`CREATE ROLE ${schema}`);
    try {
      const report = await sweep(true);
      expect(kinds(mine(report))).toEqual(['foreign role']);
      expect(await exists()).toEqual({ schema: false, role: true });
    } finally {
      await query(`DROP ROLE ${schema}`);
    }
  });
});

describe('a schema that a worker creates after the purge it slept through', () => {
  beforeEach(async () => {
    await ask('provisioning', 1);
    await ask('purge', 2);
    told('PURGED');
  });

  it('is reported, and deleted when the sweep is told to, with its role and its tables', async () => {
    await createLate();
    await query(`CREATE TABLE ${schema}.note (tenant_id uuid)`);
    await query(`ALTER TABLE ${schema}.note OWNER TO ${PROVISIONER_ROLE}`);
    const expected = ['orphaned role', 'orphaned schema'];
    const reported = await sweep();
    expect(kinds(mine(reported))).toEqual(expected);
    expect(mine(reported).every(({ deletable, deleted }) => deletable && !deleted)).toBe(true);
    expect(reported.clean).toBe(false);
    expect(await exists()).toEqual(THERE);

    const deleted = await sweep(true);
    expect(kinds(mine(deleted))).toEqual(expected);
    expect(mine(deleted).every((finding) => finding.deleted)).toBe(true);
    expect(await exists()).toEqual(GONE);
    expect(await found()).toEqual([]);
  });

  it('is deleted while the control plane still waits for others to purge', async () => {
    told('PURGING');
    await createLate();
    expect((await found(true)).map(({ deleted }) => deleted)).toEqual([true, true]);
    expect(await exists()).toEqual(GONE);
  });

  /** The sweep refuses: it reports, says why not, and what was there stays. */
  async function refused(whyNot: RegExp, kind = 'orphaned'): Promise<void> {
    const findings = await found(true);
    expect(kinds(findings)).toEqual([`${kind} role`, `${kind} schema`]);
    for (const finding of findings) {
      expect(finding).toMatchObject({ deletable: false, deleted: false });
      expect(finding.whyNot).toMatch(whyNot);
    }
    expect(await exists()).toEqual(THERE);
  }

  it('stays without a tombstone', async () => {
    await createLate();
    await query('DELETE FROM tenantry.tombstone WHERE tenant_id = $1', [tenantId]);
    await refused(/no tombstone/);
  });

  it.each([2, 3])('stays when its marker has generation %i and the tombstone 2', async (generation) => {
    await createLate(generation);
    await refused(/generation/);
  });

  it('stays when another service made it', async () => {
    await createLate(1, 'another');
    await refused(/not this service/, 'foreign');
  });

  it('stays when its marker names another tenant', async () => {
    await createLate();
    const marker = {
      service: 'example',
      tenantId: newId(),
      generation: 1,
      database: new URL(database.adminUrl).pathname.slice(1),
    };
    await query(markSql('SCHEMA', schema, marker));
    await query(markSql('ROLE', schema, marker));
    await refused(/not this service/, 'foreign');
  });

  it('stays without a marker', async () => {
    await createLate();
    await query(`COMMENT ON SCHEMA ${schema} IS 'Mine!'`);
    await query(`COMMENT ON ROLE ${schema} IS NULL`);
    await refused(/no marker/);
  });

  it('stays while a state record wants the tenant', async () => {
    await createLate();
    told('ACTIVE');
    const findings = await found(true);
    expect(kinds(findings)).toEqual(['missing tenant', 'orphaned role', 'orphaned schema']);
    expect(
      findings.filter(({ kind }) => kind === 'orphaned').every(({ whyNot }) => /ACTIVE/.test(whyNot ?? '')),
    ).toBe(true);
    expect(await exists()).toEqual(THERE);
  });

  it('stays, and nothing is reported, before every state record is read', async () => {
    await createLate();
    routes = new RouteCache();
    await expect(sweep(true)).rejects.toMatchObject({ name: 'RoutesNotLoaded' });
    expect(await exists()).toEqual(THERE);
  });

  it('keeps its role while something else refers to it', async () => {
    await createLate();
    await query(`CREATE TABLE public.kept (); GRANT SELECT ON public.kept TO ${schema}`);
    try {
      const findings = await found(true);
      expect(findings.map(({ object, deleted }) => `${object.type} ${deleted}`).sort()).toEqual([
        'role false',
        'schema true',
      ]);
      expect(await exists()).toEqual({ schema: false, role: true });
    } finally {
      await query(`DROP TABLE public.kept; DROP ROLE ${schema}`);
    }
  });

  it('stays when the database refuses, and others are deleted nevertheless', async () => {
    const [refusedTenant, refusedSchema] = [tenantId, schema];
    await createLate();
    await query(`ALTER SCHEMA ${schema} OWNER TO CURRENT_USER`);
    tenantId = newId();
    schema = tenantSchemaName(tenantId, 'primary');
    await ask('purge', 2);
    await createLate();
    try {
      const { findings } = await sweep(true);
      expect(findings.filter((finding) => finding.tenantId === refusedTenant)).toEqual([
        expect.objectContaining({ object: { type: 'role', name: refusedSchema }, deleted: false }),
        expect.objectContaining({
          object: { type: 'schema', name: refusedSchema },
          deleted: false,
          whyNot: 'The database refused, with code 42501.',
        }),
      ]);
      expect(await exists()).toEqual(GONE);
    } finally {
      await query(`DROP SCHEMA ${refusedSchema} CASCADE; DROP ROLE ${refusedSchema}`);
    }
  });

  describe('and that changes after the report', () => {
    beforeEach(() => createLate());

    async function staysWhen(onJudged: () => void | Promise<void>): Promise<void> {
      const findings = await found(true, { onJudged });
      expect(findings.every(({ deletable, deleted }) => !deletable && !deleted)).toBe(true);
      expect(await exists()).toEqual(THERE);
    }

    it('stays when a state record wants the tenant by then', () => staysWhen(() => told('ACTIVE')));

    it('stays when its tombstone is gone by then', () =>
      staysWhen(async () => {
        await query('DELETE FROM tenantry.tombstone WHERE tenant_id = $1', [tenantId]);
      }));

    it('stays when its marker is another by then', () =>
      staysWhen(async () => {
        await query(`COMMENT ON SCHEMA ${schema} IS NULL`);
        await query(`COMMENT ON ROLE ${schema} IS NULL`);
      }));

    it('stays while a purge runs', () =>
      staysWhen(async () => {
        await query(`INSERT INTO tenantry.fence (tenant_id, generation, access) VALUES ($1, 2, 'frozen')`, [
          tenantId,
        ]);
      }));

    it('stays while a worker has the tenant', async () => {
      const worker = await pool.connect();
      const key = `${EXAMPLE_SERVICE.name}:${tenantId}`;
      await worker.query('SELECT pg_try_advisory_lock(hashtextextended($1, 8))', [key]);
      try {
        await staysWhen(() => undefined);
      } finally {
        await worker.query('SELECT pg_advisory_unlock(hashtextextended($1, 8))', [key]);
        worker.release();
      }
    });
  });
});
