import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { testDatabase, waitFor, type TestDatabase } from '@tenantry/testing';
import pg from 'pg';
import { auditDatabase } from '../audit-database.js';
import { connectedTo, readOnly } from '../read-only.js';
import { type Phase, type RetrofitStep, stepSql } from './retrofit-step.js';
import { suggestRetrofit } from './suggest-retrofit.js';

const FIRST = '0190a1b2-0000-7000-8000-000000000001';
const SECOND = '0190a1b2-0000-7000-8000-000000000002';

/** A schema as one finds it: serial ids, keys that are unique for one customer, references that cascade or set null, a view. */
const SINGLE_TENANT_SQL = `
CREATE TABLE public.country (code text PRIMARY KEY);
CREATE TABLE public.author (id serial PRIMARY KEY, email text NOT NULL, country text REFERENCES public.country, CONSTRAINT author_email UNIQUE (email));
CREATE UNIQUE INDEX author_lower ON public.author (lower(email)) WHERE country IS NOT NULL;
CREATE TABLE public.book (id serial PRIMARY KEY, title text NOT NULL, author_id int NOT NULL REFERENCES public.author (id) ON DELETE CASCADE,
  editor_id int REFERENCES public.author (id) ON DELETE SET NULL);
CREATE TABLE public.visit (at timestamptz NOT NULL DEFAULT now(), page text);
CREATE VIEW public.shelf AS SELECT a.email, b.title FROM public.author a JOIN public.book b ON b.author_id = a.id;
INSERT INTO public.country VALUES ('at'), ('de');
INSERT INTO public.author (email, country) SELECT 'writer' || n || '@example.com', 'at' FROM generate_series(1, 200) n;
INSERT INTO public.book (title, author_id, editor_id) SELECT 'Book ' || n, n, n FROM generate_series(1, 200) n;
INSERT INTO public.visit (page) SELECT '/' || n FROM generate_series(1, 200) n;`;

describe('the retrofit of a single-tenant schema', () => {
  const role = `tnt_test_${randomBytes(4).toString('hex')}_app`;
  const owner = `${role}_old`;
  let database: TestDatabase;
  let steps: RetrofitStep[];
  let old: OldApplication;

  beforeAll(async () => {
    database = await testDatabase();
    await connectedTo(database.adminUrl, async (client) => {
      await client.query(
        `CREATE ROLE ${owner} LOGIN PASSWORD 'old'; CREATE ROLE ${role} LOGIN PASSWORD 'app'`,
      );
      await client.query(`ALTER SCHEMA public OWNER TO ${owner}; SET ROLE ${owner}`);
      await client.query(SINGLE_TENANT_SQL);
    });
    steps = await readOnly(database.adminUrl, (sql) =>
      suggestRetrofit(sql, { tenant: FIRST, appRole: role, globalTables: ['country'] }),
    );
    old = await OldApplication.start(database.urlFor(owner, 'old'));
  });

  afterAll(async () => {
    await old.stop();
    await connectedTo(database.adminUrl, (client) => client.query(`DROP OWNED BY ${role}, ${owner} CASCADE`));
    await database.drop();
    const server = await testDatabase();
    await connectedTo(server.adminUrl, (client) => client.query(`DROP ROLE ${role}; DROP ROLE ${owner}`));
    await server.drop();
  });

  /** As psql would: each statement that may not be in a transaction by itself. */
  async function apply(phase: Phase): Promise<void> {
    await connectedTo(database.adminUrl, async (client) => {
      for (const step of steps.filter((candidate) => candidate.phase === phase)) {
        if (step.transaction) await client.query(stepSql(step));
        else for (const statement of step.statements) await client.query(statement);
        // The old application is at work in each state in between.
        await old.another();
      }
    });
  }

  const as = <T>(tenant: string | undefined, work: (client: pg.Client) => Promise<T>): Promise<T> =>
    connectedTo(database.urlFor(role, 'app'), async (client) => {
      await client.query('BEGIN');
      if (tenant) await client.query(`SELECT set_config('tenantry.tenant', $1, true)`, [tenant]);
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    });

  const violations = async () =>
    connectedTo(
      database.adminUrl,
      async (client) =>
        (
          await client.query<{ table_name: string; kind: string; login: string; statement: string }>(
            'SELECT DISTINCT table_name, kind, login, statement FROM tenantry_retrofit.violations',
          )
        ).rows,
    );

  it('leaves the old application alone while the schema grows', async () => {
    await apply('expand');
    expect(old.errors).toEqual([]);
    const indexed = await connectedTo(
      database.adminUrl,
      async (client) =>
        (
          await client.query(
            `SELECT count(*) FILTER (WHERE NOT indisvalid) AS broken, count(*) AS indexes FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE c.relname LIKE '%by_tenant'`,
          )
        ).rows,
    );
    expect(indexed).toEqual([{ broken: '0', indexes: '8' }]);
  });

  it('counts who has no tenant, or another, and refuses nobody', async () => {
    await apply('observe');
    expect(old.errors).toEqual([]);
    await as(FIRST, (client) => client.query(`SELECT * FROM book WHERE title = 'Book 1'`));
    await as(SECOND, (client) => client.query(`UPDATE author SET country = 'de' WHERE id = 1`));
    const found = await violations();
    expect(found.filter(({ login }) => login === role)).toEqual([
      {
        table_name: 'public.author',
        kind: 'another tenant',
        login: role,
        statement: 'UPDATE author SET country = ? WHERE id = ?',
      },
    ]);
    const ofOld = found.filter(({ login }) => login === owner);
    expect(new Set(ofOld.map(({ table_name }) => table_name))).toEqual(
      new Set(['public.author', 'public.book', 'public.visit']),
    );
    expect(new Set(ofOld.map(({ kind }) => kind))).toEqual(new Set(['no tenant']));
    expect(JSON.stringify(found)).not.toContain('@example.com');
  });

  it('then keeps tenants apart', async () => {
    await old.stop();
    await apply('enforce');
    await apply('contract');
    await expect(as(undefined, (client) => client.query('SELECT * FROM book'))).rejects.toMatchObject({
      code: 'TN002',
    });
    const counts = (client: pg.Client) =>
      client.query<{ n: string }>('SELECT (SELECT count(*) FROM author) + (SELECT count(*) FROM shelf) AS n');
    expect(Number((await as(FIRST, counts)).rows[0]!.n)).toBeGreaterThanOrEqual(400);
    expect((await as(SECOND, counts)).rows[0]!.n).toBe('0');
    // What was unique for the one customer is for each.
    await as(SECOND, async (client) => {
      await client.query(`INSERT INTO author (id, email) VALUES (1, 'writer1@example.com')`);
      await client.query(`INSERT INTO book (title, author_id, editor_id) VALUES ('Mine', 1, 1)`);
    });
    expect((await as(SECOND, (client) => client.query('SELECT title FROM shelf'))).rows).toEqual([
      { title: 'Mine' },
    ]);
    await expect(
      as(SECOND, (client) => client.query(`INSERT INTO book (title, author_id) VALUES ('Theirs', 2)`)),
    ).rejects.toMatchObject({ code: '23503' });
    await expect(
      as(SECOND, (client) => client.query(`INSERT INTO visit (tenant_id) VALUES ($1)`, [FIRST])),
    ).rejects.toMatchObject({ code: '42501' });
  });

  it('leaves what the audit knows to be harmless', async () => {
    const { findings } = await auditDatabase({
      url: database.adminUrl,
      asUrl: database.urlFor(role, 'app'),
      probeWrites: true,
      globalTables: ['country'],
    });
    expect(findings.map(({ probe, object }) => `${probe} ${object.name}`)).toEqual([
      'serial-ids public.author.id',
      'serial-ids public.book.id',
    ]);
  });

  it('has nothing to say about a schema that is done', async () => {
    await expect(
      readOnly(database.adminUrl, (sql) =>
        suggestRetrofit(sql, { tenant: FIRST, appRole: role, globalTables: ['country'] }),
      ),
    ).rejects.toThrow('nothing to suggest');
  });
});

/** Goes on with what it always did, and knows nothing of tenants. */
class OldApplication {
  readonly errors: string[] = [];
  private rounds = 0;
  private running = true;
  private readonly done: Promise<void>;

  private constructor(private readonly client: pg.Client) {
    this.done = this.run();
  }

  static async start(url: string): Promise<OldApplication> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return new OldApplication(client);
  }

  /** Until it has begun and ended another round. */
  async another(): Promise<void> {
    if (!this.running) return;
    const since = this.rounds;
    await waitFor('another round of the old application', () => this.rounds >= since + 2);
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    this.running = false;
    await this.done;
    await this.client.end();
  }

  private async run(): Promise<void> {
    while (this.running) {
      await this.round().catch((error: unknown) => this.errors.push(String(error)));
      this.rounds += 1;
    }
  }

  private async round(): Promise<void> {
    const email = `new${this.rounds}@example.com`;
    const { rows } = await this.client.query<{ id: number }>(
      `INSERT INTO author VALUES (DEFAULT, $1, 'de') ON CONFLICT (email) DO UPDATE SET country = excluded.country RETURNING id`,
      [email],
    );
    const { id } = rows[0]!;
    await this.client.query('INSERT INTO book (title, author_id, editor_id) VALUES ($1, $2, $2)', [
      'New',
      id,
    ]);
    await this.client.query(`INSERT INTO visit (page) VALUES ('/new')`);
    const shelf = await this.client.query('SELECT title FROM shelf WHERE email = $1', [email]);
    if (shelf.rowCount !== 1) throw new Error('the new book is not on the shelf');
    await this.client.query('SELECT count(*) FROM book b JOIN author a ON a.id = b.author_id');
    await this.client.query('DELETE FROM author WHERE id = $1', [id]);
    const left = await this.client.query('SELECT FROM book WHERE author_id = $1', [id]);
    if (left.rowCount !== 0) throw new Error('the book has outlived its author');
  }
}
