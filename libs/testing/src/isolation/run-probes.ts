import { Client } from 'pg';
import { crossingStatements, type SampleRow } from './crossing-statements.js';
import { probe, reachesItsOwn, type Path, type Probe } from './isolation-probe.js';
import { withSql, type IsolationStage, type StagedTenant } from './isolation-stage.js';
import { plannedProbes, roundOf, type Target } from './probe-plan.js';
import { qualifiedName, TENANT_COLUMN } from './tenant-table.js';

export interface ProbeOptions {
  /** How many; default: one round, every combination once. */
  readonly probes?: number;
  readonly seed?: number;
  /** The only tables to probe. Default: all with a tenant column. */
  readonly tables?: readonly string[];
  /** The URL that reaches the same database as the same login through a pooler in transaction mode. */
  readonly through?: ((url: string) => string) | undefined;
  /** How many attempts are made at the same time. Default: 8. */
  readonly concurrency?: number;
}

export interface ProbeReport {
  readonly seed: number;
  /** How many were executed. */
  readonly probes: number;
  /** How many each verb, situation, protocol, path and model had a part in. */
  readonly counts: Readonly<Record<string, number>>;
  /** Rows of another tenant that were read, or would have been written. */
  readonly rows: number;
  readonly writes: number;
  /** What is wrong, in words; the first hundred. Empty: all is well. */
  readonly findings: readonly string[];
}

const FINDINGS_MAX = 100;

/** Executes the probes on a stage and compares every tenant's rows before and after. */
export async function runProbes(stage: IsolationStage, options: ProbeOptions = {}): Promise<ProbeReport> {
  const { seed = 1, through, concurrency = 8 } = options;
  const targets = (await targetsOf(stage.tenants)).filter(
    ({ table }) => options.tables?.includes(table) ?? true,
  );
  const findings = [...(await powerless(targets)), ...(await openDoors(stage.tenants))];
  const before = await contents(stage.tenants);
  const total = options.probes ?? roundOf(targets);
  const plan = plannedProbes(targets, seed);
  const counts: Record<string, number> = {};
  let probes = 0;
  let rows = 0;
  let writes = 0;
  const worker = async (): Promise<void> => {
    const clients = new Clients(through);
    try {
      while (probes < total) {
        probes += 1;
        const planned = plan.next().value as Probe;
        const outcome = await probe(await clients.of(planned.victim.servingUrl, planned.path), planned);
        for (const key of keysOf(planned)) counts[key] = (counts[key] ?? 0) + 1;
        if (outcome.kind === 'refused') continue;
        if (outcome.kind === 'crossed') {
          if (planned.statement.verb === 'SELECT') rows += outcome.rows;
          else writes += outcome.rows;
        }
        const came =
          outcome.kind === 'crossed' ? `reached ${outcome.rows} rows` : `ended otherwise: ${outcome.error}`;
        if (findings.length < FINDINGS_MAX) findings.push(`${inWords(planned)} ${came}`);
      }
    } finally {
      await clients.close();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const after = await contents(stage.tenants);
  for (const [table, content] of Object.entries(before))
    if (after[table] !== content) {
      writes += 1;
      findings.push(`the rows in ${table} are not what they were`);
    }
  return { seed, probes, counts, rows, writes, findings };
}

/** Kept for as long as a worker works, so that the same connection is used in one tenant's context after another's. */
class Clients {
  private readonly open = new Map<string, Client>();

  constructor(private readonly through: ProbeOptions['through']) {}

  async of(url: string, path: Path): Promise<Client> {
    const key = `${path} ${url}`;
    const held = this.open.get(key);
    if (held) return held;
    const client = new Client({
      connectionString: path === 'pooled' && this.through ? this.through(url) : url,
    });
    client.on('error', () => undefined);
    await client.connect();
    this.open.set(key, client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map((client) => client.end()));
  }
}

async function targetsOf(tenants: readonly StagedTenant[]): Promise<Target[]> {
  const targets: Target[] = [];
  for (const victim of tenants)
    await withSql(victim.adminUrl, async (sql) => {
      for (const table of victim.tables) {
        const [sample] = await sql.query<SampleRow>(
          `SELECT ${table.columns.map(({ name }) => `"${name}"::text`).join(', ')} FROM ${qualifiedName(table)} WHERE ${TENANT_COLUMN} = $1 LIMIT 1`,
          [victim.id],
        );
        if (!sample) throw new Error(`There is no row to steal in ${qualifiedName(table)}.`);
        targets.push({
          victim,
          table: table.table,
          statements: crossingStatements(table, victim.id, sample),
        });
      }
    });
  if (targets.length === 0)
    throw new Error('There is no table with a tenant column, so there is nothing to probe.');
  return targets;
}

/** Statements by which not even their own tenant reaches a row: a probe with one of them says nothing. */
async function powerless(targets: readonly Target[]): Promise<string[]> {
  const findings: string[] = [];
  const clients = new Clients(undefined);
  try {
    for (const { victim, statements } of targets)
      for (const statement of statements) {
        const client = await clients.of(victim.servingUrl, 'direct');
        const reached = await reachesItsOwn(client, victim, statement).catch((error: Error) => error.message);
        if (reached !== true)
          findings.push(
            `a tenant's own ${statement.text} reaches nothing${reached === false ? '' : `: ${reached}`}`,
          );
      }
  } finally {
    await clients.close();
  }
  return findings;
}

/** Logins that get into a database that is another tenant's own. */
async function openDoors(tenants: readonly StagedTenant[]): Promise<string[]> {
  const findings: string[] = [];
  for (const attacker of tenants)
    for (const victim of tenants) {
      if (victim.isolation !== 'database' || victim === attacker) continue;
      const url = new URL(attacker.servingUrl);
      url.pathname = new URL(victim.servingUrl).pathname;
      const came = await withSql(url.href, async () => true).catch(() => false);
      if (came)
        findings.push(
          `the login of a ${attacker.isolation} tenant may connect to another tenant's own database`,
        );
    }
  return findings;
}

/** What is in each tenant's tables, as a digest. */
async function contents(tenants: readonly StagedTenant[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const tenant of tenants)
    await withSql(tenant.adminUrl, async (sql) => {
      for (const table of tenant.tables) {
        const [row] = await sql.query<{ digest: string }>(
          `SELECT count(*) || md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS digest FROM ${qualifiedName(table)} t WHERE ${TENANT_COLUMN} = $1`,
          [tenant.id],
        );
        found[`${tenant.id} ${qualifiedName(table)}`] = String(row?.digest);
      }
    });
  return found;
}

function keysOf({ victim, statement, situation, protocol, path }: Probe): string[] {
  return [`${victim.isolation} tenants`, statement.verb, situation, protocol, `${path} connections`];
}

function inWords({ victim, statement, situation, attacker, role, protocol, path }: Probe): string {
  return [
    `${statement.text} (${protocol}, ${path}) on a ${victim.isolation} tenant, ${situation}`,
    attacker && `(${attacker.isolation})`,
    role && `with the role ${role}`,
  ]
    .filter(Boolean)
    .join(' ');
}
