import { Injectable } from '@nestjs/common';
import { Tenants, type TenantTransaction } from '@tenantry/data-plane-kit';
import { NotFound, newId } from '@tenantry/service';
import { DocumentStore, type Document, type DocumentSummary } from './document.store.js';
import { ProjectStore } from './project.store.js';

/** What can be done with a project's documents, each in one transaction of the tenant. */
@Injectable()
export class Documents {
  constructor(
    private readonly tenants: Tenants,
    private readonly projects: ProjectStore,
    private readonly store: DocumentStore,
  ) {}

  /** @throws NotFound when there is no such project. */
  list(tenantId: string, projectId: string, after: string | null, limit: number): Promise<DocumentSummary[]> {
    return this.tenants.run(
      tenantId,
      async (tx) => {
        if (!(await this.projects.findTx(tx, projectId))) throw new NotFound('project');
        return this.store.listTx(tx, projectId, after, limit);
      },
      { readOnly: true },
    );
  }

  /** @throws NotFound, also when the document is another project's. */
  get(tenantId: string, projectId: string, id: string): Promise<Document> {
    return this.tenants.run(
      tenantId,
      async (tx) => {
        const document = await this.store.findTx(tx, projectId, id);
        if (!document) throw new NotFound('document');
        return document;
      },
      { readOnly: true },
    );
  }

  /** @throws NotFound when there is no such project. */
  create(tenantId: string, projectId: string, given: { title: string; content?: string }): Promise<Document> {
    return this.tenants.run(tenantId, async (tx) => {
      await this.holdProjectTx(tx, projectId);
      return this.store.insertTx(tx, {
        id: newId(),
        projectId,
        title: given.title,
        content: given.content ?? '',
      });
    });
  }

  /** @throws NotFound. */
  delete(tenantId: string, projectId: string, id: string): Promise<void> {
    return this.tenants.run(tenantId, async (tx) => {
      if (!(await this.store.deleteTx(tx, projectId, id))) throw new NotFound('document');
    });
  }

  private async holdProjectTx(tx: TenantTransaction, projectId: string): Promise<void> {
    if (!(await this.projects.holdTx(tx, projectId))) throw new NotFound('project');
  }
}
