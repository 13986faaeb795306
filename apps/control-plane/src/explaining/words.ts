import type { OperationKind, RequestType } from '@tenantry/contracts';

/** A time as people read it: UTC, to the second. */
export function at(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(names: readonly string[]): string {
  if (names.length <= 1) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

export function times(count: number): string {
  if (count === 1) return 'once';
  return count === 2 ? 'twice' : `${count} times`;
}

/** What a participant is asked to do, after "to". */
export const ASKED_TO: Readonly<Record<RequestType, string>> = {
  'tenant.provisioning_requested.v1': 'provision it',
  'tenant.reactivation_requested.v1': 'reactivate it',
  'tenant.suspension_requested.v1': 'close it',
  'tenant.purge_requested.v1': 'destroy its data',
  'tenant.verification_requested.v1': 'scan for what is left of it',
};

/** An operation, after "the". */
export const OPERATION_NAME: Readonly<Record<OperationKind, string>> = {
  provision: 'provisioning',
  suspend: 'suspension',
  reactivate: 'reactivation',
  delete: 'deletion',
  cancel_deletion: 'cancelling of the deletion',
  purge: 'purge',
};

/** Ends a text of somebody else's as a sentence, cut to a length that is read. */
export function sentence(text: string, max = 400): string {
  const flat = text.replaceAll(/\s+/g, ' ').trim();
  const cut = flat.length > max ? `${flat.slice(0, max).toWellFormed()} …` : flat;
  return /[.!?…]$/.test(cut) ? cut : `${cut}.`;
}
