import { Module } from '@nestjs/common';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { GetParticipantHandler } from './get-participant.query.js';
import { ListParticipantsHandler } from './list-participants.query.js';
import { ParticipantController } from './participant.controller.js';
import { ParticipantReadModel } from './participant.read-model.js';
import { ParticipantsChanged } from './participants-changed.js';
import { PutParticipantHandler } from './put-participant.command.js';

/** Needs DatabaseModule and CqrsModule. */
@Module({
  imports: [LifecycleModule],
  controllers: [ParticipantController],
  providers: [
    ParticipantReadModel,
    ParticipantsChanged,
    PutParticipantHandler,
    GetParticipantHandler,
    ListParticipantsHandler,
  ],
  exports: [ParticipantReadModel, ParticipantsChanged],
})
export class ParticipantsModule {}
