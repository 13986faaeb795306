import { NotFound } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { ParkedFactReadModel } from './parked-fact.read-model.js';
import type { RecoveryView } from './recovery.view.js';

/** A replay and how far it is. @throws NotFound */
export class GetReplay extends Query<RecoveryView> {
  constructor(readonly id: string) {
    super();
  }
}

@QueryHandler(GetReplay)
export class GetReplayHandler implements IQueryHandler<GetReplay> {
  constructor(private readonly parkedFacts: ParkedFactReadModel) {}

  async execute({ id }: GetReplay): Promise<RecoveryView> {
    const replay = await this.parkedFacts.findReplay(id);
    if (!replay) throw new NotFound('replay');
    return replay;
  }
}
