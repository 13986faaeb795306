import { isParticipantName } from '@tenantry/contracts';
import { decodeCursor, pageOf, type Page } from '@tenantry/service';
import { isUuid } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import { heldTenants, type HeldTenant } from './held-tenants.js';
import { backlogInHand } from './participant-walks.js';
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
    return participant ? (await this.viewsOf([participant]))[0] : undefined;
  }

  /** A page by name. @throws InvalidRequest for a made-up cursor. */
  async list(limit: number, cursor?: string): Promise<Page<ParticipantView>> {
    const participants = await this.dataSource.getRepository(Participant).find({
      where: cursor === undefined ? {} : { name: MoreThan(decodeCursor(cursor, isName)) },
      order: { name: 'ASC' },
      take: limit + 1,
    });
    return pageOf(await this.viewsOf(participants), limit, (participant) => participant.name);
  }

  /** A page of the tenants that a participant holds, by id. @throws InvalidRequest for a made-up cursor. */
  async held(name: string, limit: number, cursor?: string): Promise<Page<HeldTenant>> {
    const after = cursor === undefined ? null : decodeCursor(cursor, isUuid);
    const sql = managerExecutor(this.dataSource.manager);
    return pageOf(await heldTenants(sql, name, limit + 1, after), limit, ({ tenantId }) => tenantId);
  }

  private async viewsOf(participants: readonly Participant[]): Promise<ParticipantView[]> {
    const sql = managerExecutor(this.dataSource.manager);
    const [clock] = await sql.query<{ now: Date }>('SELECT tenantry.now() AS now');
    const inHand = await backlogInHand(
      sql,
      participants.map(({ name }) => name),
    );
    return participants.map((one) =>
      toParticipantView(one, clock?.now ?? new Date(), inHand.get(one.name) ?? 0),
    );
  }
}

function isName(place: unknown): place is string {
  return typeof place === 'string' && isParticipantName(place);
}
