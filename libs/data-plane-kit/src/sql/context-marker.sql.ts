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
  /** An expression: the tenant as text; null or '' where this transaction has no genuine marker. */
  readonly read: string;
  /** An expression: what that is for tenant `t`. */
  readonly ofTenant: string;
  /** A statement that leaves the marker of `t` until the end of the transaction. */
  readonly leave: string;
  /** Whether reading it takes the rights of the kit's owner. */
  readonly secret: boolean;
}

/** An expression in hex over a tenant as text: fixed lengths, so there is one way to read it. */
function markerMac(tenant: string): string {
  const message = `convert_to(${tenant}, 'UTF8') || int4send(pg_backend_pid()) || timestamptz_send(now())`;
  return `encode(sha256(s.outer_pad || sha256(s.inner_pad || ${message})), 'hex')`;
}

/** Not the two texts but their hashes are compared: how long it takes then says nothing about how much of a guess is right. */
function sameText(one: string, other: string): string {
  return `sha256(convert_to(${one}, 'UTF8')) = sha256(convert_to(${other}, 'UTF8'))`;
}

const CTX = `current_setting('tenantry.ctx', true)`;

export const MARKERS: Readonly<Record<ContextMarker, MarkerSql>> = {
  plain: {
    read: `current_setting('tenantry.tenant', true)`,
    ofTenant: 't::text',
    leave: `PERFORM set_config('tenantry.tenant', t::text, true);`,
    secret: false,
  },
  mac: {
    read: `(SELECT left(${CTX}, 36) FROM tenantry.context_signing s
    WHERE length(${CTX}) = 100 AND ${sameText(`substr(${CTX}, 37)`, markerMac(`left(${CTX}, 36)`))})`,
    ofTenant: 't::text',
    leave: `PERFORM set_config('tenantry.ctx', t::text || ${markerMac('t::text')}, true) FROM tenantry.context_signing s;`,
    secret: true,
  },
  setting: {
    read: `substring(current_setting('${BORROWED_SETTING}', true) FROM '^t_([0-9a-f]{32})$')`,
    ofTenant: `replace(t::text, '-', '')`,
    leave: `PERFORM set_config('${BORROWED_SETTING}', 't_' || replace(t::text, '-', ''), true);`,
    secret: false,
  },
};
