import { serve } from './serve.js';

await serve({ api: false, worker: true });
