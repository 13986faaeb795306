import { waitFor } from '@tenantry/testing/servers';
import type { ActiveAlert, Prometheus } from './prometheus.ts';
import type { Round, Scene } from './scenes/index.ts';
import type { Stage } from './stage.ts';

/** What became of one alert. */
export interface Outcome {
  /** Name and severity. */
  readonly alert: string;
  readonly trouble: string;
  /** Seconds from the trouble to its firing, and from the mending to its clearing. */
  readonly firedAfter?: number;
  readonly clearedAfter?: number;
  /** What Prometheus made of its summary. */
  readonly summary?: string;
  readonly failure?: string;
}

const QUIET_MS = 300_000;
const FIRES_MS = 90_000;
/** A warning of a burn rate looks back over six hours, which are three minutes of the game; later scenes can make them longer. */
const CLEARS_MS = 480_000;

/** Plays rounds one after the other, and within a round every scene at once. A scene's alerts may clear while the next round plays. */
export async function play(
  rounds: readonly Round[],
  stage: Stage,
  prometheus: Prometheus,
  say: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const clearing: Promise<Outcome[]>[] = [];
  for (const round of rounds) {
    const played = await Promise.all(round.map((scene) => playScene(scene, stage, prometheus)));
    for (const { outcomes } of played) clearing.push(outcomes);
    for (const { outcomes } of played) void outcomes.then((all) => all.forEach(say));
  }
  return (await Promise.all(clearing)).flat();
}

/** Resolves when the trouble is over, with what will have become of its alerts. */
async function playScene(
  scene: Scene,
  stage: Stage,
  prometheus: Prometheus,
): Promise<{ readonly outcomes: Promise<Outcome[]> }> {
  const watched = scene.alerts.map((wanted) => new Watched(wanted, scene.trouble, prometheus));
  try {
    await Promise.all(watched.map((one) => one.quiet()));
    await scene.cause(stage);
    watched.forEach((one) => one.begin());
    await Promise.all(watched.map((one) => one.fires()));
  } catch (error) {
    watched.forEach((one) => one.fail(error));
  }
  try {
    await scene.mend(stage);
  } catch (error) {
    watched.forEach((one) => one.fail(error));
  }
  watched.forEach((one) => one.begin());
  return { outcomes: Promise.all(watched.map((one) => one.clears())) };
}

/** One alert on its way from quiet to firing to quiet. */
class Watched {
  private readonly name: string;
  private readonly severity: string | undefined;
  private readonly wanted: string;
  private readonly trouble: string;
  private readonly prometheus: Prometheus;
  private startedAt = 0;
  private firedAfter?: number;
  private seen?: ActiveAlert;
  private failure?: string;

  constructor(wanted: string, trouble: string, prometheus: Prometheus) {
    [this.name = '', this.severity] = wanted.split(' ');
    this.wanted = wanted;
    this.trouble = trouble;
    this.prometheus = prometheus;
  }

  begin(): void {
    this.startedAt = performance.now();
  }

  fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error.message : String(error);
  }

  quiet(): Promise<unknown> {
    return waitFor(
      `${this.wanted} to be quiet before its trouble`,
      async () => !(await this.active()),
      QUIET_MS,
    );
  }

  async fires(): Promise<void> {
    try {
      this.seen = await waitFor(
        `${this.wanted} to fire`,
        async () => {
          const alert = await this.active();
          return alert?.state === 'firing' && alert;
        },
        FIRES_MS,
      );
      this.firedAfter = this.seconds();
    } catch (error) {
      this.fail(error);
    }
  }

  async clears(): Promise<Outcome> {
    let clearedAfter: number | undefined;
    try {
      await waitFor(`${this.wanted} to clear`, async () => !(await this.active()), CLEARS_MS);
      clearedAfter = this.seconds();
    } catch (error) {
      this.fail(error);
    }
    const { trouble, failure, firedAfter } = this;
    return {
      alert: `${this.name} ${this.seen?.labels['severity'] ?? this.severity ?? ''}`.trim(),
      trouble,
      ...(firedAfter !== undefined && { firedAfter }),
      ...(clearedAfter !== undefined && { clearedAfter }),
      ...(this.seen?.annotations['summary'] !== undefined && { summary: this.seen.annotations['summary'] }),
      ...(failure !== undefined && { failure }),
    };
  }

  private seconds(): number {
    return Math.round((performance.now() - this.startedAt) / 100) / 10;
  }

  /** As it is now: firing before pending; undefined when it is neither. */
  private async active(): Promise<ActiveAlert | undefined> {
    const mine = (await this.prometheus.alerts()).filter(
      ({ labels }) =>
        labels['alertname'] === this.name && (!this.severity || labels['severity'] === this.severity),
    );
    return mine.find(({ state }) => state === 'firing') ?? mine[0];
  }
}
