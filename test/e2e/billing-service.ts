import type { FactAppliers, ParticipantTransport, Subscription } from '@tenantry/messaging';
import {
  AcknowledgementSender,
  createEmbeddedParticipantTransport,
  createKafkaParticipantTransport,
  LifecycleConsumer,
  putTransportLogin,
  RecoveryWorker,
} from '@tenantry/messaging';
import { pgExecutor } from '@tenantry/database';
import { consumerDatabase, type ConsumerDatabase } from '@tenantry/testing';
import {
  databaseUrl,
  withClient,
  type SystemTransport,
  type SystemUnderTest,
} from '@tenantry/testing/servers';
import { randomBytes } from 'node:crypto';
import { Pool } from 'pg';

const NAME = 'billing';
const logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A service beside the system that writes down the plans of its tenants, and cannot do so with some. */
export class BillingService {
  /** Plans that it cannot apply at present. */
  readonly broken = new Set<string>();

  private constructor(
    private readonly database: ConsumerDatabase,
    private readonly admin: Pool,
    private readonly pool: Pool,
    private readonly transport: ParticipantTransport,
  ) {}

  private readonly running: { stop(): Promise<void> }[] = [];

  static async start(system: SystemUnderTest, kind: SystemTransport): Promise<BillingService> {
    const database = await consumerDatabase();
    const admin = new Pool({ connectionString: database.adminUrl, max: 2 });
    await admin.query(
      'CREATE TABLE public.plan (no bigint GENERATED ALWAYS AS IDENTITY, tenant_id uuid, plan text)',
    );
    const account = await database.newLogin();
    await admin.query(`GRANT INSERT ON public.plan TO ${account.name}`);
    const pool = new Pool({ connectionString: account.url, max: 8 });
    const server = system.adminUrls['control-plane'];
    const transport =
      kind === 'embedded'
        ? createEmbeddedParticipantTransport({ url: await transportUrl(server), logger })
        : createKafkaParticipantTransport({
            brokers: (process.env['KAFKA_BROKERS'] ?? '').split(','),
            clientId: NAME,
            topicPrefix: topicPrefixOf(system),
            participant: NAME,
            logger,
          });
    const service = new BillingService(database, admin, pool, transport);
    await service.run();
    return service;
  }

  /** The plans of a tenant in the order in which they were applied. */
  async plans(tenantId: string): Promise<string[]> {
    const { rows } = await this.admin.query<{ plan: string }>(
      'SELECT plan FROM public.plan WHERE tenant_id = $1 ORDER BY no',
      [tenantId],
    );
    return rows.map(({ plan }) => plan);
  }

  async stop(): Promise<void> {
    for (const one of this.running) await one.stop();
    await this.transport.close();
    await Promise.all([this.pool.end(), this.admin.end()]);
    await this.database.drop();
  }

  private async run(): Promise<void> {
    const { pool, transport } = this;
    const facts: FactAppliers = {
      'tenant.updated.v1': async ({ subject, data: { plan } }, sql) => {
        await sql.query('INSERT INTO public.plan (tenant_id, plan) VALUES ($1, $2)', [subject, plan]);
        if (this.broken.has(plan)) throw new Error(`there is no price for ${plan}`);
      },
    };
    const sender = new AcknowledgementSender({
      pool,
      transport,
      participant: NAME,
      logger,
      registration: { capabilities: [], stores: [], version: '1' },
    });
    const common = {
      pool,
      participant: NAME,
      group: NAME,
      facts,
      logger,
      onAcknowledgement: () => sender.wake(),
    };
    const worker = new RecoveryWorker(common);
    const consumer = new LifecycleConsumer({ ...common, onRecovery: () => worker.wake() });
    sender.start();
    worker.start();
    const lifecycle: Subscription = await transport.consumeLifecycle({
      group: NAME,
      handler: (event) => consumer.handle(event),
      onMalformed: (reason, raw) => consumer.onMalformed(reason, raw),
    });
    this.running.push(lifecycle, worker, sender);
  }
}

/** The prefix of a system's topics, which it makes from the same letters as its databases' names. */
export function topicPrefixOf(system: SystemUnderTest): string {
  const id = /([0-9a-f]{12})_control$/.exec(new URL(system.adminUrls['control-plane']).pathname)?.[1];
  if (id === undefined) throw new Error('the name of the database does not tell the prefix of the topics');
  return `t${id}`;
}

/** Of a login that goes with the system's own, by its name, when the system is removed. */
async function transportUrl(server: string): Promise<string> {
  const database = new URL(server).pathname.slice(1);
  const login = database.replace(/_control$/, '_billing_login');
  const password = randomBytes(18).toString('base64url');
  await withClient(server, (client) =>
    putTransportLogin(pgExecutor(client), { login, password, participant: NAME }),
  );
  return databaseUrl(server, database, login, password);
}
