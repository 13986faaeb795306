import { setTimeout as pause } from 'node:timers/promises';

const RETRY_MS = 200;

/**
 * Reads a tenant's explanations as they change, from `GET /v1/tenants/{id}/watch`. Whatever ends the stream but the tenant's purge, it
 * comes back with the id of the last event, and is told nothing twice.
 */
export class Watch {
  lastId;
  /** The ids of all explanations so far. */
  ids = [];
  connections = 0;
  #abort;
  #closed = false;

  constructor(api, tenantId) {
    this.url = new URL(`/v1/tenants/${tenantId}/watch`, api.baseUrl);
    this.key = api.key;
  }

  /** Cuts the connection as a network would; the watch goes on. */
  cut() {
    this.#abort?.abort();
  }

  close() {
    this.#closed = true;
    this.#abort?.abort();
  }

  async *explanations() {
    while (!this.#closed) {
      try {
        for await (const { event, id, data } of this.#connect()) {
          if (event === 'explanation') {
            this.lastId = id;
            this.ids.push(id);
            yield data;
          } else if (data.reason === 'purged') return;
        }
      } catch (error) {
        if (error.refused) throw error;
      }
      if (!this.#closed) await pause(RETRY_MS);
    }
  }

  async *#connect() {
    this.#abort = new AbortController();
    this.connections += 1;
    const headers = { authorization: `Bearer ${this.key}` };
    if (this.lastId) headers['last-event-id'] = this.lastId;
    const answer = await fetch(this.url, { headers, signal: this.#abort.signal });
    if (answer.status !== 200) {
      const refusal = new Error(`GET ${this.url.pathname} answered ${answer.status}`);
      throw Object.assign(refusal, { refused: answer.status < 500 });
    }
    let text = '';
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop();
      for (const block of blocks) {
        const event = parse(block);
        if (event) yield event;
      }
    }
  }
}

/** One server-sent event; `undefined` for a heartbeat. */
function parse(block) {
  const fields = Object.fromEntries(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  return fields.data === undefined ? undefined : { ...fields, data: JSON.parse(fields.data) };
}
