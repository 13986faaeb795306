import { isParticipantName } from '@tenantry/contracts';
import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { Participant } from './participant.entity.js';
import { toParticipantView, type ParticipantView } from './participant.view.js';

/** Participants for reading: outside of any command's transaction. */
@Injectable()
export class ParticipantReadModel {
  constructor(private readonly dataSource: DataSource) {}

  /** All names, in order. */
  async names(): Promise<string[]> {
    const rows: { name: string }[] = await this.dataSource.query(
      'SELECT name FROM tenantry.participant ORDER BY name',
    );
    return rows.map((row) => row.name);
  }

  async find(name: string): Promise<ParticipantView | undefined> {
    if (!isParticipantName(name)) return undefined;
    const participant = await this.dataSource.getRepository(Participant).findOneBy({ name });
    return participant ? toParticipantView(participant) : undefined;
  }

  /** A page by name. @throws InvalidRequest for a made-up cursor. */
  async list(limit: number, cursor?: string): Promise<Page<ParticipantView>> {
    const participants = await this.dataSource.getRepository(Participant).find({
      where: cursor === undefined ? {} : { name: MoreThan(decodeCursor(cursor, isName)) },
      order: { name: 'ASC' },
      take: limit + 1,
    });
    return pageOf(participants.map(toParticipantView), limit, (participant) => participant.name);
  }
}

function isName(place: unknown): place is string {
  return typeof place === 'string' && isParticipantName(place);
}
