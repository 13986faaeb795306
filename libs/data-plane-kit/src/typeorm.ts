export { tenantManager } from './typeorm/tenant-manager.js';
