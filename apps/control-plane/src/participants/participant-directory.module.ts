import { Module } from '@nestjs/common';
import { ParticipantReadModel } from './participant.read-model.js';
import { ParticipantsChanged } from './participants-changed.js';

/** Who takes part, for this process's other features, without the REST surface; needs DatabaseModule. */
@Module({
  providers: [ParticipantReadModel, ParticipantsChanged],
  exports: [ParticipantReadModel, ParticipantsChanged],
})
export class ParticipantDirectoryModule {}
