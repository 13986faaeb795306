import type { OpenApiInfo } from '@tenantry/service';
import { documentDryRuns } from './dry-run/document-dry-runs.js';

export const APP_INFO: OpenApiInfo = {
  title: 'Tenantry control plane',
  description:
    'Owns each tenant’s lifecycle and its routes. Long actions answer 202 with an operation; a state is announced only when every required service has acknowledged it.',
  version: '0.1.0',
  amend: documentDryRuns,
};
