import type { Row, SqlExecutor } from '@tenantry/database';
import type { EntityManager } from 'typeorm';

/** An entity manager as the executor that the libraries take; what they run joins the manager's transaction. */
export function managerExecutor(manager: EntityManager): SqlExecutor {
  return {
    async query<R extends object = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
      const answer: unknown = await manager.query(text, [...params]);
      return rowsOf<R>(answer);
    },
  };
}

/** TypeORM answers UPDATE and DELETE with [rows, count], everything else with the rows. */
function rowsOf<R>(answer: unknown): R[] {
  if (!Array.isArray(answer)) return [];
  if (answer.length === 2 && Array.isArray(answer[0]) && typeof answer[1] === 'number')
    return answer[0] as R[];
  return answer as R[];
}
