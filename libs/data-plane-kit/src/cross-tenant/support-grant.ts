import { isUuid, newId } from '@tenantry/kernel';
import { SupportGrantOver, SupportGrantUnfit } from './support-errors.js';

/** Why somebody reaches tenants' data otherwise than on a tenant's behalf, and for how long. */
export interface SupportRequest {
  /** Who it is: an identifier of at most 200 characters, no name and no e-mail address. It goes to the control plane's audit. */
  readonly actor: string;
  /** Why: at most 500 characters, without tenants' data. It goes to the control plane's audit. */
  readonly reason: string;
  /** From when on nothing more is let through; at most 24 hours from now. */
  readonly expiresAt: Date;
  /** The only tenants that can be reached. Default: every tenant of the service. */
  readonly tenants?: readonly string[];
  /** Default: true. */
  readonly readOnly?: boolean;
}

export const LONGEST_GRANT_MS = 24 * 3_600_000;
const ACTOR_MAX = 200;
const REASON_MAX = 500;

/** A request that was found fit. The database checks the same again, for whoever comes without this code. */
export class SupportGrant {
  readonly id = newId();
  readonly actor: string;
  readonly reason: string;
  readonly expiresAt: Date;
  readonly readOnly: boolean;
  readonly tenants: readonly string[] | undefined;
  private ended = false;

  /** @throws SupportGrantUnfit */
  constructor({ actor, reason, expiresAt, tenants, readOnly = true }: SupportRequest) {
    if (!fits(actor, ACTOR_MAX)) throw new SupportGrantUnfit('Name the actor, in at most 200 characters.');
    if (!fits(reason, REASON_MAX)) throw new SupportGrantUnfit('Give a reason, in at most 500 characters.');
    const ms = expiresAt.getTime() - Date.now();
    if (!(ms > 0 && ms <= LONGEST_GRANT_MS))
      throw new SupportGrantUnfit('Give an expiry that is in the future, and at most 24 hours away.');
    if (tenants?.some((tenant) => !isUuid(tenant))) throw new SupportGrantUnfit('Name tenants by their ids.');
    this.actor = actor.trim();
    this.reason = reason.trim();
    this.expiresAt = new Date(expiresAt);
    this.tenants = tenants?.map((tenant) => tenant.toLowerCase());
    this.readOnly = readOnly;
  }

  /** Nothing more is let through. */
  end(): void {
    this.ended = true;
  }

  /** @throws SupportGrantOver unless the tenant can be reached now. */
  check(tenantId: string): void {
    if (this.ended) throw new SupportGrantOver('crossTenant.run has ended; await everything inside it.');
    if (Date.now() >= this.expiresAt.getTime()) throw new SupportGrantOver('The grant has expired.');
    if (this.tenants && !this.tenants.includes(tenantId.toLowerCase()))
      throw new SupportGrantOver('The grant is not for this tenant.');
  }
}

function fits(text: string, max: number): boolean {
  return text.trim() !== '' && text.length <= max && !text.includes('\0') && text.isWellFormed();
}
