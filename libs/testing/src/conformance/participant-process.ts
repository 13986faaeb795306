import { startGuarded, type GuardedProcess } from '../guarded-process.js';

export interface ParticipantProcessOptions {
  /** A line for the shell. */
  readonly command: string;
  readonly cwd?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** With none of these in it, the line is one program, which can take the shell's place and so gets the signals itself. */
const SHELL_SYNTAX = /[;&|<>()$`\n]|^\s*(\w+=|(exec|cd|if|for|while)\b)/;
/** Another transport than the one under test may be named around us. */
const TRANSPORT_VARIABLES = [
  'KAFKA_BROKERS',
  'KAFKA_TOPIC_PREFIX',
  'KAFKA_TOPIC_NAMES',
  'EMBEDDED_TRANSPORT_URL',
];
const LAST_LINES = 15;

/** The participant under test, as a process that this kit starts and kills. */
export class ParticipantProcess {
  private running: GuardedProcess | undefined;
  private readonly output: string[] = [];
  private readonly deaths: string[] = [];

  constructor(private readonly options: ParticipantProcessOptions) {}

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** How often it has ended without being told to, each with its last words. */
  get endedByItself(): readonly string[] {
    return this.deaths;
  }

  async start(): Promise<void> {
    const { command, cwd, env, onLine } = this.options;
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !TRANSPORT_VARIABLES.includes(name)),
    );
    const started = await startGuarded({
      command: '/bin/sh',
      args: ['-c', SHELL_SYNTAX.test(command) ? command : `exec ${command}`],
      env: { ...inherited, ...env },
      ...(cwd !== undefined && { cwd }),
      onLine: (line) => {
        this.output.push(line);
        if (this.output.length > LAST_LINES) this.output.shift();
        onLine(line);
      },
    });
    this.running = started;
    void started.ended.then(({ status }) => {
      if (this.running !== started) return;
      this.running = undefined;
      this.deaths.push(`the process ended by itself with status ${status}:\n${this.output.join('\n')}`);
    });
  }

  /** Ends it, and whatever it started, as `kill -9` does. */
  async kill(): Promise<void> {
    const process = this.running;
    this.running = undefined;
    await process?.killAll();
  }

  /** Asks it to end. @returns its exit status, or undefined when it had not ended in time and was killed. */
  async terminate(timeoutMs: number): Promise<number | undefined> {
    const process = this.running;
    if (!process) return undefined;
    this.running = undefined;
    process.signal('SIGTERM');
    const late = Symbol('late');
    let timer: NodeJS.Timeout | undefined;
    const first = await Promise.race([
      process.ended,
      new Promise<typeof late>((resolve) => (timer = setTimeout(() => resolve(late), timeoutMs))),
    ]);
    clearTimeout(timer);
    // A line of several programs may leave some behind.
    if (first === late) await process.killAll();
    return first === late ? undefined : first.status;
  }
}
