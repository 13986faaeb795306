import { serve } from './serve.js';

// What main.worker does is shared by this and main.reconciler, for running them in numbers of their own.
await serve({ api: false, worker: false, relay: true });
