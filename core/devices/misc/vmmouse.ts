/**
 * VMware's backdoor port with the absolute pointer. open-vm-tools "backdoor_def.h" and the X.Org vmmouse driver's
 * protocol description. A guest reads the port with a magic number in EAX and a command in CX; answers come in the
 * general registers, which is why the port needs the processor.
 */
import type { Device, IoWidth, PortIo } from '../../bus/index.ts';
import { bool, create, defineState, resetState, u16, u32s, u8, type StateOf } from '../../state/index.ts';

const QUEUE_WORDS = 256;
const PACKET_WORDS = 4;

export const VMMOUSE = defineState({
  name: 'vmmouse',
  version: 1,
  fields: {
    queue: u32s(QUEUE_WORDS, { doc: 'Words for the guest, the first is next' }),
    count: u16({ doc: 'Words in the queue' }),
    status: u16({ reset: 0xffff, doc: '0 enabled, FFFFh disabled or in error' }),
    absolute: bool({ doc: 'The guest asked for absolute coordinates' }),
    x: u16({ doc: 'Position last reported, 0 to 65535 over the screen' }),
    y: u16(),
    buttons: u8({ doc: 'Buttons last reported: bit 0 left, 1 right, 2 middle' }),
  },
});

const MAGIC = 0x564d5868;
const COMMAND = {
  GET_VERSION: 10,
  GET_RAM_SIZE: 20,
  POINTER_DATA: 39,
  POINTER_STATUS: 40,
  POINTER_COMMAND: 41,
} as const;
const POINTER = { ENABLE: 0x45414552, RELATIVE: 0x4c455252, ABSOLUTE: 0x53424152, DISABLE: 0x000000f5 } as const;
/** "JUB4": what enabling puts into the queue. */
const POINTER_VERSION = 0x3442554a;
const PRODUCT_VERSION = 6;
const BUTTON = { LEFT: 0x20, RIGHT: 0x10, MIDDLE: 0x08 } as const;
const DISABLED = 0xffff;
/** Steps of a position over the whole width or height of the screen. */
export const POINTER_UNITS = 0x10000;

/** Registers of the processor in the midst of an IN; the result of the read goes to EAX by itself. */
export interface BackdoorRegisters {
  readonly eax: number;
  ebx: number;
  ecx: number;
  edx: number;
  esi: number;
  edi: number;
}

export interface VmMouseConfig {
  readonly registers: () => BackdoorRegisters;
  readonly memoryMiB: number;
  /** A packet is waiting: the guest's driver listens to the PS/2 mouse's interrupt, so that one has to speak up. */
  readonly wake: () => void;
}

/** One range of four ports, 5658h, width 4. */
export class VmMouse implements Device<typeof VMMOUSE>, PortIo {
  readonly spec = VMMOUSE;
  readonly state: StateOf<typeof VMMOUSE> = create(VMMOUSE);
  readonly id: string;
  readonly #config: VmMouseConfig;

  constructor(id: string, config: VmMouseConfig) {
    this.id = id;
    this.#config = config;
  }

  reset(): void {
    resetState(VMMOUSE, this.state);
  }

  /** A saved state may count more words than there are. */
  postLoad(): void {
    this.state.count = Math.min(this.state.count, QUEUE_WORDS);
  }

  /** The guest takes absolute positions: moves go here, not to the PS/2 mouse. */
  get active(): boolean {
    return this.state.absolute && this.state.status !== DISABLED;
  }

  /**
   * `x`, `y`: 0 to 65535 over the whole screen. `buttons`: bit 0 left, 1 right, 2 middle. Wheel positive downwards. What
   * changes nothing is not reported.
   */
  pointer(x: number, y: number, buttons: number, wheel: number): void {
    const { state } = this;
    if (!this.active || state.count + PACKET_WORDS > QUEUE_WORDS) return;
    const [left, top, held] = [clamp(x), clamp(y), buttons & 7];
    if (left === state.x && top === state.y && held === state.buttons && wheel === 0) return;
    [state.x, state.y, state.buttons] = [left, top, held];
    const pressed =
      (buttons & 1 ? BUTTON.LEFT : 0) | (buttons & 2 ? BUTTON.RIGHT : 0) | (buttons & 4 ? BUTTON.MIDDLE : 0);
    state.queue.set([pressed, left, top, wheel | 0], state.count);
    state.count += PACKET_WORDS;
    this.#config.wake();
  }

  ioRead(_range: number, offset: number, width: IoWidth): number {
    const none = width === 4 ? 0xffffffff : width === 2 ? 0xffff : 0xff;
    const registers = this.#config.registers();
    if (offset !== 0 || width !== 4 || registers.eax >>> 0 !== MAGIC) return none;
    switch (registers.ecx & 0xffff) {
      case COMMAND.GET_VERSION:
        registers.ebx = MAGIC;
        return PRODUCT_VERSION;
      case COMMAND.GET_RAM_SIZE:
        registers.ebx = 0x1177;
        return this.#config.memoryMiB;
      case COMMAND.POINTER_STATUS:
        return ((this.state.status << 16) | this.state.count) >>> 0;
      case COMMAND.POINTER_COMMAND:
        this.#pointerCommand(registers.ebx >>> 0);
        return 0;
      case COMMAND.POINTER_DATA:
        return this.#pointerData(registers);
      default:
        return none;
    }
  }

  ioWrite(): void {}

  #pointerCommand(command: number): void {
    const { state } = this;
    switch (command) {
      case POINTER.ENABLE:
        state.queue[0] = POINTER_VERSION;
        state.count = 1;
        state.status = 0;
        return;
      case POINTER.ABSOLUTE:
        state.absolute = true;
        return;
      case POINTER.RELATIVE:
        state.absolute = false;
        return;
      case POINTER.DISABLE:
        this.#disable();
    }
  }

  #disable(): void {
    this.state.status = DISABLED;
    this.state.count = 0;
    this.state.absolute = false;
  }

  /** EBX words of the queue, one to six, into EAX, EBX, ECX, EDX, ESI, EDI. */
  #pointerData(registers: BackdoorRegisters): number {
    const { state } = this;
    const size = registers.ebx >>> 0;
    if (size === 0 || size > 6 || size > state.count) {
      this.#disable();
      return 0xffffffff;
    }
    const words = state.queue.slice(0, size);
    state.queue.copyWithin(0, size, state.count);
    state.count -= size;
    const names = ['ebx', 'ecx', 'edx', 'esi', 'edi'] as const;
    for (let i = 1; i < size; i++) registers[names[i - 1]] = words[i];
    return words[0];
  }
}

const clamp = (value: number): number => Math.max(0, Math.min(0xffff, Math.round(value)));
