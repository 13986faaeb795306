import { serve } from './serve.js';

await serve({ api: true, worker: false, relay: false });
