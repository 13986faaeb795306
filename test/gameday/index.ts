export { runGameDay } from './run-game-day.ts';
export { ROUNDS } from './scenes/index.ts';
