import { TenantContextConflict } from '../errors.js';
import { findTenantContext } from '../tenant-context.js';
import { SupportAccess, type SupportPlaces } from './support-access.js';
import { SupportGrant, type SupportRequest } from './support-grant.js';

/**
 * The way to tenants' data for support and finance, who act for no tenant. It has a login of its own, wants a reason and an expiry, reads
 * only unless asked, and leaves a row of audit for each statement, committed before the statement is sent; the control plane is told.
 */
export class CrossTenant {
  constructor(private readonly places: SupportPlaces) {}

  /**
   * Runs `work` with access to the tenants of the request. Nothing is let through any more once it has settled, or from the expiry on.
   *
   * @throws SupportGrantUnfit when the request lacks something; TenantContextConflict inside `tenants.run`.
   */
  async run<T>(request: SupportRequest, work: (access: SupportAccess) => Promise<T>): Promise<T> {
    if (findTenantContext()?.isOpen) throw new TenantContextConflict();
    const grant = new SupportGrant(request);
    try {
      return await work(new SupportAccess(this.places, grant));
    } finally {
      grant.end();
    }
  }
}
