import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { OPERATION_KINDS, TENANT_STATES } from '@tenantry/contracts';
import { GaugeGroup } from '@tenantry/messaging';
import { FleetLoadReadModel } from './fleet-load.read-model.js';

/** By name. Labels are states, kinds and participants: as many as are declared, however many tenants there are. */
const GAUGES = {
  tenantry_tenants: { description: 'Tenants by state, purged ones too.', unit: '{tenant}' },
  tenantry_operations_running: { description: 'Operations that have not ended.', unit: '{operation}' },
  tenantry_operations_overdue: {
    description: 'Those of them that are past their deadline.',
    unit: '{operation}',
  },
  tenantry_operations_failed: {
    description: 'Operations that have failed for good, and that nothing has taken the place of.',
    unit: '{operation}',
  },
  tenantry_tasks_waiting: {
    description: 'What a participant was asked for and has not done, and nobody decided to go on without.',
    unit: '{task}',
  },
  tenantry_task_oldest_unacknowledged_age_seconds: {
    description: 'For how long the oldest of that has been asked for without a sign of progress.',
    unit: 's',
  },
  tenantry_participant_last_seen_age_seconds: {
    description:
      'Since the last sign of life of a participant, or since it was declared when there was none.',
    unit: 's',
  },
  tenantry_parked_facts: { description: 'Facts that a participant has parked.', unit: '{fact}' },
  tenantry_purges_overdue: {
    description: 'Purges that should have begun or ended, or have failed.',
    unit: '{tenant}',
  },
  tenantry_audit_unsequenced_entries: {
    description: 'Audit entries that have no position in the log yet.',
    unit: '{entry}',
  },
  tenantry_audit_checkpoint_age_seconds: {
    description:
      'How old the oldest audit entry is that no signed checkpoint covers; 0 where all are covered.',
    unit: 's',
  },
} as const;

/** For how long what was looked up is shown again, in milliseconds: counting tenants reads an index of all of them. */
const FRESH_MS = 5_000;

/** Shows how the work of the whole installation stands. Every worker tells the same, so queries take the greatest. */
@Injectable()
export class FleetMetrics implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly gauges: GaugeGroup<keyof typeof GAUGES>;

  constructor(private readonly load: FleetLoadReadModel) {
    this.gauges = new GaugeGroup({
      meter: '@tenantry/control-plane',
      gauges: GAUGES,
      freshMs: FRESH_MS,
      read: async (observe) => {
        const tenants = new Map((await this.load.tenants()).map((row) => [row.state, row.tenants]));
        for (const state of TENANT_STATES) observe('tenantry_tenants', tenants.get(state) ?? 0, { state });

        const operations = new Map((await this.load.operations()).map((row) => [row.kind, row]));
        for (const operation of OPERATION_KINDS) {
          const { running = 0, overdue = 0 } = operations.get(operation) ?? {};
          observe('tenantry_operations_running', running, { operation });
          observe('tenantry_operations_overdue', overdue, { operation });
        }

        const failed = new Map((await this.load.failedOperations()).map((row) => [row.kind, row.failed]));
        for (const operation of OPERATION_KINDS)
          observe('tenantry_operations_failed', failed.get(operation) ?? 0, { operation });

        for (const one of await this.load.participants()) {
          const labels = { participant: one.name };
          observe('tenantry_tasks_waiting', one.waiting, labels);
          observe('tenantry_task_oldest_unacknowledged_age_seconds', one.oldestSeconds, labels);
          observe('tenantry_participant_last_seen_age_seconds', one.lastSeenSeconds, labels);
          observe('tenantry_parked_facts', one.parked, labels);
        }

        observe('tenantry_purges_overdue', await this.load.purgesOverdue());
        const { unsequenced, uncoveredSeconds } = await this.load.audit();
        observe('tenantry_audit_unsequenced_entries', unsequenced);
        observe('tenantry_audit_checkpoint_age_seconds', uncoveredSeconds);
      },
    });
  }

  onApplicationBootstrap(): void {
    this.gauges.start();
  }

  beforeApplicationShutdown(): void {
    this.gauges.stop();
  }
}
