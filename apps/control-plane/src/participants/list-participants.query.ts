import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { ParticipantReadModel } from './participant.read-model.js';
import type { ParticipantView } from './participant.view.js';

/** A page of participants by name. */
export class ListParticipants extends Query<Page<ParticipantView>> {
  constructor(
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListParticipants)
export class ListParticipantsHandler implements IQueryHandler<ListParticipants> {
  constructor(private readonly participants: ParticipantReadModel) {}

  execute({ limit, cursor }: ListParticipants): Promise<Page<ParticipantView>> {
    return this.participants.list(limit, cursor);
  }
}
