import type {
  ObservedState,
  OperationKind,
  OperationState,
  TaskState,
  TenantState,
} from '@tenantry/contracts';
import type { Facts } from '../explaining/facts.js';
import { partsOf } from '../reconciling/parts.js';

/** One tenant's row of the matrix of tenants and participants. */
export interface MatrixRow {
  readonly tenantId: string;
  readonly slug: string;
  readonly state: TenantState;
  readonly generation: number;
  readonly operation: { readonly id: string; readonly kind: OperationKind; readonly state: OperationState };
  /** Those who have to do with the tenant, by name. */
  readonly cells: readonly MatrixCell[];
}

export interface MatrixCell {
  readonly participant: string;
  readonly observed: ObservedState;
  readonly observedGeneration: number;
  /** Whether it is where the tenant should be, at its generation; null: it is not asked for this. */
  readonly satisfied: boolean | null;
  /** Whether the tenant's state waits for it. */
  readonly waitedFor: boolean;
  /** Null: it was not asked. */
  readonly taskState: TaskState | null;
  readonly attempts: number;
}

export function toMatrixRow({ rows, situation }: Facts): MatrixRow {
  const { tenant, operation, tasks, observations } = rows;
  const { parts } = partsOf(situation);
  const names = [
    ...parts.map(({ participant }) => participant.name),
    ...observations.map(({ participant }) => participant),
  ];
  const cells = [...new Set(names)].sort().map((name): MatrixCell => {
    const part = parts.find(({ participant }) => participant.name === name);
    const observation = observations.find(({ participant }) => participant === name);
    const task = tasks.find(({ participant }) => participant === name);
    return {
      participant: name,
      observed: observation?.observed ?? 'none',
      observedGeneration: observation?.observedGeneration ?? 0,
      satisfied: part?.satisfied ?? null,
      waitedFor: part?.counted ?? false,
      taskState: task?.state ?? null,
      attempts: task?.attempts ?? 0,
    };
  });
  const { id, kind, state } = operation;
  return {
    tenantId: tenant.id,
    slug: tenant.slug,
    state: tenant.state,
    generation: tenant.generation,
    operation: { id, kind, state },
    cells,
  };
}

/** The row with one participant's cell alone. */
export function onlyCell(row: MatrixRow, participant: string): MatrixRow {
  return { ...row, cells: row.cells.filter((cell) => cell.participant === participant) };
}

/** Whether anybody who is asked for it is not where the tenant should be. */
export function isBehind({ cells }: MatrixRow): boolean {
  return cells.some(({ satisfied }) => satisfied === false);
}
