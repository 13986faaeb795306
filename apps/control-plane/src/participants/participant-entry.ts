import { CAPABILITIES, isParticipantName, isStoreName, type Capability } from '@tenantry/contracts';
import { capabilitiesProblem, storesProblem } from './capability-rules.js';

/** A participant as the configuration declares it. */
export interface ParticipantEntry {
  readonly name: string;
  readonly required: boolean;
  readonly capabilities: readonly Capability[];
  readonly stores: readonly string[];
}

const ENTRY = /^(?<name>[^?=@]*)(?<optional>\?)?(?:=(?<capabilities>[^@]*))?(?:@(?<stores>.*))?$/s;
const DEFAULT_CAPABILITIES: readonly Capability[] = ['provision', 'suspend', 'reactivate', 'purge'];
const DEFAULT_STORES = ['primary'];

/**
 * Reads a comma-separated list of entries `name[?][=capability+capability][@store+store]`: `reference`, `search?=purge`,
 * `billing@billing`, `verifier=verify`. `?` makes it optional; without capabilities it has provision, suspend, reactivate and purge;
 * without stores it owns `primary` if it provisions, else none.
 *
 * @throws RangeError naming the entry and what is wrong with it.
 */
export function parseParticipants(text: string): readonly ParticipantEntry[] {
  const entries = listOf(text, ',').map(parseParticipant);
  if (entries.length === 0) throw new RangeError('there is no entry');
  const names = entries.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw new RangeError(`"${twice}" is declared more than once`);
  return entries;
}

/** Reads one entry; see {@link parseParticipants}. @throws RangeError */
export function parseParticipant(entry: string): ParticipantEntry {
  const refuse = (why: string): RangeError => new RangeError(`the entry "${entry}": ${why}`);
  const groups = ENTRY.exec(entry)?.groups ?? {};
  const { name = '' } = groups;
  if (!isParticipantName(name)) {
    throw refuse(
      `"${name}" is no participant's name (lower-case letters, digits and dashes, at most 40, a letter first)`,
    );
  }
  const capabilities =
    groups['capabilities'] === undefined ? DEFAULT_CAPABILITIES : listOf(groups['capabilities'], '+');
  const unknown = capabilities.find((one) => !isCapability(one));
  if (unknown !== undefined)
    throw refuse(`"${unknown}" is no capability; there are ${CAPABILITIES.join(', ')}`);
  if (capabilities.length === 0) throw refuse('there is no capability after "="');
  const known = CAPABILITIES.filter((one) => capabilities.includes(one));
  const owned = known.includes('provision') ? DEFAULT_STORES : [];
  const stores = groups['stores'] === undefined ? owned : [...new Set(listOf(groups['stores'], '+'))];
  const misnamed = stores.find((store) => !isStoreName(store));
  if (misnamed !== undefined)
    throw refuse(
      `"${misnamed}" is no store's name (lower-case letters and digits, at most 20, a letter first)`,
    );
  const problem = capabilitiesProblem(known) ?? storesProblem(known, stores);
  if (problem !== undefined) throw refuse(problem);
  return { name, required: groups['optional'] === undefined, capabilities: known, stores };
}

function listOf(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function isCapability(text: string): text is Capability {
  return (CAPABILITIES as readonly string[]).includes(text);
}
