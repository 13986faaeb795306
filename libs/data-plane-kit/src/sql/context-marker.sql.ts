/**
 * What `enter` leaves behind in the transaction and policies look at.
 * - `plain`: the setting `tenantry.tenant`, which every statement can change.
 * - `mac`: the setting `tenantry.ctx`, a tenant and an HMAC of it under the server's own key, bound to this process and this
 *   transaction: a changed one, and one of another transaction, is none.
 * - `setting`: a setting that only a superuser and the owner of the kit's functions may change.
 */
export type ContextMarker = 'plain' | 'mac' | 'setting';

/** The borrowed setting: free text of letters, digits and `_`, without effect on anything that happens in production. */
export const BORROWED_SETTING = 'backtrace_functions';

interface MarkerSql {
  /** A condition, short: whether there is something that could be a marker. */
  readonly present: string;
  /** An expression: the tenant as `ofTenant` writes it; null or '' where this transaction has no genuine marker. */
  readonly read: string;
  /** An expression: what that is for tenant `t`. */
  readonly ofTenant: string;
  /** A statement that leaves the marker of `t` until the end of the transaction; `marker` is a variable for what it returns. */
  readonly leave: string;
  /** Whether the two need the server's key, in `server_inner` and `server_outer`. */
  readonly keyed: boolean;
}

/** In hex, over a tenant as text: fixed lengths, so there is one way to read it. */
function markerMac(tenant: string): string {
  const message = `convert_to(${tenant}, 'UTF8') || int4send(pg_backend_pid()) || timestamptz_send(now())`;
  return `encode(sha256(server_outer || sha256(server_inner || ${message})), 'hex')`;
}

/** Not the two texts but their hashes are compared: how long it takes then says nothing about how much of a guess is right. */
function sameText(one: string, other: string): string {
  return `sha256(convert_to(${one}, 'UTF8')) = sha256(convert_to(${other}, 'UTF8'))`;
}

const CTX = `current_setting('tenantry.ctx', true)`;
const BORROWED = `current_setting('${BORROWED_SETTING}', true)`;

/**
 * Plain expressions and assignments, which plpgsql evaluates without starting a query: PERFORM would start one. Still each is
 * prepared once in a transaction, at about a microsecond for each function in it, unless it is not come to.
 */
export const MARKERS: Readonly<Record<ContextMarker, MarkerSql>> = {
  plain: {
    present: `current_setting('tenantry.tenant', true) <> ''`,
    read: `current_setting('tenantry.tenant', true)`,
    ofTenant: 't::text',
    leave: `marker := set_config('tenantry.tenant', t::text, true);`,
    keyed: false,
  },
  mac: {
    present: `${CTX} <> ''`,
    read: `CASE WHEN length(${CTX}) = 100 AND ${sameText(`substr(${CTX}, 37)`, markerMac(`left(${CTX}, 36)`))} THEN left(${CTX}, 36) END`,
    ofTenant: 't::text',
    leave: `marker := set_config('tenantry.ctx', t::text || ${markerMac('t::text')}, true);`,
    keyed: true,
  },
  setting: {
    present: `${BORROWED} <> ''`,
    read: `CASE WHEN length(${BORROWED}) = 34 AND left(${BORROWED}, 2) = 't_' THEN substr(${BORROWED}, 3) END`,
    ofTenant: `replace(t::text, '-', '')`,
    leave: `marker := set_config('${BORROWED_SETTING}', 't_' || replace(t::text, '-', ''), true);`,
    keyed: false,
  },
};
