import { afterAll, beforeAll, test } from 'vitest';
import { KILLS, killAgainAndAgain } from './kills.ts';
import { Storms } from './storms.ts';

let storms: Storms;
beforeAll(async () => {
  storms = await Storms.create();
});
afterAll(() => storms.dispose());

test(
  'kill -9 of the app at any moment loses nothing that was acknowledged',
  () => killAgainAndAgain('app', storms),
  60_000 + KILLS * 120_000,
);
