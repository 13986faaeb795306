/** Rows of the tenant in one table. */
export interface TableRows {
  readonly schema: string;
  readonly table: string;
  readonly rows: number;
}

/** Something that was to be looked at and could not be, so that nothing is known about it. */
export interface Unscannable {
  readonly cluster: string;
  readonly database?: string;
  readonly schema?: string;
  readonly table?: string;
  /** In words that hold no data. */
  readonly reason: string;
}

/** What one database holds of the tenant. */
export interface DatabaseScan {
  readonly database: string;
  /** Every table, partition, materialized view and foreign table whose rows were counted. */
  readonly tablesScanned: number;
  /** Schemas named for the tenant. */
  readonly schemas: readonly string[];
  /** Whatever else is named for the tenant, in words. */
  readonly objects: readonly string[];
  /** Remnants; also the empty tables that are named for the tenant or in a schema that is. */
  readonly tables: readonly TableRows[];
  /** Rows in the kit's own bookkeeping, by table: they are meant to stay. */
  readonly remains: Readonly<Record<string, number>>;
  /** Whether the kit's bookkeeping has the tombstone that this purge has left, or a later one of the tenant. */
  readonly buried: boolean;
  readonly unscannable: readonly Omit<Unscannable, 'cluster' | 'database'>[];
}

/** What one server holds of the tenant. */
export interface ClusterScan {
  readonly cluster: string;
  /** When the scan of it began, by its own clock. */
  readonly scannedAt: Date;
  readonly databases: readonly DatabaseScan[];
  /** Databases named for the tenant. */
  readonly namedDatabases: readonly string[];
  /** Roles named for the tenant. */
  readonly roles: readonly string[];
  /** Whatever else of the whole server is named for the tenant, in words. */
  readonly objects: readonly string[];
  /** Databases that were not to be looked at, and why. */
  readonly notScanned: readonly { readonly database: string; readonly reason: string }[];
  readonly unscannable: readonly Unscannable[];
}
