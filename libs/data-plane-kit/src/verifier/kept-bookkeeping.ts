/** The schema of the kit's bookkeeping. */
export const BOOKKEEPING_SCHEMA = 'tenantry';

/**
 * The tables of the kit that still name a tenant after its purge, with its id, numbers and times and nothing of its data:
 * the tombstone, and how far each participant has come. A fence or a marker is not among them; the purge removes both.
 */
export const KEPT_BOOKKEEPING: readonly string[] = [
  'tombstone',
  'consumer_position',
  'parked_fact',
  'inbox',
  'answer',
  'route_snapshot',
];
