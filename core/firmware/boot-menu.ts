/** The menu of what to boot from: shown when F12 is pressed before booting begins, or always where that is configured. */
import { BDA, BDA_BASE } from './bda.ts';
import type { BiosEnv } from './env.ts';
import type { Guest } from './guest.ts';
import { nextSlot } from './keyboard.ts';
import { EBDA } from './layout.ts';
import type { Video } from './video.ts';

type Device = BiosEnv['bootOrder'][number];
/** `index`: which one, where the machine has several. */
interface Choice {
  readonly device: Device;
  readonly index: number;
}
/** As many as there are digits. */
const CHOICES_MAX = 9;
/** Long enough to press a key at, once the screen is there. */
const WAIT_MS = 1000;
const STATE = { IDLE: 0, WAITING: 1, SHOWN: 2 } as const;
const KEY = { F12: 0x8600, ESCAPE: 0x1b } as const;
const MIB = 0x100000;

export class BootMenu {
  readonly #guest: Guest;
  readonly #video: Video;

  constructor(guest: Guest, video: Video) {
    this.#guest = guest;
    this.#video = video;
  }

  /** Before INT 19h. Live carry set: not decided yet, the stub waits for an interrupt and calls again. */
  poll(): void {
    const g = this.#guest;
    const state = g.ebda8(EBDA.MENU_STATE);
    const decided = state === STATE.SHOWN ? this.#choose() : this.#wait(state === STATE.IDLE);
    if (decided) g.setEbda8(EBDA.MENU_STATE, STATE.IDLE);
    g.setLiveCarry(!decided);
  }

  /** The device that was chosen, once. */
  takeChoice(): Choice | undefined {
    const g = this.#guest;
    const choice = g.ebda8(EBDA.MENU_CHOICE);
    g.setEbda8(EBDA.MENU_CHOICE, 0);
    return this.#choices()[choice - 1];
  }

  #wait(first: boolean): boolean {
    const g = this.#guest;
    const nowMs = Math.floor(g.env.nowNs() / 1e6) >>> 0;
    if (first) {
      g.setEbda32(EBDA.MENU_DEADLINE_MS, (nowMs + WAIT_MS) >>> 0);
      if (g.env.bootMenu === 'key') this.#video.print('Press F12 to choose what to boot from.\n\n');
      g.setEbda8(EBDA.MENU_STATE, STATE.WAITING);
    }
    if (g.env.bootMenu === 'always' || this.#takeKey() === KEY.F12) {
      this.#show();
      return false;
    }
    return g.env.bootMenu !== 'key' || ((g.ebda32(EBDA.MENU_DEADLINE_MS) - nowMs) | 0) <= 0;
  }

  #show(): void {
    const lines = this.#choices().map((choice, i) => `  ${i + 1}. ${this.#describe(choice)}\n`);
    this.#video.print(`Boot from:\n\n${lines.join('')}\nPress a number, or Esc for the usual order.\n\n`);
    this.#guest.setEbda8(EBDA.MENU_STATE, STATE.SHOWN);
  }

  #choose(): boolean {
    const g = this.#guest;
    const character = this.#takeKey() & 0xff;
    const choice = character - 0x30;
    if (character === KEY.ESCAPE) return true;
    if (choice < 1 || choice > this.#choices().length) return false;
    g.setEbda8(EBDA.MENU_CHOICE, choice);
    return true;
  }

  /** What could be booted from, in the usual order, then what that leaves out; every disk. */
  #choices(): readonly Choice[] {
    const { bootOrder, floppies, disks, cdroms } = this.#guest.env;
    const present = { floppy: floppies.length > 0, disk: disks.length > 0, cdrom: cdroms.length > 0 };
    return [...new Set<Device>([...bootOrder, 'floppy', 'cdrom', 'disk'])]
      .filter((device) => present[device])
      .flatMap((device) => (device === 'disk' ? disks : [0]).map((_, index) => ({ device, index })))
      .slice(0, CHOICES_MAX);
  }

  #describe({ device, index }: Choice): string {
    const { floppies, disks, cdroms } = this.#guest.env;
    const { medium } = { floppy: floppies, disk: disks, cdrom: cdroms }[device][index];
    const disk = disks.length > 1 ? `Hard disk ${index + 1}` : 'Hard disk';
    const name = { floppy: 'Floppy A', disk, cdrom: 'CD-ROM' }[device];
    if (!medium) return `${name} (empty)`;
    const size =
      medium.sizeBytes < 4 * MIB ? `${medium.sizeBytes >> 10} KiB` : `${Math.round(medium.sizeBytes / MIB)} MiB`;
    return `${name} (${size})`;
  }

  /** The next key of the keyboard buffer as INT 16h AH=10h would give it, 0 when there is none. */
  #takeKey(): number {
    const g = this.#guest;
    const head = g.bda16(BDA.KEY_HEAD);
    if (head === g.bda16(BDA.KEY_TAIL)) return 0;
    g.setBda16(BDA.KEY_HEAD, nextSlot(g, head));
    return g.read16(BDA_BASE + head);
  }
}
