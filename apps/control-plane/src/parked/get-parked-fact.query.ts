import { NotFound } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { ParkedFactReadModel } from './parked-fact.read-model.js';
import type { ParkedFactDetailView } from './parked-fact.view.js';

/** One parked fact with all that is known of it. @throws NotFound */
export class GetParkedFact extends Query<ParkedFactDetailView> {
  constructor(readonly id: string) {
    super();
  }
}

@QueryHandler(GetParkedFact)
export class GetParkedFactHandler implements IQueryHandler<GetParkedFact> {
  constructor(private readonly parkedFacts: ParkedFactReadModel) {}

  async execute({ id }: GetParkedFact): Promise<ParkedFactDetailView> {
    const parked = await this.parkedFacts.find(id);
    if (!parked) throw new NotFound('parked fact');
    return parked;
  }
}
