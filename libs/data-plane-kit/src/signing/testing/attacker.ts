import type { Pool } from 'pg';
import type { AppSession } from './signed-world.js';

/** Whose rows the attacker is after, and where they are. */
export interface Victim {
  readonly tenantId: string;
  readonly schema: string;
  /** In every row of the victim, and nowhere else. */
  readonly secret: string;
  readonly model: 'pooled' | 'schema';
  /** Every table of the service with the tenant column, as the catalogue has them. */
  readonly tables: readonly string[];
}

/** What the attacker has: a connection of the application's login, on which it may run any SQL, and a look at the source code. */
export class Attacker {
  /** Whether anything that came back, an error included, had the secret in it. */
  sawSecret = false;

  constructor(
    readonly session: AppSession,
    /** The tenant that the attacker is. */
    readonly own: string,
    readonly victim: Victim,
    /** A marker of the victim's, from an earlier transaction on this connection. */
    readonly oldMarker: string,
  ) {}

  /** Tries one statement; a transaction that is open goes on, whatever comes of it. */
  async try(text: string, values: unknown[] = []): Promise<void> {
    const answer = await this.session.attempt(text, values);
    const seen =
      answer instanceof Error
        ? JSON.stringify({ ...answer, message: answer.message })
        : JSON.stringify(answer);
    this.sawSecret ||= seen.includes(this.victim.secret);
  }

  /** Takes what can be taken and writes what can be written, in every table that the victim can have rows in. */
  async loot(): Promise<void> {
    const { schema, tenantId, tables } = this.victim;
    for (const table of [...tables, 'currency']) await this.try(`SELECT * FROM ${schema}.${table}`);
    await this.try(`SELECT query_to_xml('SELECT * FROM ${schema}.note', true, true, '')::text`);
    await this.try(`SELECT text::integer FROM ${schema}.note`);
    await this.try(`UPDATE ${schema}.note SET text = 'planted' WHERE tenant_id = $1`, [tenantId]);
    await this.try(`INSERT INTO ${schema}.note VALUES ($1, gen_random_uuid(), 'planted')`, [tenantId]);
    await this.try(`DELETE FROM ${schema}.label WHERE tenant_id = $1`, [tenantId]);
  }
}

/** The victim's rows, as a superuser sees them; they can be put back. */
export class Rows {
  private constructor(
    private readonly admin: Pool,
    private readonly victim: Victim,
    private readonly before: ReadonlyMap<string, string>,
  ) {}

  static async of(admin: Pool, victim: Victim): Promise<Rows> {
    return new Rows(admin, victim, await snapshot(admin, victim));
  }

  /** Whether anything of it is different now; puts it back. */
  async changed(): Promise<boolean> {
    const now = await snapshot(this.admin, this.victim);
    const changed = [...this.before].some(([table, rows]) => now.get(table) !== rows);
    if (changed) await this.restore();
    return changed;
  }

  /** How many notes there are more than before. */
  async added(): Promise<number> {
    const notes = (text: string | undefined): number => (JSON.parse(text!) as unknown[]).length;
    return notes((await snapshot(this.admin, this.victim)).get('note')) - notes(this.before.get('note'));
  }

  private async restore(): Promise<void> {
    const client = await this.admin.connect();
    // As a replica it asks nothing of foreign keys.
    await client.query('BEGIN; SET LOCAL session_replication_role = replica');
    for (const [table, rows] of this.before) {
      const name = `${this.victim.schema}.${table}`;
      await client.query(`DELETE FROM ${name} WHERE tenant_id = $1`, [this.victim.tenantId]);
      await client.query(`INSERT INTO ${name} SELECT * FROM json_populate_recordset(NULL::${name}, $1)`, [
        rows,
      ]);
    }
    await client.query('COMMIT');
    client.release();
  }
}

async function snapshot(
  admin: Pool,
  { schema, tenantId, tables: names }: Victim,
): Promise<Map<string, string>> {
  const tables = new Map<string, string>();
  for (const table of names) {
    const { rows } = await admin.query<{ rows: string }>(
      `SELECT coalesce(json_agg(t ORDER BY t::text), '[]')::text AS rows FROM ${schema}.${table} t WHERE tenant_id = $1`,
      [tenantId],
    );
    tables.set(table, rows[0]!.rows);
  }
  return tables;
}
