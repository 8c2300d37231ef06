import type { Device, DeviceLog, IrqLine, PortIo, Timer, TimerQueue } from '../../bus/index.ts';
import { bool, bytes, create, defineState, f64, fifo, resetState, u8, type StateOf } from '../../state/index.ts';
import type { Ps2Device } from './ps2-device.ts';
import { set2ToSet1 } from './scancodes.ts';

/**
 * 8042 keyboard and auxiliary device controller. IBM PS/2 Hardware Interface Technical Reference, "Keyboard and
 * Auxiliary Device Controller"; ports 60h and 64h. Commands are executed at once, so the input buffer is never seen
 * full. There is no keyboard lock: the password commands answer "not installed".
 */
export const I8042 = defineState({
  name: 'i8042',
  version: 1,
  fields: {
    commandByte: u8({ doc: 'command byte, byte 0 of the RAM', reset: 0x30 }),
    ram: bytes(32, { doc: 'controller RAM from byte 1 on' }),
    output: u8({ doc: 'output buffer' }),
    outputFull: bool({ doc: 'OBF' }),
    outputAux: bool({ doc: 'the output buffer came from the auxiliary device' }),
    selfTested: bool({ doc: 'SYS flag' }),
    lastWasCommand: bool({ doc: 'C/D flag' }),
    awaiting: u8({ doc: 'command whose data byte comes next at port 60h, 0 none' }),
    outputPort: u8({ doc: 'P2: bit 0 reset (inactive 1), bit 1 A20', reset: 0x03 }),
    poll: u8({ doc: 'input port nibble shown in the status register: 0 none, 1 low, 2 high' }),
    replies: fifo(32, { doc: 'answers of the controller itself, and bytes written by D2h' }),
    auxReplies: fifo(32, { doc: 'bytes written by D3h' }),
    breakPrefix: bool({ doc: 'translation: F0h was swallowed' }),
    nextByteNs: f64({ doc: 'when the next byte arrives in the output buffer, -1: none on its way', reset: -1 }),
  },
});

const CMD_KBD_INT = 0x01;
const CMD_AUX_INT = 0x02;
const CMD_SYS = 0x04;
const CMD_KBD_DISABLE = 0x10;
const CMD_AUX_DISABLE = 0x20;
const CMD_TRANSLATE = 0x40;

const OUT_RESET = 0x01;
const OUT_A20 = 0x02;

/** Not inhibited, colour display, no manufacturing jumper. */
const INPUT_PORT = 0xb0;

/** Several times faster than the real cable (about 1 ms), slow enough for handlers that read port 60h twice. */
const BYTE_GAP_NS = 100_000;

/** Ranges of the device: map port 60h as DATA and port 64h as COMMAND, one byte each. */
export const I8042_RANGE_DATA = 0;
export const I8042_RANGE_COMMAND = 1;

export interface I8042Config {
  readonly timers: TimerQueue;
  readonly keyboard: Ps2Device;
  readonly aux: Ps2Device;
  readonly irq1: IrqLine;
  readonly irq12: IrqLine;
  /** Output port bit 1; the board combines it with port 92h. */
  readonly setA20: (enabled: boolean) => void;
  /** Output port bit 0 went low: the processor's reset line. */
  readonly reset: () => void;
  readonly log: DeviceLog;
}

export class I8042Controller implements Device<typeof I8042>, PortIo {
  readonly id: string;
  readonly spec = I8042;
  readonly state: StateOf<typeof I8042> = create(I8042);
  readonly #cfg: I8042Config;
  readonly #timer: Timer;

  constructor(id: string, cfg: I8042Config) {
    this.id = id;
    this.#cfg = cfg;
    this.#timer = cfg.timers.create(`${id}.byte`, () => this.#byteArrives());
    cfg.keyboard.onData = () => this.#schedule();
    cfg.aux.onData = () => this.#schedule();
  }

  reset(): void {
    resetState(I8042, this.state);
    this.#timer.disarm();
    this.#driveIrqs();
    this.#cfg.setA20(true);
  }

  postLoad(): void {
    if (this.state.nextByteNs >= 0) this.#timer.arm(this.state.nextByteNs);
    else this.#timer.disarm();
    this.#driveIrqs();
    this.#cfg.setA20((this.state.outputPort & OUT_A20) !== 0);
  }

  ioRead(range: number): number {
    return range === I8042_RANGE_COMMAND ? this.#status() : this.#readData();
  }

  ioWrite(range: number, _offset: number, _width: number, value: number): void {
    const byte = value & 0xff;
    this.state.lastWasCommand = range === I8042_RANGE_COMMAND;
    this.state.poll = 0;
    if (range === I8042_RANGE_COMMAND) this.#command(byte);
    else this.#writeData(byte);
    this.#driveIrqs();
    this.#schedule();
  }

  // Port 64h

  #status(): number {
    const s = this.state;
    let status = (s.outputFull ? 0x01 : 0) | (s.selfTested ? 0x04 : 0) | (s.lastWasCommand ? 0x08 : 0) | 0x10;
    if (s.outputFull && s.outputAux) status |= 0x20;
    if (s.poll === 1) status = (status & 0x0f) | ((INPUT_PORT & 0x0f) << 4);
    if (s.poll === 2) status = (status & 0x0f) | (INPUT_PORT & 0xf0);
    return status;
  }

  #command(command: number): void {
    const s = this.state;
    s.awaiting = 0;
    if (command >= 0x20 && command <= 0x3f) return this.#reply(this.#ram(command & 0x1f));
    if (command >= 0x60 && command <= 0x7f) {
      s.awaiting = command;
      return;
    }
    if (command >= 0xf0) {
      if ((command & OUT_RESET) === 0) this.#cfg.reset();
      return;
    }
    switch (command) {
      case 0xa4: // Test Password Installed
        return this.#reply(0xf1);
      case 0xa5: // Load Password
      case 0xd1: // Write Output Port
      case 0xd2: // Write Keyboard Output Buffer
      case 0xd3: // Write Auxiliary Device Output Buffer
      case 0xd4: // Write to Auxiliary Device
        s.awaiting = command;
        return;
      case 0xa6: // Enable Password: none is installed
        return;
      case 0xa7: // Disable Auxiliary Device Interface
        s.commandByte |= CMD_AUX_DISABLE;
        return;
      case 0xa8: // Enable Auxiliary Device Interface
        s.commandByte &= ~CMD_AUX_DISABLE;
        return;
      case 0xa9: // Auxiliary Interface Test
      case 0xab: // Keyboard Interface Test
        return this.#reply(0x00);
      case 0xaa: // Self Test
        s.selfTested = true;
        s.commandByte |= CMD_SYS;
        return this.#reply(0x55);
      case 0xac: // Diagnostic Dump
        for (let i = 0; i < 16; i++) this.#reply(this.#ram(i));
        this.#reply(INPUT_PORT);
        this.#reply(this.#outputPort());
        return;
      case 0xad: // Disable Keyboard Interface
        s.commandByte |= CMD_KBD_DISABLE;
        return;
      case 0xae: // Enable Keyboard Interface
        s.commandByte &= ~CMD_KBD_DISABLE;
        return;
      case 0xaf: // Read Version
        return this.#reply(0x00);
      case 0xc0: // Read Input Port
        return this.#reply(INPUT_PORT);
      case 0xc1: // Poll Input Port Low
      case 0xc2: // Poll Input Port High
        s.poll = command & 0x03;
        return;
      case 0xd0: // Read Output Port
        return this.#reply(this.#outputPort());
      case 0xdd: // Disable A20
      case 0xdf: // Enable A20
        return this.#writeOutputPort(command);
      case 0xe0: // Read Test Inputs: both clocks idle
        return this.#reply(0x00);
      default:
        this.#cfg.log.unimplemented(this.id, `command ${command.toString(16)}h`);
    }
  }

  // Port 60h

  #readData(): number {
    const s = this.state;
    if (s.outputFull) {
      s.outputFull = false;
      this.#driveIrqs();
      this.#schedule();
    }
    return s.output;
  }

  #writeData(byte: number): void {
    const s = this.state;
    const command = s.awaiting;
    s.awaiting = 0;
    switch (command) {
      case 0:
        // The controller releases the clock to send, which leaves the interface enabled.
        s.commandByte &= ~CMD_KBD_DISABLE;
        this.#cfg.keyboard.write(byte);
        return;
      case 0xa5: // the password ends with a zero
        if (byte !== 0) s.awaiting = command;
        return;
      case 0xd1:
        return this.#writeOutputPort(byte);
      case 0xd2:
        return this.#reply(byte);
      case 0xd3:
        s.auxReplies.push(byte);
        return;
      case 0xd4:
        s.commandByte &= ~CMD_AUX_DISABLE;
        this.#cfg.aux.write(byte);
        return;
      case 0x60:
        s.commandByte = byte;
        s.selfTested = (byte & CMD_SYS) !== 0;
        return;
      default: // 61h to 7Fh
        s.ram[command & 0x1f] = byte;
    }
  }

  #outputPort(): number {
    const s = this.state;
    const irqs = s.outputFull ? (s.outputAux ? 0x20 : 0x10) : 0;
    return 0xcc | irqs | (s.outputPort & (OUT_A20 | OUT_RESET));
  }

  /** The firmware opens or closes the gate from outside the processor; the output port must tell, and a snapshot keep it. */
  gateA20(enabled: boolean): void {
    this.state.outputPort = enabled ? this.state.outputPort | OUT_A20 : this.state.outputPort & ~OUT_A20;
    this.#cfg.setA20(enabled);
  }

  #writeOutputPort(value: number): void {
    this.state.outputPort = (value & OUT_A20) | OUT_RESET;
    this.#cfg.setA20((value & OUT_A20) !== 0);
    if ((value & OUT_RESET) === 0) this.#cfg.reset();
  }

  #ram(index: number): number {
    return index === 0 ? this.state.commandByte : this.state.ram[index];
  }

  // The output buffer

  /** The controller's own answers are there at once when the buffer is free. */
  #reply(byte: number): void {
    const s = this.state;
    if (!s.outputFull && s.replies.size === 0) this.#fill(byte, false);
    else s.replies.push(byte);
  }

  #fill(byte: number, aux: boolean): void {
    const s = this.state;
    s.output = byte;
    s.outputAux = aux;
    s.outputFull = true;
    this.#driveIrqs();
  }

  #keyboardReady(): boolean {
    return (this.state.commandByte & CMD_KBD_DISABLE) === 0 && this.#cfg.keyboard.hasData;
  }

  #auxReady(): boolean {
    return (this.state.commandByte & CMD_AUX_DISABLE) === 0 && this.#cfg.aux.hasData;
  }

  #schedule(): void {
    const s = this.state;
    const waiting = s.replies.size > 0 || s.auxReplies.size > 0 || this.#keyboardReady() || this.#auxReady();
    if (s.outputFull || !waiting) {
      if (s.nextByteNs >= 0) this.#timer.disarm();
      s.nextByteNs = -1;
    } else if (s.nextByteNs < 0) {
      s.nextByteNs = this.#cfg.timers.nowNs + BYTE_GAP_NS;
      this.#timer.arm(s.nextByteNs);
    }
  }

  #byteArrives(): void {
    const s = this.state;
    s.nextByteNs = -1;
    if (s.replies.size > 0) this.#fill(s.replies.shift()!, false);
    else if (s.auxReplies.size > 0) this.#fill(s.auxReplies.shift()!, true);
    else if (this.#keyboardReady()) {
      const byte = this.#takeKeyboard();
      if (byte !== undefined) this.#fill(byte, false);
    } else if (this.#auxReady()) {
      const byte = this.#cfg.aux.take();
      if (byte !== undefined) this.#fill(byte, true);
    }
    this.#schedule();
  }

  #takeKeyboard(): number | undefined {
    const s = this.state;
    let byte = this.#cfg.keyboard.take();
    if (byte === undefined || (s.commandByte & CMD_TRANSLATE) === 0) return byte;
    if (byte === 0xf0) {
      s.breakPrefix = true;
      byte = this.#cfg.keyboard.take();
      if (byte === undefined) return undefined;
    }
    const translated = set2ToSet1(byte) | (s.breakPrefix ? 0x80 : 0);
    s.breakPrefix = false;
    return translated;
  }

  #driveIrqs(): void {
    const s = this.state;
    const command = s.commandByte;
    // With its interface disabled the keyboard raises no interrupt, so that answers can be polled for.
    const keyboard = s.outputFull && !s.outputAux && (command & (CMD_KBD_INT | CMD_KBD_DISABLE)) === CMD_KBD_INT;
    const aux = s.outputFull && s.outputAux && (command & CMD_AUX_INT) !== 0;
    this.#cfg.irq1.set(keyboard);
    this.#cfg.irq12.set(aux);
  }
}
