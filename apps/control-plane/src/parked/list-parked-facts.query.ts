import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { ParkedFactReadModel, type ParkedFactFilter } from './parked-fact.read-model.js';
import type { ParkedFactView } from './parked-fact.view.js';

/** A page of parked facts, the newest first. */
export class ListParkedFacts extends Query<Page<ParkedFactView>> {
  constructor(
    readonly filter: ParkedFactFilter,
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListParkedFacts)
export class ListParkedFactsHandler implements IQueryHandler<ListParkedFacts> {
  constructor(private readonly parkedFacts: ParkedFactReadModel) {}

  execute({ filter, limit, cursor }: ListParkedFacts): Promise<Page<ParkedFactView>> {
    return this.parkedFacts.list(filter, limit, cursor);
  }
}
