import { isUuid } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import { Tenant } from '../tenants/tenant.entity.js';
import { explain, type Explained } from './explanation.js';
import { FactsReadModel } from './facts.read-model.js';

/** Explains one tenant as it is. */
@Injectable()
export class ExplanationReadModel {
  constructor(private readonly facts: FactsReadModel) {}

  /** `undefined` for an unknown id, and for a text that is no id at all. */
  async of(tenantId: string): Promise<Explained | undefined> {
    if (!isUuid(tenantId)) return undefined;
    return this.facts.snapshot(async (tx) => {
      const tenant = await tx.manager.findOneBy(Tenant, { id: tenantId });
      const [facts] = tenant ? await this.facts.factsTx(tx, [tenant]) : [];
      return facts && explain(facts);
    });
  }
}
