/** Guests that boot without further input, by name, so that a process of its own can make the same machine again. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { PcConfig } from '../../core/machine/machine.ts';
import { dosDisk } from '../fixtures/boot-images.ts';
import { debianFile } from '../fixtures/debian-package.ts';
import { guestImage } from '../fixtures/guests.ts';
import { Guest, guestFloppy, type GuestConfig } from './guest.ts';
import { COMMAND_LINE, linuxConfig } from './linux.ts';

type Engine = PcConfig['engine'];

export interface Boot {
  /** In guest time: the system is up, or in the middle of what it was told to do. */
  readonly endNs: number;
  /** The engines that are worth their time: forced compilation of all that runs once is slow in large systems. */
  readonly engines: readonly Engine[];
  /** Makes the disk or disc that it boots from in `folder`, or finds it. Returns its path: all its machines have this one. */
  readonly medium?: (folder: string) => Promise<string>;
  create(engine: Engine, medium: string): Guest | Promise<Guest>;
}

const ALL: readonly Engine[] = ['interpreter', 'auto', 'jit'];
const FASTEST: readonly Engine[] = ['auto'];

export function fromDisc(disc: string, config: GuestConfig): Guest {
  return new Guest(undefined, config, { cdrom: new Uint8Array(readFileSync(disc)) });
}

/** Enter, typed ahead, answers MikeOS's first dialog. */
function atProgramList(guest: Guest): Guest {
  guest.machine.typist.type('\n');
  return guest;
}

export const BOOTS = {
  FreeDOS: {
    endNs: 140e6,
    engines: ALL,
    create(engine) {
      const guest = new Guest(guestFloppy('freedos.img'), { engine });
      guest.machine.typist.type('dir\n');
      return guest;
    },
  },
  MikeOS: {
    endNs: 1500e6,
    engines: ALL,
    create: (engine) => atProgramList(new Guest(guestFloppy('mikeos.img'), { engine })),
  },
  'MikeOS from CD-ROM': {
    endNs: 1500e6,
    engines: ALL,
    medium: async () => guestImage('mikeos.iso'),
    create: (engine, medium) => atProgramList(fromDisc(medium, { engine })),
  },
  KolibriOS: {
    endNs: 8000e6,
    engines: ['interpreter', 'auto'],
    create: (engine) => new Guest(guestFloppy('kolibri.img'), { engine, memoryMiB: 64 }),
  },
  Linux: {
    endNs: 17_000e6,
    engines: ['interpreter', 'auto'],
    // The firmware's chance is the host's, which no image holds: resumed before the kernel is entered it would be another.
    create: async (engine) => new Guest(undefined, { ...(await linuxConfig(`${COMMAND_LINE} nokaslr`)), engine }),
  },
  'FreeDOS from a hard disk': {
    endNs: 140e6,
    engines: FASTEST,
    medium: (folder) => dosDisk(folder, { 'AUTOEXEC.BAT': '@echo started from %0\r\n' }),
    create: (engine, medium) => new Guest(undefined, { engine }, { disks: [new Uint8Array(readFileSync(medium))] }),
  },
  'grub-invaders': {
    endNs: 300e6,
    engines: FASTEST,
    medium: () => debianFile('grub-invaders', 'boot/invaders.exec'),
    create: (engine, medium) =>
      new Guest(undefined, { engine, kernel: { image: new Uint8Array(readFileSync(medium)), commandLine: '' } }),
  },
  'GRUB from its rescue disc': {
    endNs: 600e6,
    engines: FASTEST,
    medium: () => debianFile('grub-rescue-pc', 'usr/lib/grub-rescue/grub-rescue-cdrom.iso'),
    create(engine, medium) {
      const guest = fromDisc(medium, { engine, memoryMiB: 64 });
      guest.machine.typist.type('c');
      return guest;
    },
  },
  iPXE: {
    endNs: 2000e6,
    engines: FASTEST,
    medium: () => debianFile('ipxe', 'usr/lib/ipxe/ipxe.iso'),
    create: (engine, medium) => fromDisc(medium, { engine, memoryMiB: 64 }),
  },
  'memtest86+': {
    endNs: 3000e6,
    engines: FASTEST,
    medium: () => debianFile('memtest86+', 'usr/lib/memtest86+/memtest86+ia32.iso'),
    create: (engine, medium) => fromDisc(medium, { engine, memoryMiB: 16 }),
  },
} satisfies Record<string, Boot>;

/** What a guest comes to; two machines that agree here are the same. */
export interface EndState {
  readonly state: string;
  readonly picture: string;
}

export function endStateOf(guest: Guest): EndState {
  return { state: guest.stateHash, picture: guest.picture().hash };
}

/**
 * The same boot in a fresh process that begins with this image of it, at `endNs`. Throws when the process fails, with
 * what it wrote.
 */
export async function resume(
  name: string,
  how: { readonly engine: Engine; readonly image: string; readonly medium: string; readonly endNs: number },
): Promise<EndState> {
  const script = path.join(import.meta.dirname, 'resume-process.ts');
  const args = [script, name, how.engine, how.image, how.medium, `${how.endNs}`];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as EndState;
}
