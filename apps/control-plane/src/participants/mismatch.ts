import { abilitiesProblem, type Abilities } from './hear.js';

/** What is declared of a participant, and what it last said of itself. */
export interface Said extends Abilities {
  readonly retiredAt: Date | null;
  readonly lastHeartbeatAt: Date | null;
  readonly reported: Abilities | null;
}

/**
 * Where what a participant says of itself differs from what is declared, in words.
 * @param heard whether it was heard from lately.
 */
export function mismatchOf(participant: Said, heard: boolean): string[] {
  const { retiredAt, lastHeartbeatAt, reported, capabilities, stores } = participant;
  if (retiredAt !== null) {
    if (!heard || lastHeartbeatAt === null) return [];
    return [
      `retired, but alive: it was last heard from at ${lastHeartbeatAt.toISOString()}, and is asked for nothing`,
    ];
  }
  if (reported === null) return [];
  const problem = abilitiesProblem(reported);
  return [
    ...(problem === undefined ? [] : [`what it reports cannot be declared: ${problem}`]),
    ...differences('capability', 'capabilities', capabilities, reported.capabilities),
    ...differences('store', 'stores', stores, reported.stores),
  ];
}

function differences(
  one: string,
  many: string,
  declared: readonly string[],
  reported: readonly string[],
): string[] {
  const say = (names: readonly string[]): string =>
    `the ${names.length === 1 ? one : many} ${names.join(', ')}`;
  const unreported = declared.filter((name) => !reported.includes(name));
  const undeclared = reported.filter((name) => !declared.includes(name));
  return [
    ...(unreported.length > 0
      ? [`its heartbeat does not report ${say(unreported)}, and it is asked all the same`]
      : []),
    ...(undeclared.length > 0 ? [`its heartbeat reports ${say(undeclared)}, not declared of it`] : []),
  ];
}
