/** What `tenantry.enter` is told. */
export interface EntryTerms {
  readonly tenantId: string;
  /** Of the route that the caller knows. */
  readonly generation: number;
  readonly readOnly: boolean;
}

/** The statement that opens a tenant's context. Unnamed and with bound parameters: nothing prepared under a driver's name can take its place. */
export function enterStatement({ tenantId, generation, readOnly }: EntryTerms): {
  text: string;
  values: unknown[];
} {
  return {
    text: 'SELECT tenantry.enter($1, $2, $3)',
    values: [tenantId, generation, readOnly ? 'r' : 'w'],
  };
}
