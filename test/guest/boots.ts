/** Guests that boot without further input, by name, so that a process of its own can make the same machine again. */
import { readFileSync } from 'node:fs';
import type { PcConfig } from '../../core/machine/machine.ts';
import { guestImage } from '../fixtures/guests.ts';
import { Guest, guestFloppy } from './guest.ts';
import { linuxConfig } from './linux.ts';

type Engine = PcConfig['engine'];

interface Boot {
  /** In guest time: the system is up, or in the middle of what it was told to do. */
  readonly endNs: number;
  /** The engines that are worth their time: forced compilation of all that runs once is slow in large systems. */
  readonly engines: readonly Engine[];
  create(engine: Engine): Guest | Promise<Guest>;
}

const ALL: readonly Engine[] = ['interpreter', 'auto', 'jit'];

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
    create(engine) {
      const cdrom = new Uint8Array(readFileSync(guestImage('mikeos.iso')));
      return atProgramList(new Guest(undefined, { engine }, { cdrom }));
    },
  },
  KolibriOS: {
    endNs: 8000e6,
    engines: ['interpreter', 'auto'],
    create: (engine) => new Guest(guestFloppy('kolibri.img'), { engine, memoryMiB: 64 }),
  },
  Linux: {
    endNs: 40_000e6,
    engines: ['interpreter', 'auto'],
    create: async (engine) => new Guest(undefined, { ...(await linuxConfig()), engine }),
  },
} satisfies Record<string, Boot>;

export type BootName = keyof typeof BOOTS;

/** What a guest comes to; two machines that agree here are the same. */
export interface EndState {
  readonly state: string;
  readonly picture: string;
}

export function endStateOf(guest: Guest): EndState {
  return { state: guest.stateHash, picture: guest.picture().hash };
}
