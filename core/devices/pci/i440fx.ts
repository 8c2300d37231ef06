/**
 * 82441FX PCI and memory controller (PMC), the host bridge. Intel 290549: PAM registers (3.2.18) and SMRAM (3.2.21).
 * DRAM timing and ECC registers keep what is written and do nothing.
 */
import type { Device, IoWidth } from '../../bus/index.ts';
import { create, defineState, resetState, type StateOf } from '../../state/index.ts';
import { PciConfig } from './pci-config.ts';
import type { PciHost } from './pci-host.ts';
import { pciConfigSpace, PciLayout } from './pci-layout.ts';

const PAM0 = 0x59;
const PAM_COUNT = 7;
const SMRAM = 0x72;
const SMRAM_C_BASE_SEG = 0x02;
const SMRAM_G_SMRAME = 0x08;
const SMRAM_D_LCK = 0x10;
const SMRAM_D_CLS = 0x20;
const SMRAM_D_OPEN = 0x40;

const layout = new PciLayout({ vendorId: 0x8086, deviceId: 0x1237, revisionId: 2, classCode: 0x060000 });
layout.writable.fill(0xff, 0x50, 0x100);
for (let i = 0; i < PAM_COUNT; i++) layout.writable[PAM0 + i] = i === 0 ? 0x30 : 0x33;
layout.initial[SMRAM] = SMRAM_C_BASE_SEG;
layout.writable[SMRAM] = SMRAM_G_SMRAME | SMRAM_D_LCK | SMRAM_D_CLS | SMRAM_D_OPEN;

export const I440FX = defineState({ name: 'i440fx', version: 1, fields: { config: pciConfigSpace(layout) } });

/** One segment of C0000h-FFFFFh: where its reads and writes go. */
export interface ShadowSegment {
  readonly base: number;
  readonly sizeBytes: number;
  /** Reads come from RAM; else from what is on the bus (ROM). */
  readonly readRam: boolean;
  /** Writes go to RAM; else to the bus. */
  readonly writeRam: boolean;
}

export interface I440fxCallbacks {
  /** Only what changed. After a reset or a load: all thirteen segments. */
  shadow(segment: ShadowSegment): void;
  /** Whether A0000h-BFFFFh is the SMM RAM for all, or the frame buffer. */
  smram(open: boolean): void;
}

/** Segments by PAM nibble, low nibble of PAM0 (reserved) first. */
const SEGMENTS: readonly { readonly base: number; readonly sizeBytes: number }[] = [
  { base: 0xf0000, sizeBytes: 0x10000 },
  ...Array.from({ length: 12 }, (_, i) => ({ base: 0xc0000 + i * 0x4000, sizeBytes: 0x4000 })),
];
const PAM_RE = 1;
const PAM_WE = 2;

export class I440fx implements Device<typeof I440FX> {
  readonly spec = I440FX;
  readonly state: StateOf<typeof I440FX> = create(I440FX);
  readonly id: string;
  readonly pci: PciConfig;
  readonly #callbacks: I440fxCallbacks;
  /** What the callbacks were last told, two bits a segment; undefined: nothing yet. */
  readonly #told: (number | undefined)[] = SEGMENTS.map(() => undefined);
  #smramOpen: boolean | undefined;
  /** The lock as it was before a write. */
  #locked = false;

  constructor(id: string, host: PciHost, callbacks: I440fxCallbacks) {
    this.id = id;
    this.#callbacks = callbacks;
    this.pci = new PciConfig(this.state.config, layout, host);
    this.pci.onWrite = (offset, width) => this.#written(offset, width);
  }

  reset(): void {
    resetState(I440FX, this.state);
    this.postLoad();
  }

  postLoad(): void {
    this.#told.fill(undefined);
    this.#smramOpen = undefined;
    this.#locked = (this.state.config[SMRAM] & SMRAM_D_LCK) !== 0;
    this.pci.apply();
    this.#update();
  }

  #written(offset: number, width: IoWidth): void {
    if (offset + width <= PAM0 || offset > SMRAM) return;
    const { config } = this.state;
    // Locked for good: D_OPEN stays closed, D_LCK set, until a reset.
    if (this.#locked) config[SMRAM] |= SMRAM_D_LCK;
    if (config[SMRAM] & SMRAM_D_LCK) config[SMRAM] &= ~SMRAM_D_OPEN;
    this.#locked = (config[SMRAM] & SMRAM_D_LCK) !== 0;
    this.#update();
  }

  #update(): void {
    const { config } = this.state;
    SEGMENTS.forEach(({ base, sizeBytes }, i) => {
      // Segment 0 is PAM0's high nibble; 1 and 2 are PAM1's low and high, and so on.
      const pam = i === 0 ? config[PAM0] >> 4 : config[PAM0 + ((i + 1) >> 1)] >> (i & 1 ? 0 : 4);
      const bits = pam & (PAM_RE | PAM_WE);
      if (this.#told[i] === bits) return;
      this.#told[i] = bits;
      this.#callbacks.shadow({ base, sizeBytes, readRam: (bits & PAM_RE) !== 0, writeRam: (bits & PAM_WE) !== 0 });
    });
    const open = (config[SMRAM] & (SMRAM_G_SMRAME | SMRAM_D_OPEN | SMRAM_D_CLS)) === (SMRAM_G_SMRAME | SMRAM_D_OPEN);
    if (open === this.#smramOpen) return;
    this.#smramOpen = open;
    this.#callbacks.smram(open);
  }
}
