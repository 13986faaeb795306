export { type Row, type SqlExecutor } from './sql-executor.js';
