import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ApiHarness, type Answer } from '../testing/api-harness.js';

/** Sizes are raised for the long run; a failure is seen again by its seed, as far as races can be. */
const COMMANDS = Number(process.env['RACE_COMMANDS'] ?? 5000);
const TENANTS = Number(process.env['RACE_TENANTS'] ?? 50);
const SEED = Number(process.env['RACE_SEED'] ?? Date.now() % 2 ** 31);
const AT_ONCE = 24;

type Verb = 'suspend' | 'reactivate' | 'delete' | 'cancel_deletion';

/** What may follow what, told here a second time. */
const LEGAL: Readonly<Record<string, readonly string[]>> = {
  'tenant.suspend': ['REQUESTED', 'PROVISIONING', 'ACTIVE', 'REACTIVATING'],
  'tenant.reactivate': ['SUSPENDED', 'SUSPENDING'],
  'tenant.delete': ['REQUESTED', 'PROVISIONING', 'ACTIVE', 'REACTIVATING', 'SUSPENDING', 'SUSPENDED'],
  'tenant.cancel_deletion': ['DELETION_SCHEDULED'],
  'tenant.purge': ['DELETION_SCHEDULED'],
};

interface Attempt {
  readonly verb: Verb;
  readonly tenant: number;
  readonly grace: string;
  readonly conditional: boolean;
}

interface Body {
  readonly code?: string;
  readonly state?: string;
  readonly allowed?: readonly string[];
  readonly currentEtag?: string;
  readonly tenant: { readonly version: number };
  readonly operation: { readonly id: string; readonly generation: number };
}

const attempt: fc.Arbitrary<Attempt> = fc.record({
  verb: fc.constantFrom<Verb>('suspend', 'reactivate', 'delete', 'cancel_deletion'),
  tenant: fc.nat(TENANTS - 1),
  // Now and then a purge comes into it.
  grace: fc.nat(39).map((n) => (n === 0 ? 'PT0S' : 'P30D')),
  conditional: fc.boolean(),
});

describe('thousands of commands at once', () => {
  let api: ApiHarness;
  const ids: string[] = [];
  const versions = new Map<string, number>();

  beforeAll(async () => {
    api = await ApiHarness.start();
    for (let n = 0; n < TENANTS; n += 1) ids.push((await api.control.create()).tenant.id);
  }, 60_000);
  afterAll(() => api.stop());

  function send({ verb, tenant, grace, conditional }: Attempt): Promise<Answer<Body>> {
    const id = ids[tenant]!;
    const version = versions.get(id) ?? 1;
    const headers: Record<string, string> = conditional ? { 'if-match': `"${version}"` } : {};
    switch (verb) {
      case 'delete':
        return api.call<Body>('DELETE', `/v1/tenants/${id}?gracePeriod=${grace}`, { headers });
      case 'cancel_deletion':
        return api.call<Body>('DELETE', `/v1/tenants/${id}/deletion`, { headers });
      default:
        return api.call<Body>('POST', `/v1/tenants/${id}/${verb}`, { body: { reason: 'race' }, headers });
    }
  }

  /** Plays the participants and the reconciler beside the commands, as fast as it can, until told to end. */
  async function participants(isOver: () => boolean): Promise<void> {
    for (let n = 0; !isOver(); n += 1) {
      const id = ids[n % ids.length]!;
      await api.control.reconcile(id);
      if (n % 3 !== 0) await api.control.acknowledge(id);
    }
  }

  it(
    `make no illegal transition, and every loser learns why (RACE_SEED=${SEED}, ${COMMANDS} on ${TENANTS})`,
    async () => {
      const attempts = fc.sample(attempt, { seed: SEED, numRuns: COMMANDS });
      const answers: { attempt: Attempt; answer: Answer<Body> }[] = [];
      let next = 0;
      let over = false;
      const background = [participants(() => over), participants(() => over)];
      const worker = async (): Promise<void> => {
        for (let mine = attempts[next++]; mine; mine = attempts[next++]) {
          const answer = await send(mine);
          answers.push({ attempt: mine, answer });
          if (answer.status === 202) versions.set(ids[mine.tenant]!, answer.body.tenant.version);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker)).finally(() => (over = true));
      await Promise.all(background);

      const counts = Map.groupBy(answers, ({ answer }) => answer.status);
      const told = [...counts].map(([status, { length }]) => `${length} × ${status}`).join(', ');
      process.stdout.write(`${COMMANDS} commands on ${TENANTS} tenants, RACE_SEED=${SEED}: ${told}\n`);
      expect(answers).toHaveLength(COMMANDS);
      for (const { answer } of answers) expect(refusalIsComplete(answer)).toBe(true);
      // All three must have been seen, or nothing raced.
      for (const status of [202, 409, 412]) expect(counts.get(status)?.length ?? 0).toBeGreaterThan(0);
      for (const [index, id] of ids.entries()) {
        const won = answers.filter(
          ({ attempt: each, answer }) => each.tenant === index && answer.status === 202,
        );
        await judge(
          id,
          won.map(({ answer }) => answer.body),
        );
      }
    },
    10 * 60_000,
  );

  function refusalIsComplete({ status, body }: Answer<Body>): boolean {
    if (status === 202) return true;
    if (status === 412) return body.currentEtag !== undefined && body.state !== undefined;
    return (
      status === 409 &&
      body.code === 'illegal-transition' &&
      body.state !== undefined &&
      Array.isArray(body.allowed)
    );
  }

  /** Reads what was written, and not what was answered. */
  async function judge(id: string, won: readonly Body[]): Promise<void> {
    const operations = await api.control.rows<{
      id: string;
      generation: number;
      kind: string;
      state: string;
    }>(
      'SELECT id, generation::int, kind, state FROM tenantry.operation WHERE tenant_id = $1 ORDER BY generation',
      [id],
    );
    expect(operations.map(({ generation }) => generation)).toEqual(operations.map((_, index) => index + 1));
    const asked = operations.filter(({ kind }) => kind !== 'provision' && kind !== 'purge');
    const byGeneration = [...won].sort((a, b) => a.operation.generation - b.operation.generation);
    expect(byGeneration.map(({ operation }) => operation.id)).toEqual(asked.map((operation) => operation.id));
    const seen = byGeneration.map(({ tenant }) => tenant.version);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(
      operations.filter(({ state }) => state === 'pending' || state === 'running').length,
    ).toBeLessThanOrEqual(1);
    const audited = await api.control.rows<{ action: string; state: string }>(
      `SELECT action, before->>'state' AS state FROM tenantry.audit_entry
       WHERE tenant_id = $1 AND action = ANY ($2) ORDER BY (after->>'generation')::int`,
      [id, Object.keys(LEGAL)],
    );
    expect(audited).toHaveLength(operations.length - 1);
    for (const { action, state } of audited) expect(LEGAL[action]).toContain(state);
    // Throws on a gap in what was published.
    await api.control.events(id);
  }
});
