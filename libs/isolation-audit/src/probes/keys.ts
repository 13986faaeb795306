import type { Probe } from '../probe.js';

/** Keys are checked past row security: one without the tenant tells of other tenants' rows. */
export const KEY_PROBES: readonly Probe[] = [
  {
    id: 'unique-without-tenant',
    hole: 18,
    severity: 'medium',
    title: 'A unique index spans all tenants',
    sql: `
SELECT 'index' AS type, format('%I.%I', n.nspname, c.relname) AS name,
  format('An INSERT or ON CONFLICT tells whether some tenant has the same %s in %s.', columns.list, t.name) AS what,
  format('CREATE UNIQUE INDEX CONCURRENTLY ON %s (%I, %s); -- and then drop this one', t.name, t.tenant_column, columns.list) AS mend,
  CASE WHEN columns.made_here THEN 'low' END AS severity
FROM pg_index i JOIN tenant_table t ON t.oid = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT string_agg(pg_get_indexdef(i.indexrelid, k, true), ', ' ORDER BY k) AS list,
    -- Ids that are made, not chosen, are hard to guess or tell no more than how many there are.
    count(*) = 1 AND bool_and(coalesce(a.attidentity <> '' OR a.atttypid = 'uuid'::regtype
      OR pg_get_expr(d.adbin, d.adrelid) ~ 'nextval|uuid', false)) AS made_here
  FROM generate_series(1, i.indnkeyatts) k
  LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1] AND a.attnum > 0
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
) columns
WHERE (i.indisunique OR i.indisexclusion) AND NOT c.relispartition AND t.privileges && ARRAY['INSERT', 'UPDATE']
  AND NOT t.tenant_attnum = ANY ((i.indkey::int2[])[0 : i.indnkeyatts - 1])`,
  },
  {
    id: 'reference-without-tenant',
    hole: 19,
    severity: 'high',
    title: "A foreign key can refer to another tenant's row",
    sql: `
SELECT 'constraint' AS type, format('%I on %s', k.conname, c.name) AS name,
  format('A row can name a row of another tenant in %s: the reference tells that it is there%s.', p.name,
    CASE k.confdeltype WHEN 'c' THEN ', and deleting it deletes rows across tenants' WHEN 'n' THEN ', and deleting it changes rows across tenants' ELSE '' END) AS what,
  CASE WHEN c.tenant_attnum = ANY (k.conkey) OR p.tenant_attnum = ANY (k.confkey)
    THEN format('-- let %I on %s refer from %I to %I, and from the others to the others', k.conname, c.name, c.tenant_column, p.tenant_column)
    ELSE format('ALTER TABLE %s ADD FOREIGN KEY (%I, %s) REFERENCES %s (%I, %s) NOT VALID; -- validate it, then drop %I', c.name, c.tenant_column, child.list,
    p.name, p.tenant_column, parent.list, k.conname) END AS mend
FROM pg_constraint k JOIN tenant_table c ON c.oid = k.conrelid JOIN tenant_table p ON p.oid = k.confrelid
CROSS JOIN LATERAL (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY o.n) AS list
  FROM unnest(k.conkey) WITH ORDINALITY o (num, n) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = o.num) child
CROSS JOIN LATERAL (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY o.n) AS list
  FROM unnest(k.confkey) WITH ORDINALITY o (num, n) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = o.num) parent
WHERE k.contype = 'f' AND k.conparentid = 0 AND (c.privileges && ARRAY['INSERT', 'UPDATE'] OR p.privileges && ARRAY['UPDATE', 'DELETE'])
  AND NOT EXISTS (SELECT FROM unnest(k.conkey, k.confkey) pair (a, b) WHERE pair.a = c.tenant_attnum AND pair.b = p.tenant_attnum)`,
  },
];
