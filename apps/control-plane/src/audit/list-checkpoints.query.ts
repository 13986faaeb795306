import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { AuditReadModel } from './audit.read-model.js';
import type { CheckpointView } from './audit.view.js';

/** A page of signed checkpoints, newest first. */
export class ListCheckpoints extends Query<Page<CheckpointView>> {
  constructor(
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListCheckpoints)
export class ListCheckpointsHandler implements IQueryHandler<ListCheckpoints> {
  constructor(private readonly audit: AuditReadModel) {}

  execute({ limit, cursor }: ListCheckpoints): Promise<Page<CheckpointView>> {
    return this.audit.checkpoints(limit, cursor);
  }
}
