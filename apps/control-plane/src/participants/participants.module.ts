import { Module } from '@nestjs/common';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { GetParticipantHandler } from './get-participant.query.js';
import { ListHeldTenantsHandler } from './list-held-tenants.query.js';
import { ListParticipantsHandler } from './list-participants.query.js';
import { ParticipantController } from './participant.controller.js';
import { PutParticipantHandler } from './put-participant.command.js';
import { RetireParticipantHandler } from './retire-participant.command.js';

/**
 * The participants' REST surface; needs DatabaseModule and CqrsModule. ParticipantReadModel and ParticipantsChanged are
 * LifecycleModule's, since the workers share them: a second instance of the signal would reach nobody.
 */
@Module({
  imports: [LifecycleModule],
  controllers: [ParticipantController],
  providers: [
    PutParticipantHandler,
    RetireParticipantHandler,
    GetParticipantHandler,
    ListHeldTenantsHandler,
    ListParticipantsHandler,
  ],
})
export class ParticipantsModule {}
