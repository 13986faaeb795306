/** Prints what happens as it happens: seconds since the start, who, and what. */
const startedAt = performance.now();
const colours = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);

/** A chapter of the demonstration. */
export function chapter(title) {
  console.log(`\n${paint(1, title)}`);
}

/** One line of the timeline. */
export function tell(who, what) {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(2).padStart(6);
  console.log(`${paint(2, `${seconds} s`)}  ${paint(36, who.padEnd(12))} ${what}`);
}

/** Something that was to be shown and is so; the demonstration ends when it is not. */
export function expect(condition, what) {
  if (!condition) throw new Error(`this should hold, and does not: ${what}`);
  tell('checked', `${paint(32, '✔')} ${what}`);
}
