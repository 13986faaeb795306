import { describe, expect, it } from '@jest/globals';
import { TENANT_STATES, type TenantState } from '@tenantry/contracts';
import fc from 'fast-check';
import { LifecycleHarness } from '../testing/lifecycle-harness.js';
import { LifecycleModel } from '../testing/lifecycle-model.js';
import { MODEL_STEPS } from '../testing/lifecycle-model.commands.js';
import { ModelClock, ModelledTenant } from '../testing/modelled-tenant.js';

/** How many sequences; `.ci/run` has 2,000 of them. */
const SEQUENCES = Number(process.env['MODEL_SEQUENCES'] ?? 300);
/** What a failure printed, to see it again: `MODEL_SEED`, and `MODEL_PATH` to begin with the sequence that failed. */
const SEED = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31);
const PATH = process.env['MODEL_PATH'];
const LONGEST = 16;
/** Each has a database and thereby a clock of its own; while one waits for its database, the others go on. */
const SIDE_BY_SIDE = PATH === undefined ? 3 : 1;
/** What a run must have seen, or it has shown nothing. */
const STATES: readonly TenantState[] = TENANT_STATES.filter((state) => state !== 'REQUESTED');

async function installation(): Promise<LifecycleHarness> {
  const control = await LifecycleHarness.start(['reference', 'second']);
  const add = (name: string, required: boolean, capabilities: string[], stores: string[]) =>
    control.admin.query(
      `INSERT INTO tenantry.participant (name, required, capabilities, stores, ack_timeout_ms) VALUES ($1, $2, $3, $4, 60000)`,
      [name, required, capabilities, stores],
    );
  await add('watcher', false, ['provision', 'suspend', 'reactivate', 'purge'], ['primary']);
  await add('verifier', true, ['verify'], []);
  return control;
}

async function run(seed: number, sequences: number, seen: Map<string, number>): Promise<number> {
  const control = await installation();
  const clock = new ModelClock();
  let steps = 0;
  try {
    const property = fc.asyncProperty(
      fc.commands(MODEL_STEPS, { maxCommands: LONGEST, size: 'max' }),
      async (commands) => {
        const { tenant } = await control.create();
        const model = new LifecycleModel();
        const real = new ModelledTenant(control, tenant.id, clock, seen);
        await real.compare(model);
        await fc.asyncModelRun(() => ({ model, real }), commands);
        // Throws on a gap in what was published.
        await control.events(tenant.id);
        steps += [...commands].length;
      },
    );
    await fc.assert(property, {
      seed,
      numRuns: sequences,
      ...(PATH !== undefined && { path: PATH }),
      // Shrinking moves the clock on; a few steps of it tell enough.
      endOnFailure: false,
    });
  } finally {
    await control.stop();
  }
  return steps;
}

describe('the lifecycle and its model', () => {
  it(
    `agree over ${SEQUENCES} random sequences (MODEL_SEED=${SEED})`,
    async () => {
      const seen = new Map<string, number>();
      const share = Math.ceil(SEQUENCES / SIDE_BY_SIDE);
      const runs = Array.from({ length: SIDE_BY_SIDE }, (_, index) => run(SEED + index, share, seen));
      const steps = (await Promise.all(runs)).reduce((sum, each) => sum + each, 0);
      const told = JSON.stringify(Object.fromEntries(seen));
      process.stdout.write(
        `${SEQUENCES} sequences, ${steps} steps, MODEL_SEED=${SEED}, compared in ${told}\n`,
      );
      // A short run need not come by everything.
      if (SEQUENCES >= 500) expect([...seen.keys()]).toEqual(expect.arrayContaining([...STATES]));
    },
    15 * 60_000,
  );
});
