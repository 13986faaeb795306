import { readFileSync } from 'node:fs';
import { fromRoot } from '../run.mjs';

/** The page that leads from an empty cluster to an upgrade and a restore. */
export const PAGE = 'docs/operate.md';

/** What stands above a block whose commands nobody here has run. */
const NOT_RUN = /\(not run here[;)]/;

/**
 * @typedef {{ line: number, kind: 'run' | 'keys' | 'notRun' | 'lookedUp', text: string }} Block commands of the page. `run`: a test runs it on
 * loopback; `keys`: so it does, before there is a system; `notRun`: the page says so; `lookedUp`: it names things that have to be there.
 */

/**
 * The page's blocks of commands, in their order.
 *
 * @returns {Block[]}
 */
export function blocksOf(markdown = readFileSync(fromRoot(PAGE), 'utf8')) {
  const lines = markdown.split('\n');
  const blocks = [];
  let begun;
  for (const [index, line] of lines.entries()) {
    if (begun === undefined && /^\s*```(sh|bash|console)$/.test(line)) begun = index;
    else if (begun !== undefined && /^\s*```$/.test(line)) {
      const indent = /^\s*/.exec(lines[begun])[0].length;
      const text = lines.slice(begun + 1, index).map((one) => one.slice(indent));
      blocks.push({ line: begun + 2, kind: kindOf(lines.slice(0, begun)), text: text.join('\n') });
      begun = undefined;
    }
  }
  return blocks;
}

/** One entry a command: continued lines are one, comments are none, and what a here-document holds belongs to its command. */
export function commandsOf({ text, line }) {
  const commands = [];
  let joined = '';
  let untilWord;
  for (const [index, raw] of text.split('\n').entries()) {
    if (untilWord !== undefined) {
      if (raw.trim() === untilWord) untilWord = undefined;
      continue;
    }
    const one = raw.replace(/(^|\s)#\s.*$/, '').trimEnd();
    joined += one.endsWith('\\') ? `${one.slice(0, -1).trim()} ` : one.trim();
    if (one.endsWith('\\')) continue;
    untilWord = /<<-?\s*'?(\w+)'?/.exec(joined)?.[1];
    if (joined !== '') commands.push({ line: line + index, text: joined });
    joined = '';
  }
  return commands;
}

function kindOf(before) {
  const last = before.findLastIndex((line) => line.trim() !== '');
  const marker = before[last]?.trim();
  if (marker === '<!-- run: keys -->') return 'keys';
  if (marker === '<!-- run -->') return 'run';
  // The paragraph right above, or the text of the list's entry that the block belongs to.
  let first = last;
  while (first > 0 && before[first - 1].trim() !== '' && !before[first - 1].trim().startsWith('```'))
    first -= 1;
  return NOT_RUN.test(before.slice(first, last + 1).join(' ')) ? 'notRun' : 'lookedUp';
}
