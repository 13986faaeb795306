import { checkSchemaLevel, pgExecutor } from '@tenantry/database';
import type { Logger, ParticipantTransport } from '@tenantry/messaging';
import type { Pool } from 'pg';
import { databasePool } from '../database-pool.js';
import { ParticipantLoop } from '../participant/participant-loop.js';
import { databaseScope } from './database-scope.js';
import { VERIFIER_MIGRATIONS } from './install-verifier.js';
import { UnfitScanLogin } from './scan-login.js';
import { type ScanTarget, type SessionLimits, withScanSession } from './scan-session.js';
import { createVerificationHandler } from './verification-handler.js';

export interface VerifierRunnerOptions {
  /** The participant's name. */
  readonly participant: string;
  /** Of the verifier's own database, which keeps its inbox, positions and answers. */
  readonly databaseUrl: string;
  /** Every server that tenants' data may be on; at least one. */
  readonly targets: readonly ScanTarget[];
  /** Which databases of them are looked at, as `databaseScope` reads it. Default: all that let anybody in. */
  readonly databases?: readonly string[];
  /** Names of columns that say whose a row is, compared without case and underscores. Default: `tenant_id`. */
  readonly tenantColumns?: readonly string[];
  /** How long counting one table may take, in milliseconds. Default: 600 000. */
  readonly statementTimeoutMs?: number;
  /** How many tenants are looked for at once. Default: 2. */
  readonly concurrency?: number;
  /** How many databases of a server are looked at at once, for each tenant. Default: 4. */
  readonly databasesAtOnce?: number;
  /** Closed by `stop`. */
  readonly transport: ParticipantTransport;
  readonly logger: Logger;
  /** What the heartbeat names. */
  readonly version: string;
}

const POOL_SIZE = 4;
const BOOKKEEPING_TIMEOUT_MS = 35_000;
const LOCK_TIMEOUT_MS = 10_000;
const WRITERS_TIMEOUT_MS = 10_000;

/** The participant that verifies, in a process of its own: it looks for what is left of purged tenants. */
export class VerifierRunner {
  private readonly pool: Pool;
  private readonly loop: ParticipantLoop;
  private readonly limits: SessionLimits;
  private stopped: Promise<void> | undefined;

  constructor(private readonly options: VerifierRunnerOptions) {
    const { participant, databaseUrl, targets, transport, logger, version, concurrency = 2 } = options;
    const { tenantColumns = ['tenant_id'], statementTimeoutMs = 600_000, databasesAtOnce = 4 } = options;
    if (targets.length === 0) throw new RangeError('A verifier that is to look nowhere would find nothing.');
    this.limits = {
      statementTimeoutMs,
      lockTimeoutMs: LOCK_TIMEOUT_MS,
      writersTimeoutMs: WRITERS_TIMEOUT_MS,
    };
    this.pool = databasePool({
      url: databaseUrl,
      max: POOL_SIZE,
      applicationName: participant,
      queryTimeoutMs: BOOKKEEPING_TIMEOUT_MS,
      onLost: (err) => logger.warn({ err }, 'lost an idle database connection'),
    });
    this.loop = new ParticipantLoop({
      participant,
      registration: { capabilities: ['verify'], stores: [], version },
      transport,
      pool: this.pool,
      logger,
      concurrency,
      // A scan shows what was there when it was made, and is made anew when it is asked for again.
      repeatsAnswers: false,
      handler: createVerificationHandler({
        targets,
        scope: databaseScope(options.databases ?? []),
        tenantColumns,
        limits: this.limits,
        databasesAtOnce,
        logger,
      }),
    });
  }

  /**
   * Begins to work. A server that is away is none of the start's business: its scans fail, and are asked for again.
   *
   * @throws UnfitScanLogin when a login that can be reached does not see everything, or may do more than see.
   */
  async start(): Promise<void> {
    const { signal } = new AbortController();
    for (const target of this.options.targets) {
      try {
        await withScanSession(target, this.limits, signal, async () => undefined);
      } catch (err) {
        if (err instanceof UnfitScanLogin) throw err;
        this.options.logger.warn({ err, cluster: target.cluster }, 'A cluster cannot be scanned at present');
      }
    }
    this.loop.start();
  }

  /** Rejects unless the login reaches the verifier's own database. */
  async checkReady(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  /** Rejects unless that database has every migration of this build. */
  async checkMigrations(): Promise<void> {
    await checkSchemaLevel(pgExecutor(this.pool), VERIFIER_MIGRATIONS);
  }

  /** Hands back or finishes the work, and closes everything; once, however often it is called. */
  stop(): Promise<void> {
    this.stopped ??= this.stopOnce();
    return this.stopped;
  }

  private async stopOnce(): Promise<void> {
    await this.loop.stop();
    await this.options.transport.close();
    await this.pool.end();
  }
}
