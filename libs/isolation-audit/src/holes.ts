/** How the audit can tell that a hole is there. */
export type Look =
  /** From the catalogue, by any login. */
  | 'catalogue'
  /** From the catalogue in part; the rest is behaviour, asked as the application's login. */
  | 'catalogue and login'
  /** As the application's login only. */
  | 'login'
  /** By comparing with a restored copy. */
  | 'restored copy';

export interface Hole {
  readonly number: number;
  readonly title: string;
  readonly look: Look;
  /** What no audit of a database can see of it, and what shows it instead. */
  readonly unseen?: string;
}

const ISOLATION_KIT = 'the isolation test kit shows it';

/** The holes through which tenants of one Postgres have been seen to meet, by the numbers of the list they come from. */
export const HOLES: readonly Hole[] = [
  { number: 1, title: 'Row security is off', look: 'catalogue and login' },
  { number: 2, title: 'The owner is not bound', look: 'catalogue' },
  { number: 3, title: 'A role without bounds can be reached', look: 'catalogue' },
  { number: 4, title: "Views with their owner's rights", look: 'catalogue' },
  { number: 5, title: 'Materialized views', look: 'catalogue' },
  { number: 6, title: "Functions with their owner's rights", look: 'catalogue' },
  { number: 7, title: 'Such a function hijacked through its search path', look: 'catalogue' },
  { number: 8, title: 'Policies that are true, or joined by OR', look: 'catalogue' },
  { number: 9, title: 'Rows planted in another tenant', look: 'catalogue and login' },
  { number: 10, title: 'An immutable helper frozen into a plan', look: 'catalogue' },
  { number: 11, title: 'An empty setting after the transaction', look: 'catalogue and login' },
  { number: 12, title: 'A setting that outlives its borrower', look: 'catalogue and login' },
  {
    number: 13,
    title: 'A connection released in the middle of a transaction',
    look: 'catalogue',
    unseen: `what the pool does with a handler that throws is the application's; ${ISOLATION_KIT}`,
  },
  {
    number: 14,
    title: 'A context that vanishes in silence',
    look: 'catalogue',
    unseen: `whether the wrapper insists on a transaction is the application's; ${ISOLATION_KIT}`,
  },
  { number: 15, title: 'What the session falls back to', look: 'catalogue' },
  { number: 16, title: 'The application can name any tenant', look: 'catalogue' },
  { number: 17, title: 'A partition read directly', look: 'catalogue' },
  { number: 18, title: 'Unique keys that reveal', look: 'catalogue' },
  { number: 19, title: 'References across tenants', look: 'catalogue' },
  { number: 20, title: 'TRUNCATE, REFERENCES, TRIGGER', look: 'catalogue' },
  {
    number: 21,
    title: 'Volumes that leak',
    look: 'catalogue',
    unseen: "whether plans are in the answers of the application's API",
  },
  { number: 22, title: 'Logical decoding', look: 'catalogue' },
  { number: 23, title: 'A backup that is silently empty', look: 'restored copy' },
  {
    number: 24,
    title: 'Leakproof functions, and indexes lost to the others',
    look: 'catalogue',
    unseen: 'the plans of your hot queries: EXPLAIN them as the application',
  },
  { number: 25, title: 'Holes of the engine', look: 'catalogue' },
  { number: 26, title: 'Names that are cut off', look: 'catalogue' },
  { number: 27, title: "Tenants' schemas that meet", look: 'catalogue' },
  { number: 28, title: 'A database open to everybody', look: 'catalogue' },
  { number: 29, title: 'Foreign tables, dblink, user mappings', look: 'catalogue' },
  {
    number: 30,
    title: 'LISTEN and advisory locks span the database',
    look: 'catalogue',
    unseen: 'what the application itself sends by NOTIFY, and from what it makes lock keys',
  },
  { number: 31, title: 'A prepared statement planted for the next borrower', look: 'login' },
  { number: 32, title: 'A temporary table planted for the next borrower', look: 'catalogue and login' },
  { number: 33, title: 'Advisory locks of others', look: 'catalogue' },
  { number: 34, title: 'Values in the statements of others', look: 'catalogue' },
  {
    number: 35,
    title: 'A statement that lost its transaction',
    look: 'catalogue',
    unseen: `whether the driver sends anything behind a failed BEGIN; ${ISOLATION_KIT}`,
  },
  { number: 36, title: 'A fence read before the lock was had', look: 'catalogue' },
  { number: 37, title: "Tenants' schemas without a guard", look: 'catalogue' },
];
