import { Injectable } from '@nestjs/common';
import { Tenants } from '@tenantry/data-plane-kit';
import { NotFound, newId, type IfMatch } from '@tenantry/service';
import { ProjectStore, type Project, type ProjectChange } from './project.store.js';

/** What can be done with a tenant's projects, each in one transaction of that tenant. */
@Injectable()
export class Projects {
  constructor(
    private readonly tenants: Tenants,
    private readonly store: ProjectStore,
  ) {}

  list(tenantId: string, after: string | null, limit: number): Promise<Project[]> {
    return this.tenants.run(tenantId, (tx) => this.store.listTx(tx, after, limit), { readOnly: true });
  }

  /** @throws NotFound. */
  get(tenantId: string, id: string): Promise<Project> {
    return this.tenants.run(tenantId, async (tx) => found(await this.store.findTx(tx, id)), {
      readOnly: true,
    });
  }

  create(tenantId: string, given: { name: string; description?: string }): Promise<Project> {
    const project = { id: newId(), name: given.name, description: given.description ?? '' };
    return this.tenants.run(tenantId, (tx) => this.store.insertTx(tx, project));
  }

  /** @throws NotFound. @throws PreconditionFailed when the project is at another version. */
  change(tenantId: string, id: string, condition: IfMatch, change: ProjectChange): Promise<Project> {
    return this.tenants.run(tenantId, async (tx) => {
      condition.check(found(await this.store.lockTx(tx, id)).version);
      return this.store.updateTx(tx, id, change);
    });
  }

  /** Deletes the project and its documents. @throws NotFound. @throws PreconditionFailed when it is at another version. */
  delete(tenantId: string, id: string, condition: IfMatch): Promise<void> {
    return this.tenants.run(tenantId, async (tx) => {
      condition.check(found(await this.store.lockTx(tx, id)).version);
      await this.store.deleteTx(tx, id);
    });
  }
}

function found(project: Project | undefined): Project {
  if (!project) throw new NotFound('project');
  return project;
}
