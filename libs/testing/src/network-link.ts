import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The way between a client and its server, which can fail as networks do. It is whole until told otherwise. */
export interface NetworkLink {
  /** Where the client finds the server: a port on loopback. */
  readonly port: number;
  /** Resets the connections that there are, and refuses new ones. */
  cut(): void;
  /** Passes nothing on; what is sent meanwhile is lost, and its connections end at `heal`: a failed-over address. */
  blackhole(): void;
  /** Passes nothing on; what is sent meanwhile arrives at `heal`: a partition that TCP outlives. */
  stall(): void;
  /** Everything takes so much longer, in each direction, in milliseconds. */
  delay(ms: number): void;
  /** Makes it whole again. */
  heal(): void;
  /** How many connections go through now. */
  connections(): number;
  close(): Promise<void>;
}

/** One direction of one connection; keeps the order whatever happens to the link. */
class Flow {
  private readonly waiting: { readonly piece: Buffer | 'end'; readonly dueAt: number }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly to: Socket,
    private readonly state: LinkState,
  ) {}

  push(piece: Buffer | 'end'): void {
    const last = this.waiting.at(-1)?.dueAt ?? 0;
    this.waiting.push({ piece, dueAt: Math.max(performance.now() + this.state.delayMs, last) });
    this.pass();
  }

  /** Passes on what is due. */
  pass(): void {
    clearTimeout(this.timer);
    while (!this.state.holding && this.waiting[0]) {
      const { piece, dueAt } = this.waiting[0];
      const aheadMs = dueAt - performance.now();
      if (aheadMs > 0) {
        this.timer = setTimeout(() => this.pass(), aheadMs);
        return;
      }
      this.waiting.shift();
      if (piece === 'end') this.to.end();
      else if (this.to.writable) this.to.write(piece);
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    this.waiting.length = 0;
  }
}

interface LinkState {
  mode: 'whole' | 'cut' | 'blackhole' | 'stall';
  delayMs: number;
  readonly holding: boolean;
}

/** One client's connection and the server's to which it leads, made as soon as the link lets it. */
class Passage {
  private upstream: Socket | undefined;
  private flows: Flow[] = [];
  private lossy = false;
  private readonly early: Buffer[] = [];
  private closed = false;

  constructor(
    private readonly client: Socket,
    private readonly serverPort: number,
    private readonly state: LinkState,
    private readonly onClose: () => void,
  ) {
    client.on('error', () => this.close());
    client.on('close', () => this.close());
    client.on('data', (piece) => (this.flows[0] ? this.take(this.flows[0], piece) : this.early.push(piece)));
    client.on('end', () => this.flows[0]?.push('end'));
    if (!state.holding) this.open();
  }

  private open(): void {
    const upstream = connect({ port: this.serverPort, host: '127.0.0.1', allowHalfOpen: true });
    this.upstream = upstream;
    const there = new Flow(upstream, this.state);
    const back = new Flow(this.client, this.state);
    this.flows = [there, back];
    upstream.on('error', () => this.close());
    upstream.on('close', () => this.close());
    upstream.on('data', (piece) => this.take(back, piece));
    upstream.on('end', () => back.push('end'));
    for (const piece of this.early.splice(0)) this.take(there, piece);
  }

  private take(flow: Flow, piece: Buffer): void {
    if (this.state.mode === 'blackhole') this.lossy = true;
    // Behind a lost piece nothing may arrive: that would be another stream.
    if (!this.lossy) flow.push(piece);
  }

  /** The link was made whole. */
  heal(): void {
    if (this.lossy) return this.close();
    if (!this.upstream) return this.open();
    for (const flow of this.flows) flow.pass();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const flow of this.flows) flow.stop();
    this.client.resetAndDestroy();
    this.upstream?.resetAndDestroy();
    this.onClose();
  }
}

/** Lays a link to a port on loopback; nobody needs to listen there yet. */
export async function networkLink(serverPort: number): Promise<NetworkLink> {
  const passages = new Set<Passage>();
  const state: LinkState = {
    mode: 'whole',
    delayMs: 0,
    get holding() {
      return this.mode === 'blackhole' || this.mode === 'stall';
    },
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (state.mode === 'cut') return void client.resetAndDestroy();
    const passage: Passage = new Passage(client, serverPort, state, () => passages.delete(passage));
    passages.add(passage);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const closeAll = (): void => [...passages].forEach((passage) => passage.close());
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      state.mode = 'cut';
      closeAll();
    },
    blackhole: () => void (state.mode = 'blackhole'),
    stall: () => void (state.mode = 'stall'),
    delay: (ms) => void (state.delayMs = ms),
    heal: () => {
      state.mode = 'whole';
      state.delayMs = 0;
      [...passages].forEach((passage) => passage.heal());
    },
    connections: () => passages.size,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      closeAll();
      await closed;
    },
  };
}
