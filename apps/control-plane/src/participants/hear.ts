import { CAPABILITIES, type Capability, type Heartbeat } from '@tenantry/contracts';
import { capabilitiesProblem, storesProblem } from './capability-rules.js';

/** A participant gives a sign of life every 30 s; after this long without one it is called silent. */
export const SILENT_AFTER_MS = 90_000;

/** What a heartbeat is judged by. */
export interface KnownParticipant {
  readonly declaredBy: 'configuration' | 'operator' | 'heartbeat';
  readonly capabilities: readonly Capability[];
  readonly stores: readonly string[];
  readonly lastHeartbeatAt: Date | null;
  readonly retiredAt: Date | null;
}

/** What a participant can do and owns. */
export interface Abilities {
  readonly capabilities: readonly Capability[];
  readonly stores: readonly string[];
}

export interface Heard {
  /** It is heard from for the first time, or after a silence: whoever waits for it is worth another look. */
  readonly returned: boolean;
  /** What it has from now on, when the heartbeat adds to it. */
  readonly grown?: Abilities;
}

/**
 * Whether a heartbeat tells that its sender lives. One that lay on its topic for longer than a silence tells that it lived then; one
 * from the future is believed, since clocks differ.
 */
export function isSignOfLife(sentAt: Date, now: Date): boolean {
  return now.getTime() - sentAt.getTime() <= SILENT_AFTER_MS;
}

/**
 * What a sign of life changes. It may add what the participant can do and owns, and never takes away: a service that forgets
 * `purge` in one release must not drop out of a purge. What an operator declared stays, and of one that is retired everything.
 */
export function hear(known: KnownParticipant, heartbeat: Abilities, now: Date): Heard {
  if (known.retiredAt !== null) return { returned: false };
  const { lastHeartbeatAt } = known;
  const returned = lastHeartbeatAt === null || now.getTime() - lastHeartbeatAt.getTime() > SILENT_AFTER_MS;
  if (known.declaredBy === 'operator') return { returned };
  const capabilities = CAPABILITIES.filter(
    (one) => known.capabilities.includes(one) || heartbeat.capabilities.includes(one),
  );
  const stores = [...new Set([...known.stores, ...heartbeat.stores])];
  if (capabilities.length === known.capabilities.length && stores.length === known.stores.length)
    return { returned };
  return abilitiesProblem({ capabilities, stores })
    ? { returned }
    : { returned, grown: { capabilities, stores } };
}

/** What an unknown participant is registered with: what it reports, or nothing where that can't be declared. */
export function registrationOf({ capabilities, stores }: Heartbeat): Abilities {
  const reported = { capabilities: CAPABILITIES.filter((one) => capabilities.includes(one)), stores };
  return abilitiesProblem(reported) ? { capabilities: [], stores: [] } : reported;
}

/** Why these can't be declared together, in words; `undefined` when they can. */
export function abilitiesProblem({ capabilities, stores }: Abilities): string | undefined {
  return capabilitiesProblem(capabilities) ?? storesProblem(capabilities, stores);
}
