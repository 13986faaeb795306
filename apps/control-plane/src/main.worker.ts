import { serve } from './serve.js';

// Everything but the API.
await serve({ api: false, worker: true, relay: true });
