import { DomainError } from '@tenantry/kernel';

export class ClusterNameTaken extends DomainError {
  readonly code = 'cluster-name-taken';

  constructor(name: string) {
    super(
      `There is a cluster named "${name}" already. Choose another name, or change that one's state with PATCH.`,
      {
        errors: [{ in: 'body', pointer: '/name', detail: 'is taken' }],
      },
    );
  }
}
