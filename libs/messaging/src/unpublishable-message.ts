/** A message that breaks its own schema or is too large: a fault of the caller, whose transaction must not commit. */
export class UnpublishableMessage extends Error {
  constructor(
    readonly type: string,
    readonly reason: string,
  ) {
    super(`A ${type} cannot be published: ${reason}`);
    this.name = 'UnpublishableMessage';
  }
}
