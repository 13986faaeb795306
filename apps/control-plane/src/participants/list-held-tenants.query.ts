import { NotFound, type Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { HeldTenant } from './held-tenants.js';
import { ParticipantReadModel } from './participant.read-model.js';

/** A page of the tenants that a participant still holds. @throws NotFound */
export class ListHeldTenants extends Query<Page<HeldTenant>> {
  constructor(
    readonly participant: string,
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListHeldTenants)
export class ListHeldTenantsHandler implements IQueryHandler<ListHeldTenants> {
  constructor(private readonly participants: ParticipantReadModel) {}

  async execute({ participant, limit, cursor }: ListHeldTenants): Promise<Page<HeldTenant>> {
    if (!(await this.participants.find(participant))) throw new NotFound('participant');
    return this.participants.held(participant, limit, cursor);
  }
}
