export { tenantDrizzle, type TenantDrizzle, type TenantDrizzleOptions } from './drizzle/tenant-drizzle.js';
