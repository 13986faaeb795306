import type { RouteRecord } from '@tenantry/contracts';
import { escapeIdentifier, type QueryResult } from 'pg';
import type { ConnectionSource } from './connection-source.js';
import { enterStatement } from './enter-statement.js';
import { TransactionAborted } from './errors.js';
import { asFenceRefusal, FenceRefusal } from './fence-refusal.js';
import type { Loan } from './loan.js';
import type { Opened } from './open-transaction.js';
import { encodeQuiet } from './protocol/encoded-statement.js';
import { begin, ENDING, type IsolationLevel } from './protocol/session-statements.js';
import { StatementRun, type RunParts } from './protocol/statement-run.js';
import { schemaOf } from './schema-of.js';
import type { ContextSigner } from './signing/context-signer.js';
import { SQLSTATE, sqlStateOf } from './sql-errors.js';
import { timeoutSettings, type TenantLimits } from './tenant-limits.js';

/** Into which tenant, and how. */
export interface Entry {
  readonly tenantId: string;
  readonly route: RouteRecord;
  readonly readOnly: boolean;
  readonly isolationLevel: IsolationLevel | undefined;
  readonly limits: TenantLimits;
}

/** BEGIN and the statement that enters; what comes behind them runs in the context, or not at all. */
const ENTRANCE = 2;
/** What a single statement can end its transaction with, so that COMMIT finds none, or another. */
const ENDS_EARLY: ReadonlySet<string> = new Set(['COMMIT', 'ROLLBACK', 'PREPARE TRANSACTION']);
/** How often to enter when the fence changed under a snapshot that was too old to see it (above READ COMMITTED). */
const ENTER_ATTEMPTS = 3;

/** Takes connections of the source through BEGIN, the fence and the first statement, under one Sync. */
export class TenantSession {
  constructor(
    private readonly connections: ConnectionSource,
    private readonly store: string,
    private readonly signer?: ContextSigner,
  ) {}

  /** Opens the context with the first statement of a transaction. @throws FenceRefusal when the fence lets nobody in. */
  async open(entry: Entry, first: RunParts): Promise<Opened> {
    const { loan, run, failure } = await this.enter(entry, first);
    const { isolation } = entry.route;
    if (failure) return { loan, isolation, first: failure };
    return { loan, isolation, first: { result: run.result, tag: run.tags.at(-1) ?? '' } };
  }

  /**
   * One statement in a transaction of its own: everything in one round trip. COMMIT goes along since it stands behind a
   * single statement: what fails, fails both.
   *
   * @throws FenceRefusal; what the statement or COMMIT throws; TransactionAborted for a statement that ends its transaction.
   */
  async once(entry: Entry, only: RunParts): Promise<QueryResult> {
    const { loan, run, failure } = await this.enter(entry, { ...only, after: ENDING.COMMIT });
    const [, , answered, committed] = run.tags;
    if (committed === undefined) {
      await loan.conclude('ROLLBACK').catch(() => undefined);
      throw failure?.error;
    }
    // COMMIT was answered, so the rest is about the connection only.
    if (failure) loan.condemn();
    else loan.noteClean();
    void loan.end();
    if (committed !== 'COMMIT' || ENDS_EARLY.has(answered ?? ''))
      throw new TransactionAborted(entry.tenantId);
    return run.result;
  }

  private async enter(entry: Entry, rest: RunParts, attempt = 1): Promise<Entered> {
    const loan = await this.connections.borrow(entry);
    const run = composed(loan, () => this.runOf(loan, entry, rest));
    try {
      await loan.send(run);
      return { loan, run };
    } catch (error) {
      if (run.tags.length >= ENTRANCE) return { loan, run, failure: { error } };
      const refusal = asFenceRefusal(entry.tenantId, error);
      const changed = sqlStateOf(error) === SQLSTATE.serializationFailure;
      // The fence refuses over the tenant; whatever else goes wrong here may be over the connection.
      if (!isAboutTheTenant(refusal) && !changed) loan.condemn();
      await loan.conclude('ROLLBACK').catch(() => undefined);
      if (changed && attempt < ENTER_ATTEMPTS) return this.enter(entry, rest, attempt + 1);
      throw refusal;
    }
  }

  private runOf(loan: Loan, entry: Entry, { before = [], ...rest }: RunParts): StatementRun {
    const entrance = [begin(entry.isolationLevel), this.entrance(loan.backendPid, entry)];
    return new StatementRun({ before: [...entrance, ...before], ...rest });
  }

  /**
   * The fence, and behind it in the same statement what `enter` cannot set, having settings of its own: search path, role
   * and timeouts. What a SELECT computes it computes from left to right.
   */
  private entrance(backendPid: number, { tenantId, route, readOnly, limits }: Entry): Buffer {
    const terms = { tenantId, generation: route.generation, readOnly };
    const { text, values } = enterStatement(terms, this.signer && { signer: this.signer, backendPid });
    const schema = schemaOf(route.isolation, tenantId, this.store);
    const settings = [
      ['search_path', `${escapeIdentifier(schema)}, pg_temp`],
      ...timeoutSettings(limits),
      ...(route.isolation === 'schema' ? [['role', schema]] : []),
    ];
    const set = settings.map(
      ([name], index) => `, pg_catalog.set_config('${name}', $${values.length + index + 1}, true)`,
    );
    return encodeQuiet(text + set.join(''), [...values, ...settings.map(([, value]) => value)]);
  }
}

/** What cannot be composed (no key to sign with) was not sent either: the connection is as it was. */
function composed(loan: Loan, compose: () => StatementRun): StatementRun {
  try {
    return compose();
  } catch (error) {
    void loan.end();
    throw error;
  }
}

interface Entered {
  readonly loan: Loan;
  readonly run: StatementRun;
  /** Of what stood behind the entrance. */
  readonly failure?: { readonly error: unknown };
}

/** Whether the fence itself refused, and not since the connection still had another tenant's context. */
function isAboutTheTenant(error: unknown): boolean {
  return error instanceof FenceRefusal && error.reason !== 'other-tenant';
}
