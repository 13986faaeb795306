import { NotFound } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { ParticipantReadModel } from './participant.read-model.js';
import type { ParticipantView } from './participant.view.js';

/** One participant by name. @throws NotFound */
export class GetParticipant extends Query<ParticipantView> {
  constructor(readonly name: string) {
    super();
  }
}

@QueryHandler(GetParticipant)
export class GetParticipantHandler implements IQueryHandler<GetParticipant> {
  constructor(private readonly participants: ParticipantReadModel) {}

  async execute({ name }: GetParticipant): Promise<ParticipantView> {
    const participant = await this.participants.find(name);
    if (!participant) throw new NotFound('participant');
    return participant;
  }
}
