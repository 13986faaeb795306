import { startGuarded, testedTransports, type GuardedProcess } from '@tenantry/testing/servers';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** An interpreter with the packages of the example; `npm test` makes one where it can. */
const PYTHON = process.env['EXAMPLE_PYTHON'];
const SCRIPT = path.resolve('examples', 'python-participant', 'participant.py');

/** Whether the participant in Python can be run: it needs its packages, and Kafka. `npm test` names what is left out. */
export const canRunNotes = PYTHON !== undefined && testedTransports().includes('kafka');

/** The line that starts it. */
export const NOTES_COMMAND = `exec "${PYTHON ?? 'python3'}" -B "${SCRIPT}"`;

/** The participant in Python, with a folder of its own for what it keeps. */
export class NotesParticipant {
  readonly lines: string[] = [];
  private running: GuardedProcess | undefined;

  private constructor(private readonly folder: string) {}

  static async prepare(): Promise<NotesParticipant> {
    return new NotesParticipant(await mkdtemp(path.join(tmpdir(), 'tenantry-notes-')));
  }

  /** What it needs besides where Kafka is and who it is. */
  get env(): Readonly<Record<string, string>> {
    return { STATE_FILE: this.stateFile };
  }

  async start(env: Readonly<Record<string, string>>): Promise<void> {
    this.running = await startGuarded({
      command: PYTHON ?? 'python3',
      args: ['-B', SCRIPT],
      env: { ...process.env, ...this.env, ...env },
      onLine: (line) => this.lines.push(line),
    });
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    await this.running?.killAll();
  }

  /** Ends it in an orderly way. @returns its exit status. */
  async stop(): Promise<number | undefined> {
    return (await this.running?.stop())?.status;
  }

  async remove(): Promise<void> {
    await this.running?.killAll();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** What the tenant is in its file, whatever it says on its topic. */
  probe(tenantId: string) {
    const database = new DatabaseSync(this.stateFile, { readOnly: true });
    try {
      const tenant = database.prepare('SELECT state, changes FROM tenant WHERE id = ?').get(tenantId);
      const notes = database.prepare('SELECT title FROM note WHERE tenant = ?').all(tenantId).length;
      const state = stateOf(tenant?.['state']);
      return { state, fingerprint: { changes: tenant?.['changes'] ?? 0, notes } };
    } finally {
      database.close();
    }
  }

  private get stateFile(): string {
    return path.join(this.folder, 'notes.sqlite');
  }
}

function stateOf(value: unknown): 'none' | 'active' | 'suspended' | 'purged' {
  if (value === undefined) return 'none';
  if (value === 'active' || value === 'suspended' || value === 'purged' || value === 'none') return value;
  throw new Error(`the example keeps the state ${JSON.stringify(value)}`);
}
