/** Debian's graphical installer: one boot, which the tests share. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Guest } from './guest.ts';
import { bootInstaller, RESUMED_NS, SCREEN_LIMIT_MS, STEP_MS, TIMEOUT_MS, type BootedInstaller } from './installers.ts';

/** Debian's theme: a colour of the bar behind the chosen entry of a list, which shades from top to bottom. */
const CHOSEN = '298a84';
/** A column of the list where no text stands, and the rows that it has. */
const LIST = { x: 500, top: 200, bottom: 530 };

/** Where the chosen entry of the list lies. */
function chosen(guest: Guest): number | undefined {
  const picture = guest.picture();
  if (picture.size !== '800x600') return undefined;
  for (let y = LIST.top; y < LIST.bottom; y++) if (picture.at(LIST.x, y) === CHOSEN) return y;
  return undefined;
}

let installer: BootedInstaller;
beforeAll(async () => {
  installer = await bootInstaller('graphical installer', (guest) => chosen(guest) !== undefined);
}, TIMEOUT_MS);
afterAll(() => installer.dispose());

test(
  'comes up at 800x600, asks for the language, and takes keys',
  () => {
    const { guest } = installer;
    const english = chosen(guest)!;

    guest.press('ArrowDown');

    guest.runUntil(() => (chosen(guest) ?? english) > english, SCREEN_LIMIT_MS, STEP_MS);
    expect(guest.log).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  `saved at a random moment of its boot, is as undisturbed after ${RESUMED_NS / 1e9} s in a fresh process`,
  async () => {
    expect(await installer.resumed()).toEqual(installer.state);
  },
  TIMEOUT_MS,
);
