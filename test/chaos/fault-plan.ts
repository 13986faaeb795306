import { CRASH_POINTS, PAUSE_MS, PAUSE_POINTS } from './crash-points.ts';
import { Deck, type Dice } from './dice.ts';
import { PLACES, usesKafka, type Place } from './topology.ts';

export type NetworkEffect = 'cut' | 'blackhole' | 'stall' | 'delay';
export type Peer = 'postgres' | 'kafka';

/** One thing that goes wrong. */
export type Fault =
  /** kill -9 now, or kill -9 and start anew to end at the named point. */
  | { readonly kind: 'kill'; readonly place: string; readonly at?: string }
  /** kill -9 and start anew to be stopped at the named point and continued after `holdMs`. */
  | { readonly kind: 'pause'; readonly place: string; readonly at: string; readonly holdMs: number }
  | {
      readonly kind: 'network';
      readonly place: string;
      readonly peer: Peer;
      readonly effect: NetworkEffect;
      readonly holdMs: number;
      readonly delayMs: number;
    }
  /** Stops the server in immediate mode and starts it again after `holdMs`. */
  | { readonly kind: 'postgres'; readonly holdMs: number }
  /** kill -9 of the broker, which is started again after `holdMs`. */
  | { readonly kind: 'broker'; readonly holdMs: number }
  /** kill -9 of every data plane, whose group is set back by so many events of each partition. */
  | { readonly kind: 'redelivery'; readonly back: number };

/** A fault and how long after the beginning of the one before it begins. */
export interface PlannedFault {
  readonly afterMs: number;
  readonly fault: Fault;
}

export interface PlanOptions {
  readonly kills: number;
  readonly kafka: boolean;
  /** Points at which somebody is paused besides those that are chosen. */
  readonly pausedAt: readonly string[];
  readonly dice: Dice;
}

/** How many processes and servers a fault kills. */
export function killsOf(fault: Fault): number {
  switch (fault.kind) {
    case 'kill':
      return fault.at === undefined ? 1 : 2;
    case 'redelivery':
      return PLACES.filter(({ role }) => role === 'data-plane').length;
    case 'pause':
    case 'postgres':
    case 'broker':
      return 1;
    case 'network':
      return 0;
  }
}

/** How often a crash point is passed before it strikes: mostly the first time, since that is where most runs are. */
const PASSINGS = [1, 1, 1, 1, 1, 2, 2, 3];

/** Roles by how much of the work, and of what can go wrong, is theirs. */
const VICTIMS: readonly Place['role'][] = [
  'data-plane',
  'relay',
  'worker',
  'api',
  'data-plane',
  'verifier',
  'data-plane',
  'worker',
  'relay',
];

/** Chooses exactly so many kills, and what goes with them, from the seed alone. */
export function planFaults({ kills, kafka, pausedAt, dice }: PlanOptions): PlannedFault[] {
  const share = (part: number): number => Math.max(1, Math.round(kills * part));
  const rare: Fault[] = [
    ...repeat(share(0.05), (): Fault => ({ kind: 'postgres', holdMs: dice.between(0, 1500) })),
    ...repeat(kafka ? share(0.04) : 0, (): Fault => ({ kind: 'broker', holdMs: dice.between(0, 2000) })),
    ...repeat(kafka ? share(0.02) : 0, (): Fault => ({
      kind: 'redelivery',
      back: dice.pick([3, 10, 30, 100]),
    })),
    ...pauses(share(0.06), dice),
    ...pausedAt.map((point, n) => pauseAt(placeOf(point, n), point, dice)),
  ];
  let left = kills - rare.reduce((sum, fault) => sum + killsOf(fault), 0);
  if (left < 1) throw new RangeError(`${kills} kills are too few to have one of each kind`);
  const killings: Fault[] = [];
  const places = decks(PLACES, dice);
  const points = new Map(VICTIMS.map((role) => [role, new Deck(CRASH_POINTS[role], dice)]));
  const patterns = new Deck([true, true, false], dice);
  for (let n = 0; left > 0; n += 1) {
    const role = VICTIMS[n % VICTIMS.length] as Place['role'];
    const place = places.get(role)?.draw().name as string;
    const armed = left > 1 && patterns.draw();
    const at = armed ? `${points.get(role)?.draw()}:${dice.pick(PASSINGS)}` : undefined;
    const fault: Fault = at === undefined ? { kind: 'kill', place } : { kind: 'kill', place, at };
    killings.push(fault);
    left -= killsOf(fault);
  }
  const networks = repeat(share(0.25), () => networkFault(kafka, dice));
  const faults = spread(rare, dice.shuffled([...killings, ...networks]), dice);
  return faults.map((fault) => ({ afterMs: dice.between(200, 3800), fault }));
}

/** Somebody who comes by the point; another one each time. */
function placeOf(point: string, n: number): Place {
  const role = point.startsWith('relay.') ? 'relay' : 'data-plane';
  const places = PLACES.filter((place) => place.role === role);
  return places[n % places.length] as Place;
}

function pauses(count: number, dice: Dice): Fault[] {
  // What sleeps through its lease in a data plane can do the most harm.
  const roles = new Deck(['data-plane', 'data-plane', 'relay', 'data-plane', 'worker'] as const, dice);
  const places = decks(PLACES, dice);
  const points = new Map(
    Object.entries(PAUSE_POINTS).map(([role, names]) => [role, new Deck(names, dice)] as const),
  );
  return repeat(count, () => {
    const role = roles.draw();
    const point = `${points.get(role)?.draw()}:${dice.pick([1, 1, 1, 2])}`;
    return pauseAt(places.get(role)?.draw() as Place, point, dice);
  });
}

function pauseAt({ name, role }: Place, point: string, dice: Dice): Fault {
  const [shortest, longest] = PAUSE_MS[role as keyof typeof PAUSE_MS];
  return { kind: 'pause', place: name, at: `pause:${point}`, holdMs: dice.between(shortest, longest) };
}

function networkFault(kafka: boolean, dice: Dice): Fault {
  const place = dice.pick(PLACES);
  const peer = kafka && usesKafka(place) && dice.chance(0.5) ? 'kafka' : 'postgres';
  const effect = dice.pick(['cut', 'blackhole', 'stall', 'delay'] as const);
  const holdMs = effect === 'cut' ? dice.between(50, 3000) : dice.between(500, 9000);
  return { kind: 'network', place: place.name, peer, effect, holdMs, delayMs: dice.between(20, 150) };
}

/** The rare faults at about equal distances among the others, so that none of them is left for the end. */
function spread(rare: readonly Fault[], others: readonly Fault[], dice: Dice): Fault[] {
  const result = [...others];
  const step = (others.length + 1) / rare.length;
  dice.shuffled(rare).forEach((fault, n) => result.splice(Math.floor((n + 0.7) * step) + n, 0, fault));
  return result;
}

function decks(places: readonly Place[], dice: Dice): Map<Place['role'], Deck<Place>> {
  return new Map(
    [...Map.groupBy(places, ({ role }) => role)].map(([role, of]) => [role, new Deck(of, dice)]),
  );
}

function repeat<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
