import { migrate, pgExecutor, type DatabaseLogin } from '@tenantry/database';
import { Client } from 'pg';
import { installContext } from './install/install-context.js';
import { hardenDatabase } from './install/hardening.js';
import { migrateService } from './install/migrate-service.js';
import { migrateTenantDatabases, type TenantDatabases } from './install/migrate-tenant-databases.js';
import { ensureRoles } from './install/roles.js';
import { ensureSupportRole, tellSupportAudit } from './install/support-role.js';
import { installTemplate } from './install/template-database.js';
import { KIT_MIGRATIONS } from './kit-migrations.js';
import type { ContextSigning } from './signing/context-signing.js';
import type { ServiceDefinition } from './service-definition.js';

export interface InstallKitOptions {
  /** The login that serves requests: reaches tenants' rows through a context only, owns nothing. Made if missing. */
  readonly appLogin: DatabaseLogin;
  /** The login that provisions and purges; never used to serve. Made if missing. */
  readonly provisionerLogin: DatabaseLogin;
  /** The login that reaches tenants' rows for support, through recorded actions only. Made if missing; without one nobody can. */
  readonly supportLogin?: DatabaseLogin | undefined;
  /** Whether this is the service's own database, where its messages wait to be sent, and not that on a further cluster. Default: true. */
  readonly isHome?: boolean;
  /** The service whose pooled tables and existing tenants' schemas are brought up to date. */
  readonly service: ServiceDefinition;
  /**
   * Whether tenants can be given databases of their own on this server: the provisioner may then make databases, and a template is kept
   * for them; with it, where the passwords of their logins come from. Default: none.
   */
  readonly tenantDatabases?: TenantDatabases | undefined;
  /** Whether contexts are signed here. Default: as it is, which in a new database is not. */
  readonly signing?: ContextSigning | undefined;
}

export interface InstallReport {
  /** The migrations applied now: the kit's by name, the service's as `<schema>/<name>`, those elsewhere behind their database's name. */
  readonly applied: readonly string[];
  /** Protections that this administrator was not allowed to set up, in words. */
  readonly warnings: readonly string[];
}

/**
 * Prepares a service's database, which must be its own: roles, the kit, the service's tables, and beside it the template of
 * tenants' own databases and those that there are. Idempotent; run it at every deployment, before the processes that serve.
 *
 * @param adminUrl a superuser's, or one of a login that owns the database and may create roles; the report then says what
 * is missing.
 * @throws UnfitLogin, before anything is changed, when a login is there and is, or could become, more than it is to be;
 * Error when a migration was changed or fails, or when it leaves a table without a tenant column that is not declared
 * global; SigningRefused when this administrator or this server cannot have what `signing` asks for.
 */
export async function installKit(adminUrl: string, options: InstallKitOptions): Promise<InstallReport> {
  const client = new Client({ connectionString: adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await ensureRoles(client, options.appLogin, options.provisionerLogin);
    await ensureSupportRole(client, options.supportLogin);
    const applied = await migrate(adminUrl, KIT_MIGRATIONS);
    await installContext(pgExecutor(client), options.signing);
    if (options.isHome ?? true) await tellSupportAudit(client, options.service.name);
    const warnings = await hardenDatabase(pgExecutor(client));
    applied.push(...(await migrateService(client, options.service)));
    const { tenantDatabases } = options;
    if (tenantDatabases) {
      const template = await installTemplate(client, adminUrl, options.service);
      applied.push(
        ...template.applied,
        ...(await migrateTenantDatabases(client, adminUrl, options.service, tenantDatabases)),
      );
      warnings.push(...template.warnings.filter((warning) => !warnings.includes(warning)));
    }
    return { applied, warnings };
  } finally {
    await client.end();
  }
}
