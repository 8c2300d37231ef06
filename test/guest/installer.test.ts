/** Debian's i386 installers from a CD-ROM: isolinux starts the kernel and initial RAM disk of Debian's netboot package. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { debianInstaller, isolinuxDisc } from '../fixtures/boot-images.ts';
import { Guest } from './guest.ts';

const TIMEOUT_MS = 1_800_000;
/** Of guest time: for a screen to come, and between two looks at it. */
const SCREEN_LIMIT_MS = 400_000;
const STEP_MS = 100;

/**
 * Powered on with the disc in it. The options are Debian's own but for `cryptomgr.notests`, which leaves out self-tests
 * of the kernel that show nobody anything and take a tenth of the time.
 */
async function installer(kind: 'text' | 'gtk', memoryMiB: number, options: string): Promise<Guest> {
  const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-installer-'));
  try {
    const { linux, initrd } = await debianInstaller(kind);
    const disc = await isolinuxDisc(folder, { linux, 'initrd.gz': initrd }, [
      'kernel /linux',
      'initrd /initrd.gz',
      `append ${options} cryptomgr.notests --- quiet`,
    ]);
    return new Guest(undefined, { memoryMiB }, { cdrom: new Uint8Array(readFileSync(disc)) });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test(
  'the text installer asks for language, location and keyboard, is answered, and looks for a network card',
  async () => {
    const guest = await installer('text', 512, 'vga=normal fb=false nomodeset');
    const untilShown = (title: string, text: RegExp): void => {
      const holds = (): boolean => guest.text.includes(`${title} ├`) && text.test(guest.text);
      guest.runUntil(holds, SCREEN_LIMIT_MS, STEP_MS);
    };

    untilShown('Select a language', /English +- +English/);
    guest.press('Enter');
    untilShown('Select your location', /United States/);
    guest.press('Enter');
    untilShown('Configure the keyboard', /American English/);
    guest.press('Enter');
    untilShown('Detecting network hardware', /please wait/);

    expect(guest.log).toEqual([]);
  },
  TIMEOUT_MS,
);

/** Debian's theme: a colour of the bar behind the chosen entry of a list, which shades from top to bottom. */
const CHOSEN = '298a84';
/** A column of the list where no text stands, and the rows that it has. */
const LIST = { x: 500, top: 200, bottom: 530 };

test(
  'the graphical installer comes up at 800x600, asks for the language, and takes keys',
  async () => {
    const guest = await installer('gtk', 768, 'vga=788 nomodeset');
    /** Where the chosen entry of the list lies. */
    const chosen = (): number | undefined => {
      const picture = guest.picture();
      if (picture.size !== '800x600') return undefined;
      for (let y = LIST.top; y < LIST.bottom; y++) if (picture.at(LIST.x, y) === CHOSEN) return y;
      return undefined;
    };

    guest.runUntil(() => chosen() !== undefined, SCREEN_LIMIT_MS, STEP_MS);
    const english = chosen()!;
    guest.press('ArrowDown');
    guest.runUntil(() => (chosen() ?? english) > english, SCREEN_LIMIT_MS, STEP_MS);

    expect(guest.log).toEqual([]);
  },
  TIMEOUT_MS,
);
