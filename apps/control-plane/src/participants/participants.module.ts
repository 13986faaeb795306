import { Module } from '@nestjs/common';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { GetParticipantHandler } from './get-participant.query.js';
import { ListParticipantsHandler } from './list-participants.query.js';
import { ParticipantDirectoryModule } from './participant-directory.module.js';
import { ParticipantController } from './participant.controller.js';
import { PutParticipantHandler } from './put-participant.command.js';

/** The participants' REST surface; needs DatabaseModule and CqrsModule. */
@Module({
  imports: [LifecycleModule, ParticipantDirectoryModule],
  controllers: [ParticipantController],
  providers: [PutParticipantHandler, GetParticipantHandler, ListParticipantsHandler],
})
export class ParticipantsModule {}
