import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { StuckReadModel } from './stuck.read-model.js';
import type { StuckView } from './stuck.view.js';

/** A page of the operations that need somebody to look at them, worst first. */
export class ListStuck extends Query<Page<StuckView>> {
  constructor(
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListStuck)
export class ListStuckHandler implements IQueryHandler<ListStuck> {
  constructor(private readonly stuck: StuckReadModel) {}

  execute({ limit, cursor }: ListStuck): Promise<Page<StuckView>> {
    return this.stuck.list(limit, cursor);
  }
}
