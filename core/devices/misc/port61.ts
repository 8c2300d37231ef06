/** System control port B. IBM PC/AT Technical Reference; Intel 82371SB (PIIX3), "NMI status and control register". */
import type { Clock } from '../../backends/index.ts';
import type { Device, IoWidth, PortIo, ResetKind } from '../../bus/index.ts';
import { create, defineState, resetState, u8, type StateOf } from '../../state/index.ts';
import type { I8254Pit } from '../timer/i8254.ts';
import { pitTickAt } from '../timer/pit-clock.ts';

export const PORT61 = defineState({
  name: 'port61',
  version: 1,
  fields: {
    control: u8({ doc: 'Bits 0-3 as written: timer 2 gate, speaker data, PERR# and IOCHK# disable' }),
  },
});

const TIMER2_GATE = 0x01;
const SPEAKER_DATA = 0x02;
const WRITABLE = 0x0f;
const REFRESH_TOGGLE = 0x10;
const TIMER2_OUT = 0x20;
/** One refresh request: 18 CLK of the 8254, 15 us. PIIX3 makes it without counter 1. */
const REFRESH_TICKS = 18;

export interface SpeakerState {
  /** Pitch while the timer drives the speaker, in Hz; 0 when the cone stands still at `level`. */
  readonly frequencyHz: number;
  /** Position of the cone now: programs also move it by hand. */
  readonly level: boolean;
}

/** One range of one port, 61h on a PC. */
export class Port61 implements Device<typeof PORT61>, PortIo {
  readonly spec = PORT61;
  readonly state: StateOf<typeof PORT61> = create(PORT61);
  readonly id: string;
  readonly #pit: I8254Pit;
  readonly #clock: Clock;

  constructor(id: string, pit: I8254Pit, clock: Clock) {
    this.id = id;
    this.#pit = pit;
    this.#clock = clock;
  }

  reset(_kind: ResetKind): void {
    resetState(PORT61, this.state);
    this.#pit.setGate2(false);
  }

  get speaker(): SpeakerState {
    const data = (this.state.control & SPEAKER_DATA) !== 0;
    return { frequencyHz: data ? this.#pit.frequency2Hz : 0, level: data && this.#pit.out2 };
  }

  ioRead(): number {
    const toggle = Math.floor(pitTickAt(this.#clock.nowNs) / REFRESH_TICKS) % 2 === 1;
    return this.state.control | (toggle ? REFRESH_TOGGLE : 0) | (this.#pit.out2 ? TIMER2_OUT : 0);
  }

  ioWrite(_range: number, _offset: number, _width: IoWidth, value: number): void {
    this.state.control = value & WRITABLE;
    this.#pit.setGate2((value & TIMER2_GATE) !== 0);
  }
}
