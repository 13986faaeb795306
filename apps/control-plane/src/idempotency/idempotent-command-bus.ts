import { Injectable } from '@nestjs/common';
import { CommandBus, type Command } from '@nestjs/cqrs';
import { currentClaim } from './idempotency-claim.js';

/**
 * The command bus of controllers. A request whose Idempotency-Key has been completed gets the stored result in place of
 * a second execution, and the controller answers from it as it did the first time.
 *
 * What is stored is what the command's transaction returned (`UnitOfWork.run`), as JSON. A handler that adds something
 * to that afterwards, such as a secret that is shown once, declares it optional: a replay does not have it.
 * A request executes one command.
 */
@Injectable()
export class IdempotentCommandBus {
  constructor(private readonly commands: CommandBus) {}

  async execute<R>(command: Command<R>): Promise<R> {
    const claim = currentClaim();
    if (claim?.replay) return claim.replay.result as R;
    return this.commands.execute(command);
  }
}
