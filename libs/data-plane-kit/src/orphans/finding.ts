import type { ObjectType, OrphanFinding, OrphanKind } from './orphan-report.js';

/** A finding; deletable when nothing is said against it. */
export function finding(
  kind: OrphanKind,
  tenantId: string,
  object: { readonly type: ObjectType; readonly name: string },
  why: string,
  whyNot: string | undefined,
): OrphanFinding {
  return {
    kind,
    object: { type: object.type, name: object.name },
    tenantId,
    why,
    deletable: whyNot === undefined,
    ...(whyNot !== undefined && { whyNot }),
    deleted: false,
  };
}

/** What forbids the deletion of whatever is somebody else's. */
export const NOT_OURS = 'It is not this service’s.';
