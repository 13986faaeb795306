import { SeededRandom } from '../conformance/random.js';
import { VERBS, type CrossingStatement, type Verb } from './crossing-statements.js';
import {
  PATHS,
  PROTOCOLS,
  SITUATIONS,
  type Path,
  type Probe,
  type Protocol,
  type Situation,
} from './isolation-probe.js';
import type { StagedTenant } from './isolation-stage.js';

/** A tenant's table, and the ways to reach for its rows there. */
export interface Target {
  readonly victim: StagedTenant;
  readonly table: string;
  readonly statements: readonly CrossingStatement[];
}

interface Cell {
  readonly target: Target;
  readonly verb: Verb;
  readonly situation: Situation;
  readonly protocol: Protocol;
  readonly path: Path;
}

/**
 * Probes without end, the same for the same seed: every table × verb × situation × protocol × path once in each round, in an order of the
 * round's own, and in each a statement, an attacker and a role by lot.
 */
export function* plannedProbes(targets: readonly Target[], seed: number): Generator<Probe> {
  const random = new SeededRandom(seed, 'isolation');
  const pick = <T>(things: readonly T[]): T => {
    if (things.length === 0) throw new Error('there is nothing to choose from');
    return things[random.below(things.length)] as T;
  };
  const victims = [...new Set(targets.map(({ victim }) => victim))];
  const cells = cellsOf(targets);
  for (;;)
    for (const { target, verb, situation, protocol, path } of random.shuffled(cells)) {
      const { victim, table } = target;
      const attacker =
        situation === 'as another tenant' ? pick(victims.filter((other) => other !== victim)) : undefined;
      const isMine = (role: string | undefined) =>
        role !== undefined && attacker?.adminUrl === victim.adminUrl;
      const roles = [undefined, victim.role, ...(isMine(attacker?.role) ? [attacker?.role] : [])];
      yield {
        victim,
        table,
        statement: pick(target.statements.filter((statement) => statement.verb === verb)),
        situation,
        attacker,
        role: pick(roles),
        protocol,
        path,
      };
    }
}

/** How many probes one round has. */
export function roundOf(targets: readonly Target[]): number {
  return cellsOf(targets).length;
}

function cellsOf(targets: readonly Target[]): Cell[] {
  return targets.flatMap((target) =>
    VERBS.flatMap((verb) =>
      SITUATIONS.flatMap((situation) =>
        PROTOCOLS.flatMap((protocol) => PATHS.map((path) => ({ target, verb, situation, protocol, path }))),
      ),
    ),
  );
}
