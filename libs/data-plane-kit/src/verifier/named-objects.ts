import type { SqlExecutor } from '@tenantry/database';
import { marked } from './tenant-mark.js';

/**
 * Each kind of object with a name that is no schema and none of the tables that are counted: its words, its schema where it
 * has one, its name, and what it belongs to and goes with, such as an index's table.
 */
const IN_DATABASE = `
SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type' WHEN 'm' THEN 'materialized view'
    ELSE 'index' END AS kind, c.relnamespace AS namespace, c.relname AS name, t.relname AS part_of
  FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid
  WHERE c.relkind IN ('v', 'S', 'c', 'i', 'I') OR (c.relkind = 'm' AND NOT c.relispopulated)
UNION ALL SELECT 'column', c.relnamespace, a.attname, c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind NOT IN ('i', 'I')
UNION ALL SELECT 'type', typnamespace, typname, NULL FROM pg_type
  WHERE typrelid = 0 AND NOT (typelem <> 0 AND typcategory = 'A')
UNION ALL SELECT 'value of an enumeration', t.typnamespace, e.enumlabel, t.typname FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
UNION ALL SELECT 'function', pronamespace, proname, NULL FROM pg_proc
UNION ALL SELECT 'constraint', o.connamespace, o.conname, c.relname FROM pg_constraint o LEFT JOIN pg_class c ON c.oid = o.conrelid
UNION ALL SELECT 'trigger', c.relnamespace, o.tgname, c.relname FROM pg_trigger o JOIN pg_class c ON c.oid = o.tgrelid
  WHERE NOT o.tgisinternal
UNION ALL SELECT 'policy', c.relnamespace, o.polname, c.relname FROM pg_policy o JOIN pg_class c ON c.oid = o.polrelid
UNION ALL SELECT 'rule', c.relnamespace, o.rulename, c.relname FROM pg_rewrite o JOIN pg_class c ON c.oid = o.ev_class
UNION ALL SELECT 'statistics', stxnamespace, stxname, NULL FROM pg_statistic_ext
UNION ALL SELECT 'collation', collnamespace, collname, NULL FROM pg_collation
UNION ALL SELECT 'conversion', connamespace, conname, NULL FROM pg_conversion
UNION ALL SELECT 'operator class', opcnamespace, opcname, NULL FROM pg_opclass
UNION ALL SELECT 'operator family', opfnamespace, opfname, NULL FROM pg_opfamily
UNION ALL SELECT 'text search configuration', cfgnamespace, cfgname, NULL FROM pg_ts_config
UNION ALL SELECT 'text search dictionary', dictnamespace, dictname, NULL FROM pg_ts_dict
UNION ALL SELECT 'text search parser', prsnamespace, prsname, NULL FROM pg_ts_parser
UNION ALL SELECT 'text search template', tmplnamespace, tmplname, NULL FROM pg_ts_template
UNION ALL SELECT 'publication', NULL, pubname, NULL FROM pg_publication
UNION ALL SELECT 'server', NULL, srvname, NULL FROM pg_foreign_server
UNION ALL SELECT 'foreign-data wrapper', NULL, fdwname, NULL FROM pg_foreign_data_wrapper
UNION ALL SELECT 'event trigger', NULL, evtname, NULL FROM pg_event_trigger
UNION ALL SELECT 'extension', NULL, extname, NULL FROM pg_extension
UNION ALL SELECT 'access method', NULL, amname, NULL FROM pg_am
UNION ALL SELECT 'language', NULL, lanname, NULL FROM pg_language`;

const ON_SERVER = `
SELECT 'replication slot' AS kind, slot_name::text AS name FROM pg_replication_slots
UNION ALL SELECT 'replication origin', roname FROM pg_replication_origin
UNION ALL SELECT 'subscription', subname FROM pg_subscription
UNION ALL SELECT 'tablespace', spcname FROM pg_tablespace
UNION ALL SELECT 'prepared transaction', gid FROM pg_prepared_xacts`;

/**
 * What else of this database is named for the tenant, in words such as `view public.t_…`. Left out is what goes with a
 * schema, a table or a type that is named for it: that one is found by itself.
 */
export async function namedObjects(sql: SqlExecutor, mark: string): Promise<string[]> {
  const objects = await sql.query<{ words: string }>(
    `SELECT concat(o.kind, ' ', n.nspname || '.', o.part_of || '.', o.name) AS words
     FROM (${IN_DATABASE}) o LEFT JOIN pg_namespace n ON n.oid = o.namespace
     WHERE ${marked('o.name')} AND NOT ${marked(`n.nspname, ' ', o.part_of`)}
     ORDER BY 1`,
    [mark],
  );
  return objects.map(({ words }) => words);
}

/** What is named for the tenant and belongs to the whole server, besides databases and roles. */
export async function namedServerObjects(sql: SqlExecutor, mark: string): Promise<string[]> {
  const objects = await sql.query<{ words: string }>(
    `SELECT concat(o.kind, ' ', o.name) AS words FROM (${ON_SERVER}) o WHERE ${marked('o.name')} ORDER BY 1`,
    [mark],
  );
  return objects.map(({ words }) => words);
}
