import { serve } from './serve.js';

// Everything in one process: REST API and workers.
await serve({ api: true, worker: true, relay: true });
