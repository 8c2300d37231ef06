/** Debian's i386 installers from a CD-ROM: isolinux starts the kernel and initial RAM disk of Debian's netboot package. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { debianInstaller, isolinuxDisc } from '../fixtures/boot-images.ts';
import { Random } from '../isa/host-cpu/random.ts';
import { endStateOf, fromDisc, resume, type Boot, type EndState } from './boots.ts';
import type { Guest } from './guest.ts';

export const TIMEOUT_MS = 1_800_000;
/** Of guest time: for a screen to come, and between two looks at it. */
export const SCREEN_LIMIT_MS = 400_000;
export const STEP_MS = 100;

/** Of guest time that a fresh process runs on from the image; the rest of a boot would take the tests minutes. */
export const RESUMED_NS = 10e9;
const SEED = Number(process.env['TERRARIUM_SAVE_SEED'] ?? 1);

/** Each to shortly before its first question. */
export const INSTALLERS = {
  'text installer': installer('text', 512, 'vga=normal fb=false nomodeset', 80_000e6),
  'graphical installer': installer('gtk', 768, 'vga=788 nomodeset', 80_000e6),
};

/**
 * The options are Debian's own but for `cryptomgr.notests`, which leaves out self-tests of the kernel that show nobody
 * anything and take a tenth of the time.
 */
function installer(kind: 'text' | 'gtk', memoryMiB: number, options: string, endNs: number) {
  return {
    endNs,
    engines: ['auto'],
    async medium(folder: string): Promise<string> {
      const { linux, initrd } = await debianInstaller(kind);
      return await isolinuxDisc(folder, { linux, 'initrd.gz': initrd }, [
        'kernel /linux',
        'initrd /initrd.gz',
        `append ${options} cryptomgr.notests --- quiet`,
      ]);
    },
    create: (engine, medium): Guest => fromDisc(medium, { engine, memoryMiB }),
  } satisfies Boot;
}

export interface BootedInstaller {
  readonly guest: Guest;
  /** What it came to `RESUMED_NS` after the moment at which it was saved. */
  readonly state: EndState;
  /** What comes of it by then in a fresh process that goes on from the image of that moment. */
  resumed(): Promise<EndState>;
  dispose(): void;
}

/** An instruction takes 10 ns. */
function momentBefore(endNs: number): number {
  const random = new Random(SEED);
  return random.below(endNs / 1e6) * 1e6 + random.below(100_000) * 10;
}

/** From power-on to the first question, with an image made at a random moment (TERRARIUM_SAVE_SEED says which) on the way. */
export async function bootInstaller(
  name: keyof typeof INSTALLERS,
  asks: (guest: Guest) => boolean,
): Promise<BootedInstaller> {
  const boot = INSTALLERS[name];
  const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-installer-'));
  const medium = await boot.medium(folder);
  const image = path.join(folder, 'image');
  const guest = boot.create('auto', medium);
  const savedNs = momentBefore(boot.endNs - RESUMED_NS);
  const endNs = savedNs + RESUMED_NS;
  guest.machine.run(savedNs);
  writeFileSync(image, guest.machine.save());
  guest.machine.run(endNs);
  const state = endStateOf(guest);
  guest.runUntil(() => asks(guest), SCREEN_LIMIT_MS, STEP_MS);
  return {
    guest,
    state,
    resumed: () => resume(name, { engine: 'auto', image, medium, endNs }),
    dispose: () => rmSync(folder, { recursive: true }),
  };
}
