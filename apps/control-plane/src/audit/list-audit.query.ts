import type { Page } from '@tenantry/service';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { AuditFilter } from './audit-page.sql.js';
import { AuditReadModel } from './audit.read-model.js';
import type { AuditEntryView } from './audit.view.js';

/** A page of audit entries, newest first. */
export class ListAudit extends Query<Page<AuditEntryView>> {
  constructor(
    readonly filter: AuditFilter,
    readonly limit: number,
    readonly cursor: string | undefined,
  ) {
    super();
  }
}

@QueryHandler(ListAudit)
export class ListAuditHandler implements IQueryHandler<ListAudit> {
  constructor(private readonly audit: AuditReadModel) {}

  execute({ filter, limit, cursor }: ListAudit): Promise<Page<AuditEntryView>> {
    return this.audit.list(filter, limit, cursor);
  }
}
