/** Debian's text installer: one boot, which the tests share. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Guest } from './guest.ts';
import { bootInstaller, RESUMED_NS, SCREEN_LIMIT_MS, STEP_MS, TIMEOUT_MS, type BootedInstaller } from './installers.ts';

const shows = (guest: Guest, title: string, text: RegExp): boolean =>
  guest.text.includes(`${title} ├`) && text.test(guest.text);

let installer: BootedInstaller;
beforeAll(async () => {
  const asks = (guest: Guest): boolean => shows(guest, 'Select a language', /English +- +English/);
  installer = await bootInstaller('text installer', asks);
}, TIMEOUT_MS);
afterAll(() => installer.dispose());

test(
  'asks for language, location and keyboard, is answered, and comes to the network step, which finds no card',
  () => {
    const { guest } = installer;
    const untilShown = (title: string, text: RegExp): void =>
      guest.runUntil(() => shows(guest, title, text), SCREEN_LIMIT_MS, STEP_MS);

    guest.press('Enter');
    untilShown('Select your location', /United States/);
    guest.press('Enter');
    untilShown('Configure the keyboard', /American English/);
    guest.press('Enter');
    untilShown('Detecting network hardware', /please wait/);
    untilShown('Detect network hardware', /No Ethernet card was detected\..*no ethernet card/s);

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
