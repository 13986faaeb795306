import type { OpenApiInfo } from '@tenantry/service';

/** What this build says of itself: in the OpenAPI document and in its heartbeat. */
export const APP_INFO: OpenApiInfo = {
  title: 'Tenantry reference service',
  description:
    'Projects and their documents, tenant by tenant, over every isolation model. The tenant is named by the header ' +
    'Tenantry-Tenant. A suspended tenant is answered with 403 (tenant-suspended), an unknown or purged one with 404.',
  version: '0.1.0',
};
