/** What a caller may do; each role includes the ones before it. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Whether `held` is enough where `needed` is asked for. */
export function roleCovers(held: Role, needed: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(needed);
}

/** Who is calling. */
export interface Actor {
  /** Stable; goes into audit entries. */
  readonly id: string;
  /** For people to read. */
  readonly name: string;
  readonly role: Role;
}
