import type { Isolation, ParticipantRequest, RequestType } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import type { WorkControl, WorkItem } from '@tenantry/messaging';

/** What a participant is asked, as its worker hands it to the handler. */
export interface RequestedWork {
  readonly tenantId: string;
  readonly verb: 'provisioning' | 'suspension' | 'reactivation' | 'purge';
  readonly generation: number;
  /** Default: `schema`. */
  readonly isolation?: Isolation;
}

const DESIRED = {
  provisioning: 'active',
  reactivation: 'active',
  suspension: 'suspended',
  purge: 'purged',
} as const;

/** A request for the store `primary`, whose schema's name is left to the participant. */
export function requestedWork({ tenantId, verb, generation, isolation = 'schema' }: RequestedWork): WorkItem {
  const operationId = newId();
  const type: RequestType = `tenant.${verb}_requested.v1`;
  const request: ParticipantRequest = {
    operationId,
    generation,
    attempt: 1,
    participants: ['example'],
    desired: DESIRED[verb],
    placements: [{ store: 'primary', isolation, cluster: 'default', database: null, schema: null }],
  };
  return { tenantId, operationId, generation, attempt: 1, type, request };
}

/** Lets every request go on: nothing supersedes it, and nobody listens to its progress. */
export const UNDISTURBED: WorkControl = {
  signal: new AbortController().signal,
  assertCurrent: async () => {},
  progress: async () => {},
};
