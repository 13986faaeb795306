import type { Probe } from '../probe.js';

/** Whether the policies say what they are meant to say. */
export const POLICY_PROBES: readonly Probe[] = [
  {
    id: 'policy-true',
    hole: 8,
    severity: 'critical',
    title: 'A policy lets everybody read',
    sql: `
SELECT 'policy' AS type, format('%I on %s', p.name, p.table_name) AS name,
  format('Its condition (%s) does not ask for the tenant, and permissive policies are joined by OR: every tenant''s rows can be read.', coalesce(p.reads, 'none')) AS what,
  format('DROP POLICY %I ON %s; -- or compare the tenant column with the context', p.name, p.table_name) AS mend
FROM policy p
WHERE p.permissive AND p.command IN ('*', 'r', 'w', 'd') AND p.reads_anything
  AND NOT EXISTS (SELECT FROM bounded b WHERE b.polrelid = p.polrelid AND b.command IN ('*', p.command))`,
  },
  {
    id: 'policies-ored',
    hole: 8,
    severity: 'high',
    title: 'Two permissive policies hold for the same command and role',
    sql: `
SELECT 'table' AS type, p.table_name AS name,
  format('%s are joined by OR: the widest of them decides, whatever the others say.', string_agg(DISTINCT quote_ident(p.name), ', ')) AS what,
  format('-- keep one permissive policy on %s, and make the others AS RESTRICTIVE', p.table_name) AS mend
FROM policy p JOIN policy q ON q.polrelid = p.polrelid AND q.oid <> p.oid AND q.permissive
WHERE p.permissive AND (p.command = q.command OR '*' IN (p.command, q.command))
  AND (p.roles && q.roles OR 0::oid = ANY (p.roles || q.roles))
  AND NOT EXISTS (SELECT FROM bounded b WHERE b.polrelid = p.polrelid AND b.command = '*')
GROUP BY p.table_name`,
  },
  {
    id: 'policy-alternative',
    hole: 8,
    severity: 'medium',
    title: 'A policy has an alternative to the tenant',
    sql: `
SELECT 'policy' AS type, format('%I on %s', p.name, p.table_name) AS name,
  format('Whoever can make the other side of its OR true passes: %s', p.reads) AS what,
  format('-- leave the comparison with the context alone in %I on %s; give other access a role and a policy of its own', p.name, p.table_name) AS mend
FROM policy p
WHERE p.permissive AND NOT p.reads_anything AND p.reads ~ '\\mOR\\M'`,
  },
  {
    id: 'check-open',
    hole: 9,
    severity: 'high',
    title: 'A policy lets a tenant write rows for another',
    sql: `
SELECT 'policy' AS type, format('%I on %s', p.name, p.table_name) AS name,
  format('Its WITH CHECK (%s) does not ask for the tenant: rows can be planted in another tenant, or moved there.', coalesce(p.writes, 'none')) AS what,
  format('ALTER POLICY %I ON %s WITH CHECK (%s);', p.name, p.table_name,
    CASE WHEN NOT p.reads_anything THEN p.reads ELSE '… the tenant column = the context' END) AS mend
FROM policy p
WHERE p.permissive AND p.command IN ('*', 'a', 'w') AND p.writes_anything AND NOT (p.reads_anything AND p.writes IS NOT DISTINCT FROM p.reads)
  AND NOT EXISTS (SELECT FROM bounded b WHERE b.polrelid = p.polrelid AND b.command IN ('*', p.command))`,
  },
  {
    id: 'immutable-helper',
    hole: 10,
    severity: 'critical',
    title: 'A policy calls a function that claims never to change its answer',
    sql: `
SELECT 'function' AS type, f.name,
  'IMMUTABLE lets a plan keep the first caller''s tenant: with a generic plan the next tenant reads the first one''s rows.' AS what,
  format('ALTER FUNCTION %s STABLE;', f.name) AS mend
FROM policy_function f
WHERE f.volatility = 'i' AND (f.arguments = 0 OR f.definition ~* 'current_setting|current_user|session_user')`,
  },
  {
    id: 'empty-setting',
    hole: 11,
    severity: 'medium',
    title: 'An empty setting is cast to the type of a tenant id',
    sql: `
SELECT t.type, t.name,
  'After a transaction-local setting the session keeps an empty text, DISCARD ALL or not: the next query without a context ends in a cast error (22P02) instead of a refusal.' AS what,
  format('-- read NULLIF(current_setting(…, true), '''') in %s', t.name) AS mend
FROM (
  SELECT 'policy' AS type, format('%I on %s', p.name, p.table_name) AS name, p.reads || ' ' || p.writes AS text FROM policy p
  UNION ALL SELECT 'function', f.name, f.definition FROM policy_function f
) t
WHERE t.text ~ 'current_setting[(][^;]*::\\s*(uuid|bigint|integer|int|smallint|numeric)'
  AND t.text !~* 'nullif' AND t.text !~ '(=|<>|!=)\\s*'''''`,
  },
  {
    id: 'silent-without-context',
    hole: 14,
    severity: 'low',
    title: 'Without a context a query is answered with nothing instead of refused',
    sql: `
SELECT t.type, t.name,
  'A set_config with is_local outside of a transaction is gone at once: the query then finds no rows, and nobody notices.' AS what,
  format('-- read the context through a function that raises when it is missing, in %s', t.name) AS mend
FROM (
  SELECT 'policy' AS type, format('%I on %s', p.name, p.table_name) AS name FROM policy p WHERE p.permissive AND p.reads ~ 'current_setting[(]'
  UNION ALL SELECT 'function', f.name FROM policy_function f
    WHERE f.definition ~ 'current_setting[(]' AND f.definition !~* '\\mraise\\M'
) t`,
  },
];
