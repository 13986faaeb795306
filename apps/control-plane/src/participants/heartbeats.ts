import type { Heartbeat } from '@tenantry/contracts';
import { Injectable, Logger } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import { AuditLog } from '../audit/audit-log.js';
import type { Caller } from '../audit/caller.js';
import type { Tx } from '../database/unit-of-work.js';
import { DEFAULT_ACK_TIMEOUT_MS } from './ack-timeout.js';
import { abilitiesProblem, hear, isSignOfLife, registrationOf } from './hear.js';
import { recallTx } from './participant-walks.js';
import type { Participant } from './participant.entity.js';
import { ParticipantStore } from './participant.store.js';

const HEARTBEAT: Caller = { actor: 'system:heartbeat' };

/** Takes in signs of life: one registers a participant that is unknown, and may add to what a known one can do. */
@Injectable()
export class Heartbeats {
  private readonly logger = new Logger(Heartbeats.name);

  constructor(
    private readonly participants: ParticipantStore,
    private readonly audit: AuditLog,
  ) {}

  /**
   * @param sentAt by the participant's clock; from long ago it may register and add, and is no sign of life.
   * @returns whether what is declared has changed, so that this process is to be told when it is committed.
   */
  async takeInTx(tx: Tx, heartbeat: Heartbeat, sentAt: Date): Promise<boolean> {
    const row = await this.participants.lockForHeartbeatTx(tx, heartbeat.participant);
    const lives = isSignOfLife(sentAt, tx.now);
    if (row) return this.knownTx(tx, row, heartbeat, lives);
    const registered = await this.registerTx(tx, heartbeat);
    // Somebody else may have just inserted it: then it is known.
    const other = registered ?? (await this.participants.lockForHeartbeatTx(tx, heartbeat.participant));
    if (!other) throw new Error('a participant vanished');
    const changed = await this.knownTx(tx, other, heartbeat, lives);
    return registered !== undefined || changed;
  }

  private async registerTx(tx: Tx, heartbeat: Heartbeat): Promise<Participant | undefined> {
    const { participant: name } = heartbeat;
    const { capabilities, stores } = registrationOf(heartbeat);
    const declaration = {
      name,
      required: false,
      capabilities,
      stores,
      ackTimeoutMs: DEFAULT_ACK_TIMEOUT_MS,
    };
    const registered = await this.participants.insertTx(tx, declaration, 'heartbeat');
    if (!registered) return undefined;
    const problem = abilitiesProblem(heartbeat);
    await this.audit.recordTx(tx, {
      caller: HEARTBEAT,
      action: 'participant.create',
      resource: `participants/${name}`,
      after: {
        required: false,
        capabilities,
        stores,
        ackTimeoutMs: DEFAULT_ACK_TIMEOUT_MS,
        softwareVersion: heartbeat.version,
      },
    });
    if (problem === undefined)
      this.logger.log({ msg: 'a participant has registered', participant: name, capabilities, stores });
    else
      this.logger.warn({
        msg: 'a participant that cannot be asked for anything has registered',
        participant: name,
        problem,
      });
    return registered;
  }

  private async knownTx(tx: Tx, row: Participant, heartbeat: Heartbeat, lives: boolean): Promise<boolean> {
    const { name } = row;
    if (row.retiredAt !== null) {
      // It is shown to be alive, and nothing else.
      if (lives) await this.participants.noteHeartbeatTx(tx, name, { lastHeartbeatAt: tx.now });
      return false;
    }
    const reported = { capabilities: heartbeat.capabilities, stores: heartbeat.stores };
    const { returned, grown } = hear(row, reported, tx.now);
    if (lives) {
      await this.participants.noteHeartbeatTx(tx, name, {
        lastHeartbeatAt: tx.now,
        softwareVersion: heartbeat.version,
        ...(row.firstHeartbeatAt === null && { firstHeartbeatAt: tx.now }),
        ...(!isDeepStrictEqual(row.reported, reported) && { reported }),
      });
    }
    if (grown) {
      const before = { capabilities: row.capabilities, stores: row.stores };
      const after = { capabilities: [...grown.capabilities], stores: [...grown.stores] };
      await this.participants.changeTx(tx, row, after);
      await this.audit.recordTx(tx, {
        caller: HEARTBEAT,
        action: 'participant.grow',
        resource: `participants/${name}`,
        before,
        after,
      });
    } else if (lives && returned) await recallTx(tx.sql, name, 'heard');
    return grown !== undefined;
  }
}
