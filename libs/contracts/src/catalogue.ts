import { STATE_RECORD_TYPE, type MessageType } from './messages.js';

/** Which of the installation's topics a message is on. */
export type Channel = 'lifecycle' | 'state' | 'acknowledgements';

/** What a message type is, for people. */
export interface MessageDescription {
  readonly channel: Channel;
  readonly title: string;
  /** When it is written, and what a reader does about it. */
  readonly summary: string;
}

const request = (title: string, summary: string): MessageDescription => ({
  channel: 'lifecycle',
  title,
  summary: `${summary} Addressed: who is not among \`participants\` passes it by.`,
});
const fact = (title: string, summary: string): MessageDescription => ({
  channel: 'lifecycle',
  title,
  summary,
});
const answer = (title: string, summary: string): MessageDescription => ({
  channel: 'acknowledgements',
  title,
  summary,
});

/** Every message type, in the order in which people read about them. */
export const MESSAGE_CATALOGUE: Readonly<Record<MessageType, MessageDescription>> = {
  'tenant.provisioning_requested.v1': request(
    'Provision the tenant',
    'Make what the tenant needs in the named stores, let it in, and answer with evidence.',
  ),
  'tenant.suspension_requested.v1': request(
    'Suspend the tenant',
    'Close the tenant, keep its data, and answer. Where nothing is provisioned yet, remember that it is closed.',
  ),
  'tenant.reactivation_requested.v1': request(
    'Reactivate the tenant',
    'Make what is missing, let the tenant in again, and answer.',
  ),
  'tenant.purge_requested.v1': request(
    'Purge the tenant',
    'Destroy everything that belongs to the tenant, count before and after, and answer with the counts. Remember the tenant and the generation, so that nothing late brings it back.',
  ),
  'tenant.verification_requested.v1': request(
    'Verify that nothing is left',
    'Look for remnants of a purged tenant, independently of whoever purged it, and answer with what was found.',
  ),
  'participant.redrive_requested.v1': request(
    'Try a parked fact again',
    'Try the fact at the head of what the group holds back for the tenant once more, and after it what waits behind it.',
  ),
  'participant.skip_requested.v1': request(
    'Give up a parked fact',
    'Drop the fact at the head of what the group holds back for the tenant, and go on with what waits behind it.',
  ),
  'participant.replay_requested.v1': request(
    'Apply facts again',
    'Apply the enclosed facts once more to that group, although its position is past them; once for each `replayId`.',
  ),
  'tenant.provisioned.v1': fact('Tenant provisioned', 'Everyone who was asked has provisioned the tenant.'),
  'tenant.suspended.v1': fact('Tenant suspended', 'Everyone who was asked has closed the tenant.'),
  'tenant.reactivated.v1': fact('Tenant reactivated', 'Everyone who was asked has let the tenant in again.'),
  'tenant.deletion_scheduled.v1': fact(
    'Deletion scheduled',
    'The tenant is to be purged at the end of its grace period, until which that can be cancelled.',
  ),
  'tenant.deletion_cancelled.v1': fact('Deletion cancelled', 'The tenant is what it was before.'),
  'tenant.purged.v1': fact(
    'Tenant purged',
    'Everyone who was ever asked about the tenant has shown what was destroyed.',
  ),
  'tenant.updated.v1': fact('Tenant updated', 'Name, plan or labels have changed.'),
  'tenant.route_changed.v1': fact(
    'Routes changed',
    'Where the tenant lives, or whether it is open, has changed.',
  ),
  'tenant.operation_failed.v1': fact(
    'Operation failed',
    'A participant has failed in a way that asking again does not help; a person has to look.',
  ),
  [STATE_RECORD_TYPE]: {
    channel: 'state',
    title: 'State of the tenant',
    summary:
      'Everything that is currently true of the tenant, with its routes. The topic keeps the latest record of every tenant, purged ones too; a new reader needs nothing else.',
  },
  'participant.acknowledged.v1': answer(
    'Answer to a request',
    'What became of a request. Matched on operation, generation and participant; sending it twice does no harm.',
  ),
  'participant.heartbeat.v1': answer(
    'Sign of life',
    'Every 30 seconds: what the participant can do. The first one registers it.',
  ),
  'participant.parked.v1': answer(
    'A fact is held back',
    "A group could not apply a fact and holds this tenant's facts back; everything else flows, and so do requests.",
  ),
  'participant.unparked.v1': answer(
    'A fact is no longer held back',
    'It has been applied, or given up; what waited behind it follows.',
  ),
  'participant.audit_recorded.v1': answer(
    "A tenant's data was reached by support",
    "Somebody with a reason reached a tenant's data otherwise than on its behalf. The control plane keeps it in its audit log; sending it twice does no harm.",
  ),
};
