/** A request that could not be carried out; its message becomes the acknowledgement's error, so it names objects only. */
export class RequestFailed extends Error {
  /** Whether asking again can help. */
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.retryable = retryable;
  }
}

/** The request's placement is one that this service cannot serve. */
export class PlacementRefused extends RequestFailed {
  constructor(message: string) {
    super(message, false);
  }
}

/** What was provisioned is not there any more; only a restore brings it back. */
export class TenantDataLost extends RequestFailed {
  constructor(what: 'schema' | 'database', name: string) {
    super(
      `The tenant was provisioned here, but its ${what} ${name} is gone. Restore it, then retry the operation.`,
      false,
    );
  }
}

/** A purge of the tenant has begun here, and nothing brings it back. */
export class AlreadyPurged extends RequestFailed {
  constructor(options?: ErrorOptions) {
    super('The tenant was purged here; a purged tenant is not provisioned again.', false, options);
  }
}

/** The fence has a newer generation than the request. */
export class RequestOvertaken extends RequestFailed {
  constructor(options?: ErrorOptions) {
    super(
      'A newer request of this tenant has already raised the fence above this generation.',
      false,
      options,
    );
  }
}

/** Another worker of this service has the tenant, or transactions that will not end keep the fence. */
export class TenantHeld extends RequestFailed {
  constructor(message: string, options?: ErrorOptions) {
    super(message, true, options);
  }
}

/** Something of the tenant is left, or cannot be seen to be gone. */
export class PurgeIncomplete extends RequestFailed {
  constructor(message: string) {
    super(message, true);
  }
}
