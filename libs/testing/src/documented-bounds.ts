import { readFileSync } from 'node:fs';
import path from 'node:path';

const PAGE = path.resolve(import.meta.dirname, '..', '..', '..', 'docs', 'operating.md');

/**
 * The table of bounds of docs/operating.md by what is bounded: the value, without what happens then, and the variable where there is one.
 *
 * @param belongs which rows are asked for; each row belongs to the suite of whoever keeps the bound.
 */
export function documentedBounds(belongs: (bound: string) => boolean): Record<string, string> {
  const section = readFileSync(PAGE, 'utf8').split('\n## Bounds\n')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| (.+?) \| (.+?) \|(?: `(\w+)`)? \|$/gm)];
  return Object.fromEntries(
    rows.flatMap(([, bound = '', value = '', variable]) =>
      belongs(bound) ? [[bound, [value.split(', then ')[0], variable ?? []].flat().join(' ')]] : [],
    ),
  );
}
