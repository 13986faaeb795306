import { expect } from '@jest/globals';
import type { TenantState } from '@tenantry/contracts';
import fc from 'fast-check';
import { CancelOperation } from '../operations/cancel-operation.command.js';
import { DecideTask } from '../operations/decide-task.command.js';
import { RetryOperation } from '../operations/retry-operation.command.js';
import { CancelDeletion } from '../tenants/cancel-deletion.command.js';
import { DeleteTenant } from '../tenants/delete-tenant.command.js';
import { PauseTenant } from '../tenants/pause-tenant.command.js';
import { PlaceLegalHold } from '../tenants/place-legal-hold.command.js';
import { ReactivateTenant } from '../tenants/reactivate-tenant.command.js';
import { ReleaseLegalHold } from '../tenants/release-legal-hold.command.js';
import { ResumeTenant } from '../tenants/resume-tenant.command.js';
import { SuspendTenant } from '../tenants/suspend-tenant.command.js';
import { TESTER } from './lifecycle-harness.js';
import { LifecycleModel, MODEL_NAMES, MODEL_PARTICIPANTS, type ModelParticipant } from './lifecycle-model.js';
import type { ModelledTenant } from './modelled-tenant.js';

type Step = fc.AsyncCommand<LifecycleModel, ModelledTenant>;

const LEGAL: Record<'suspend' | 'reactivate' | 'delete' | 'cancel deletion', readonly TenantState[]> = {
  suspend: ['PROVISIONING', 'ACTIVE', 'REACTIVATING'],
  reactivate: ['SUSPENDED', 'SUSPENDING'],
  delete: ['PROVISIONING', 'ACTIVE', 'REACTIVATING', 'SUSPENDING', 'SUSPENDED'],
  'cancel deletion': ['DELETION_SCHEDULED'],
};

/** A step that may be tried in any state: what the model says is legal is done, and the rest is refused and changes nothing. */
function step(
  name: string,
  isLegal: (model: LifecycleModel) => boolean,
  done: (model: LifecycleModel, real: ModelledTenant) => void,
  act: (real: ModelledTenant) => Promise<unknown>,
): Step {
  return {
    check: () => true,
    toString: () => name,
    run: async (model, real) => {
      if (isLegal(model)) {
        await act(real);
        done(model, real);
      } else {
        const before = await real.picture();
        await expect(act(real)).rejects.toHaveProperty('code');
        expect(await real.picture()).toEqual(before);
      }
      await real.compare(model);
    },
  };
}

function lifecycle(
  name: keyof typeof LEGAL,
  done: (model: LifecycleModel, real: ModelledTenant) => void,
  act: (real: ModelledTenant) => Promise<unknown>,
): Step {
  return step(name, (model) => LEGAL[name].includes(model.state), done, act);
}

const DAY_MS = 86_400_000;

const suspend = lifecycle(
  'suspend',
  (model) => model.begin('suspend', 'suspended'),
  (real) => real.execute(new SuspendTenant(real.id, 'model', TESTER)),
);
const reactivate = lifecycle(
  'reactivate',
  (model) => model.begin('reactivate', 'active'),
  (real) => real.execute(new ReactivateTenant(real.id, 'model', TESTER)),
);
const remove = (graceDays: number): Step =>
  lifecycle(
    'delete',
    (model, real) => {
      model.before = model.desired;
      model.begin('delete', 'suspended');
      model.purgeAt = real.now + graceDays * DAY_MS;
    },
    (real) => real.execute(new DeleteTenant(real.id, graceDays * DAY_MS, undefined, 'model', TESTER)),
  );

function cancelDeletion(model: LifecycleModel): void {
  model.purgeAt = undefined;
  model.begin('cancel_deletion', model.before);
}

const cancel = lifecycle('cancel deletion', cancelDeletion, (real) =>
  real.execute(new CancelDeletion(real.id, 'model', TESTER)),
);

const cancelOperation = step(
  'cancel operation',
  (model) =>
    (model.isUnfinished() || model.operation === 'failed') &&
    ['suspend', 'reactivate', 'delete'].includes(model.kind),
  (model) => {
    if (model.kind === 'delete') cancelDeletion(model);
    else if (model.kind === 'suspend') model.begin('reactivate', 'active');
    else model.begin('suspend', 'suspended');
  },
  async (real) => real.execute(new CancelOperation(await real.operationId(), 'model', TESTER)),
);

const retry = step(
  'retry',
  (model) => model.isUnfinished() || model.operation === 'failed' || model.isOpen(),
  (model) => {
    for (const name of MODEL_NAMES)
      if (model.standing.get(name)!.startsWith('failed')) model.standing.set(name, 'asked');
    if (model.operation === 'failed') model.operation = 'running';
  },
  async (real) => real.execute(new RetryOperation(await real.operationId(), null, TESTER)),
);

function decide(name: ModelParticipant, action: 'skip' | 'attest'): Step {
  return step(
    `${action} ${name}`,
    (model) =>
      (model.isUnfinished() || model.operation === 'failed' || model.isOpen()) &&
      !['not asked', 'done', 'passed over'].includes(model.standing.get(name)!) &&
      (action === 'skip'
        ? model.kind !== 'purge'
        : model.kind === 'purge' && !MODEL_PARTICIPANTS[name].verifies),
    (model) => {
      model.standing.set(name, 'passed over');
      if (model.operation === 'failed') model.operation = 'running';
    },
    async (real) => real.execute(new DecideTask(await real.operationId(), name, action, 'model', TESTER)),
  );
}

const pause = step(
  'pause',
  (model) => !model.paused && model.state !== 'PURGED',
  (model) => void (model.paused = true),
  (real) => real.execute(new PauseTenant(real.id, 'model', TESTER)),
);
const resume = step(
  'resume',
  (model) => model.paused,
  (model) => void (model.paused = false),
  (real) => real.execute(new ResumeTenant(real.id, null, TESTER)),
);
const hold = step(
  'hold',
  (model) => model.desired !== 'purged',
  (model) => void (model.held = true),
  (real) => real.execute(new PlaceLegalHold(real.id, 'model', TESTER)),
);
const release = step(
  'release',
  (model) => model.held,
  (model) => void (model.held = false),
  (real) => real.execute(new ReleaseLegalHold(real.id, null, TESTER)),
);

/** A participant says something about the current operation, or about one that has been overtaken. */
function answer(
  name: ModelParticipant,
  outcome: 'succeeded' | 'failed' | 'failed for good' | 'in_progress',
  which: 'current' | 'older attempt' | 'older generation',
): Step {
  return {
    check: () => true,
    toString: () => `${name} answers ${outcome} (${which})`,
    run: async (model, real) => {
      const counts = await real.answer(name, outcome, which);
      const standing = model.standing.get(name)!;
      const speaks = standing !== 'not asked' && standing !== 'done';
      if (counts !== 'stale' && speaks) {
        if (outcome === 'succeeded') model.standing.set(name, 'done');
        else if (counts === 'latest' && standing !== 'passed over') {
          if (outcome === 'in_progress') model.standing.set(name, 'asked');
          else model.standing.set(name, outcome);
        }
      }
      await real.compare(model);
    },
  };
}

/** Everybody who was asked does what was asked, so that sequences get deep. */
const everyone: Step = {
  check: () => true,
  toString: () => 'everyone answers',
  run: async (model, real) => {
    for (const name of MODEL_NAMES) {
      if (['not asked', 'done'].includes(model.standing.get(name)!)) continue;
      await real.answer(name, 'succeeded', 'current');
      model.standing.set(name, 'done');
    }
    await real.compare(model);
  },
};

function wait(ms: number): Step {
  return {
    check: () => true,
    toString: () => `wait ${ms} ms`,
    run: async (model, real) => {
      await real.wait(ms);
      await real.compare(model);
    },
  };
}

/** Somebody is asked again, and only then does what came of the first request arrive. */
function late(name: ModelParticipant, outcome: 'failed for good' | 'in_progress'): Step {
  const [first, second] = [wait(600_000), answer(name, outcome, 'older attempt')];
  return {
    check: () => true,
    toString: () => `${name} is asked again and answers ${outcome} late`,
    run: async (model, real) => {
      await first.run(model, real);
      await second.run(model, real);
    },
  };
}

const restart: Step = {
  check: () => true,
  toString: () => 'restart',
  run: async (model, real) => {
    await real.restart();
    await real.compare(model);
  },
};

const participant = fc.constantFrom(...MODEL_NAMES);
const outcome = fc.constantFrom<'succeeded' | 'failed' | 'failed for good' | 'in_progress'>(
  'succeeded',
  'succeeded',
  'succeeded',
  'failed',
  'failed for good',
  'in_progress',
);
const which = fc.constantFrom<'current' | 'older attempt' | 'older generation'>(
  'current',
  'current',
  'current',
  'older attempt',
  'older generation',
);

/** Everything that can happen to a tenant, from outside and by time. */
export const MODEL_STEPS: fc.Arbitrary<Step>[] = [
  fc.tuple(participant, outcome, which).map((given) => answer(...given)),
  fc.tuple(participant, outcome, which).map((given) => answer(...given)),
  fc.constant(everyone),
  fc.constant(everyone),
  fc.constant(everyone),
  fc
    .tuple(participant, fc.constantFrom<'failed for good' | 'in_progress'>('failed for good', 'in_progress'))
    .map((given) => late(...given)),
  fc.constantFrom(suspend, reactivate),
  fc.constantFrom(suspend, reactivate),
  fc.constantFrom(1, 2, 30).map(remove),
  fc.constantFrom(1, 2, 30).map(remove),
  fc.constantFrom(cancel, cancelOperation, retry),
  fc
    .tuple(participant, fc.constantFrom<'skip' | 'attest'>('skip', 'attest'))
    .map((given) => decide(...given)),
  fc.constantFrom(pause, resume, resume, hold, release, release),
  fc.constantFrom(1000, 600_000, DAY_MS, 31 * DAY_MS).map(wait),
  // Costly, and it takes one only now and then to find what was kept in memory.
  fc.nat(11).map((n) => (n === 0 ? restart : wait(1000))),
];
