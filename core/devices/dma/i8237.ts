/**
 * The two 8237A DMA controllers and the page registers of a PC/AT. Intel 231466; IBM PC/AT Technical Reference, "DMA".
 *
 * A transfer happens when a device asks for it, as a whole: single, block and demand mode differ in bus arbitration
 * only, which this board does not have. Memory-to-memory transfers and software requests (which need a channel without
 * device) are logged and not done; PIIX has neither.
 */
import { assert } from '../../base/index.ts';
import {
  silentLog,
  type Device,
  type DeviceLog,
  type DmaMemory,
  type IoWidth,
  type PortIo,
  type ResetKind,
} from '../../bus/index.ts';
import {
  bool,
  bytes,
  create,
  defineState,
  records,
  resetState,
  u16,
  u8,
  type StateOf,
  type ValuesOf,
} from '../../state/index.ts';
import type { DmaChannel, DmaTransfer } from './dma-channel.ts';

const CHANNEL_FIELDS = {
  baseAddress: u16(),
  baseCount: u16({ doc: 'Transfers less one' }),
  address: u16({ doc: 'Current address, in bytes (channels 0-3) or words (5-7)' }),
  count: u16({ doc: 'Current count: transfers left less one' }),
  mode: u8(),
} as const;

const CONTROLLER_FIELDS = {
  command: u8(),
  mask: u8({ reset: 0x0f }),
  terminalCounts: u8({ doc: 'Status bits 0-3, cleared by reading' }),
  softwareRequests: u8(),
  requests: u8({ doc: 'DREQ wires' }),
  flipFlop: bool({ doc: 'The next address or count byte is the high one' }),
} as const;

export const I8237 = defineState({
  name: 'i8237',
  version: 1,
  fields: {
    controllers: records(2, CONTROLLER_FIELDS),
    channels: records(8, CHANNEL_FIELDS),
    pages: bytes(16, { doc: 'Ports 80h-8Fh; 80h is where POST codes go' }),
  },
});

type ChannelState = ValuesOf<typeof CHANNEL_FIELDS>;
type ControllerState = ValuesOf<typeof CONTROLLER_FIELDS>;

const COMMAND_MEMORY_TO_MEMORY = 0x01;
const COMMAND_DISABLE = 0x04;
const MODE_DIRECTION = 0x0c;
const MODE_WRITE = 0x04;
const MODE_READ = 0x08;
const MODE_AUTOINIT = 0x10;
const MODE_DECREMENT = 0x20;
const MODE_SELECT = 0xc0;
const MODE_CASCADE = 0xc0;
const REQUEST_SET = 0x04;
/** Channel 4 passes the first controller's requests on. */
const CASCADE = 4;

/** Page register (port less 80h) of each channel; 8Fh, "channel 4", is the refresh page. */
const PAGE_OF = [0x7, 0x3, 0x1, 0x2, 0xf, 0xb, 0x9, 0xa];
const POST_CODE = 0;

/** Controller registers 8 to 15. */
const REG = {
  STATUS_COMMAND: 0x8,
  REQUEST: 0x9,
  SINGLE_MASK: 0xa,
  MODE: 0xb,
  CLEAR_FLIP_FLOP: 0xc,
  MASTER_CLEAR: 0xd,
  CLEAR_MASK: 0xe,
  ALL_MASK: 0xf,
} as const;

export const I8237_RANGE = { CONTROLLER_0: 0, CONTROLLER_1: 1, PAGES: 2 } as const;

/** Ranges: CONTROLLER_0 16 ports (00h), CONTROLLER_1 32 ports (C0h, registers two ports apart), PAGES 16 ports (80h). */
export class I8237Dma implements Device<typeof I8237>, PortIo {
  readonly spec = I8237;
  readonly state: StateOf<typeof I8237> = create(I8237);
  readonly id: string;
  readonly #memory: DmaMemory;
  readonly #log: DeviceLog;
  readonly #channels: readonly DmaChannel[];

  constructor(id: string, memory: DmaMemory, log: DeviceLog = silentLog) {
    this.id = id;
    this.#memory = memory;
    this.#log = log;
    this.#channels = Array.from({ length: 8 }, (_, index) => this.#deviceSide(index));
  }

  /** DREQ wires are the devices' and stay with a reset of the chip. */
  reset(kind: ResetKind): void {
    const requests = this.state.controllers.map((c) => c.requests);
    resetState(I8237, this.state);
    if (kind === 'hard') this.state.controllers.forEach((c, i) => (c.requests = requests[i]));
  }

  /** What a device on channel `index` holds: 0 to 3 or 5 to 7. */
  channel(index: number): DmaChannel {
    assert(index !== CASCADE && this.#channels[index] !== undefined, `no DMA channel ${index}`);
    return this.#channels[index];
  }

  /** The last byte written to port 80h. */
  get postCode(): number {
    return this.state.pages[POST_CODE];
  }

  ioRead(range: number, offset: number, _width: IoWidth): number {
    if (range === I8237_RANGE.PAGES) return this.state.pages[offset & 15];
    const controller = this.state.controllers[range & 1];
    const register = this.#register(range, offset);
    if (register < 8) {
      const channel = this.#channelOf(range, register);
      return byteOf(register & 1 ? channel.count : channel.address, flip(controller));
    }
    switch (register) {
      case REG.STATUS_COMMAND: {
        const status = controller.terminalCounts | ((controller.requests | controller.softwareRequests) << 4);
        controller.terminalCounts = 0;
        return status;
      }
      case REG.MASTER_CLEAR:
        // The temporary register: only memory-to-memory transfers would fill it.
        return 0;
      case REG.ALL_MASK:
        return 0xf0 | controller.mask;
      default:
        return 0xff;
    }
  }

  ioWrite(range: number, offset: number, _width: IoWidth, value: number): void {
    const byte = value & 0xff;
    if (range === I8237_RANGE.PAGES) {
      this.state.pages[offset & 15] = byte;
      return;
    }
    const controller = this.state.controllers[range & 1];
    const register = this.#register(range, offset);
    if (register < 8) {
      const channel = this.#channelOf(range, register);
      const high = flip(controller);
      if (register & 1) {
        channel.baseCount = withByte(channel.baseCount, high, byte);
        channel.count = withByte(channel.count, high, byte);
      } else {
        channel.baseAddress = withByte(channel.baseAddress, high, byte);
        channel.address = withByte(channel.address, high, byte);
      }
      return;
    }
    this.#writeControl(range & 1, controller, register, byte);
  }

  #writeControl(which: number, controller: ControllerState, register: number, byte: number): void {
    const bit = 1 << (byte & 3);
    switch (register) {
      case REG.STATUS_COMMAND:
        controller.command = byte;
        if (byte & COMMAND_MEMORY_TO_MEMORY) this.#log.unimplemented(this.id, 'memory-to-memory transfer');
        return;
      case REG.REQUEST:
        if (byte & REQUEST_SET) {
          controller.softwareRequests |= bit;
          this.#log.unimplemented(this.id, 'software request');
        } else controller.softwareRequests &= ~bit;
        return;
      case REG.SINGLE_MASK:
        if (byte & REQUEST_SET) controller.mask |= bit;
        else controller.mask &= ~bit;
        return;
      case REG.MODE:
        this.state.channels[which * 4 + (byte & 3)].mode = byte & ~3;
        return;
      case REG.CLEAR_FLIP_FLOP:
        controller.flipFlop = false;
        return;
      case REG.MASTER_CLEAR:
        controller.command = 0;
        controller.mask = 0x0f;
        controller.terminalCounts = 0;
        controller.softwareRequests = 0;
        controller.flipFlop = false;
        return;
      case REG.CLEAR_MASK:
        controller.mask = 0;
        return;
      case REG.ALL_MASK:
        controller.mask = byte & 0x0f;
    }
  }

  /** The second controller sits on A1-A4 of the bus: its registers are two ports apart. */
  #register(range: number, offset: number): number {
    return (range === I8237_RANGE.CONTROLLER_1 ? offset >> 1 : offset) & 15;
  }

  #channelOf(range: number, register: number): ChannelState {
    return this.state.channels[(range & 1) * 4 + (register >> 1)];
  }

  #deviceSide(index: number): DmaChannel {
    const masked = (): boolean => this.#masked(index);
    return {
      index,
      get masked(): boolean {
        return masked();
      },
      setRequest: (level) => {
        const controller = this.state.controllers[index >> 2];
        const bit = 1 << (index & 3);
        if (level) controller.requests |= bit;
        else controller.requests &= ~bit;
      },
      transferFromMemory: (target) => {
        // Nobody drives the data bus in a verify transfer, nor in one that memory is to receive.
        if (!this.#masked(index) && this.#direction(index) !== MODE_READ) target.fill(0xff);
        return this.#transfer(index, target, MODE_READ);
      },
      transferToMemory: (data) => this.#transfer(index, data, MODE_WRITE),
    };
  }

  #direction(index: number): number {
    return this.state.channels[index].mode & MODE_DIRECTION;
  }

  #masked(index: number): boolean {
    const closed = (channel: number): boolean => {
      const controller = this.state.controllers[channel >> 2];
      return (controller.command & COMMAND_DISABLE) !== 0 || (controller.mask & (1 << (channel & 3))) !== 0;
    };
    // A channel in cascade mode only grants the bus: nothing of its own moves.
    if (closed(index) || (this.state.channels[index].mode & MODE_SELECT) === MODE_CASCADE) return true;
    return index < CASCADE && closed(CASCADE);
  }

  #transfer(index: number, buffer: Uint8Array, direction: number): DmaTransfer {
    if (this.#masked(index)) return { count: 0, terminalCount: false };
    const channel = this.state.channels[index];
    const unit = index < CASCADE ? 1 : 2;
    const left = channel.count + 1;
    const units = Math.min(left, Math.floor(buffer.length / unit));
    if (units === 0) return { count: 0, terminalCount: false };
    if (this.#direction(index) === direction) this.#move(index, buffer.subarray(0, units * unit), direction);
    const step = channel.mode & MODE_DECREMENT ? -units : units;
    channel.address = (channel.address + step) & 0xffff;
    channel.count = (channel.count - units) & 0xffff;
    const terminalCount = units === left;
    if (terminalCount) this.#terminalCount(index);
    return { count: units * unit, terminalCount };
  }

  #terminalCount(index: number): void {
    const channel = this.state.channels[index];
    const controller = this.state.controllers[index >> 2];
    const bit = 1 << (index & 3);
    controller.terminalCounts |= bit;
    controller.softwareRequests &= ~bit;
    if (channel.mode & MODE_AUTOINIT) {
      channel.address = channel.baseAddress;
      channel.count = channel.baseCount;
    } else controller.mask |= bit;
  }

  /** Moves the bytes; the address wraps within its 64 KiB page (128 KiB for words), the page register never changes. */
  #move(index: number, buffer: Uint8Array, direction: number): void {
    const channel = this.state.channels[index];
    const page = this.state.pages[PAGE_OF[index]];
    const unit = index < CASCADE ? 1 : 2;
    const physOf = (address: number): number =>
      unit === 1 ? (page << 16) | address : ((page & 0xfe) << 16) | (address << 1);
    const access = (physAddr: number, part: Uint8Array): void => {
      if (direction === MODE_READ) this.#memory.dmaRead(physAddr, part);
      else this.#memory.dmaWrite(physAddr, part);
    };
    if (channel.mode & MODE_DECREMENT) {
      for (let at = 0, address = channel.address; at < buffer.length; at += unit, address = (address - 1) & 0xffff)
        access(physOf(address), buffer.subarray(at, at + unit));
      return;
    }
    const first = Math.min(buffer.length, (0x10000 - channel.address) * unit);
    access(physOf(channel.address), buffer.subarray(0, first));
    if (first < buffer.length) access(physOf(0), buffer.subarray(first));
  }
}

/** The flip-flop's position, which every access to an address or count toggles. */
function flip(controller: ControllerState): boolean {
  const high = controller.flipFlop;
  controller.flipFlop = !high;
  return high;
}

const byteOf = (word: number, high: boolean): number => (high ? word >> 8 : word & 0xff);

const withByte = (word: number, high: boolean, byte: number): number =>
  high ? (word & 0x00ff) | (byte << 8) : (word & 0xff00) | byte;
