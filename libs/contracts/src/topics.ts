/** Topic names of one installation; the prefix is configurable, the rest is contract. */
export interface Topics {
  readonly lifecycle: string;
  readonly state: string;
  readonly parked: string;
  /** The topic that one participant alone writes its answers to. */
  acknowledgements(participant: string): string;
}

/** The names for a prefix, `tenantry` unless the installation chose another. */
export function topicNames(prefix = 'tenantry'): Topics {
  return {
    lifecycle: `${prefix}.tenant.lifecycle.v1`,
    state: `${prefix}.tenant.state.v1`,
    parked: `${prefix}.parked.v1`,
    acknowledgements: (participant) => `${prefix}.acknowledgements.v1.${participant}`,
  };
}
