/** Whether Postgres answered that this login may not: it is nobody's here, or the group is another's. Asking again cannot help. */
export function isRefusedLogin(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42501';
}
