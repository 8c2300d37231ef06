/**
 * One IDE channel: the command and control block registers, two drives, and the bus master that serves them. ATA/ATAPI-7
 * volume 1 chapters 5 (registers) and 9 (protocols); "Programming Interface for Bus Master IDE Controller" 1.0.
 *
 * A command takes a few microseconds of guest time, as drivers expect that its interrupt does not arrive within the
 * write that starts it. The medium is then read or written at once.
 */
import type { DmaMemory, IoWidth, IrqLine, Timer, TimerQueue } from '../../bus/index.ts';
import { ATA } from './ata-commands.ts';
import type { IdeDrive } from './ide-drive.ts';
import { PrdWalker } from './ide-prd.ts';
import { CONTROL, DEVICE, STATUS, type ChannelState, type DriveState, type IdeAction } from './ide-state.ts';

const DELAY_NS: Readonly<Record<IdeAction, number>> = {
  none: 0,
  execute: 5_000,
  block: 1_000,
  dma: 10_000,
  reset: 50_000,
};

const REGISTER = {
  DATA: 0,
  FEATURES: 1,
  COUNT: 2,
  LBA_LOW: 3,
  LBA_MID: 4,
  LBA_HIGH: 5,
  DEVICE: 6,
  COMMAND: 7,
} as const;
const BM = { COMMAND: 0, STATUS: 2, TABLE: 4 } as const;
const BM_START = 0x01;
const BM_TO_MEMORY = 0x08;
const BM_ACTIVE = 0x01;
const BM_ERROR = 0x02;
const BM_INTERRUPT = 0x04;
const BM_CAPABLE = 0x60;

export interface IdeChannelPorts {
  readonly memory: DmaMemory;
  readonly timers: TimerQueue;
  readonly irq: IrqLine;
  /** The function's bus master enable bit. */
  readonly busMaster: () => boolean;
}

export class IdeChannel {
  readonly #state: ChannelState;
  /** State of both places, with or without a drive. */
  readonly #drives: readonly [DriveState, DriveState];
  readonly #ports: IdeChannelPorts;
  readonly #timer: Timer;
  #units: readonly (IdeDrive | undefined)[] = [];

  constructor(id: string, state: ChannelState, drives: readonly [DriveState, DriveState], ports: IdeChannelPorts) {
    this.#state = state;
    this.#drives = drives;
    this.#ports = ports;
    this.#timer = ports.timers.create(id, () => this.#act());
  }

  /** Called once, before anything else: drives need `raise`. */
  connect(units: readonly (IdeDrive | undefined)[]): void {
    this.#units = units;
  }

  reset(): void {
    for (const unit of this.#units) unit?.signature();
    this.apply();
  }

  apply(): void {
    const { action, dueNs } = this.#state;
    if (action === 'none') this.#timer.disarm();
    else this.#timer.arm(dueNs);
    this.#drive();
  }

  /** INTRQ of the drive at work. */
  raise(): void {
    this.#state.intrq = true;
    this.#state.bmStatus |= BM_INTERRUPT;
    this.#drive();
  }

  #drive(): void {
    this.#ports.irq.set(this.#state.intrq && !(this.#state.control & CONTROL.NIEN));
  }

  get #unit(): IdeDrive | undefined {
    return this.#units[this.#state.selected];
  }

  // ---- registers

  readCommandBlock(offset: number, width: IoWidth): number {
    if (offset === REGISTER.DATA) return this.#readData(width);
    let value = 0;
    for (let i = 0; i < width; i++) value |= this.#readRegister(offset + i) << (i * 8);
    return value >>> 0;
  }

  writeCommandBlock(offset: number, width: IoWidth, value: number): void {
    if (offset === REGISTER.DATA) this.#writeData(width, value);
    else for (let i = 0; i < width; i++) this.#writeRegister(offset + i, (value >>> (i * 8)) & 0xff);
  }

  /** Nobody drives the cable of an absent drive: a resistor holds it at 0. */
  #readRegister(offset: number): number {
    if (!this.#unit) return 0;
    const s = this.#unit.state;
    const high = (this.#state.control & CONTROL.HOB) !== 0;
    const byte = (register: number): number => (high ? register >> 8 : register & 0xff);
    switch (offset) {
      case REGISTER.FEATURES:
        return s.error;
      case REGISTER.COUNT:
        return byte(s.count);
      case REGISTER.LBA_LOW:
        return byte(s.lbaLow);
      case REGISTER.LBA_MID:
        return byte(s.lbaMid);
      case REGISTER.LBA_HIGH:
        return byte(s.lbaHigh);
      case REGISTER.DEVICE:
        return s.device | 0xa0;
      case REGISTER.COMMAND: {
        const status = this.readAlternateStatus();
        this.#state.intrq = false;
        this.#drive();
        return status;
      }
    }
    return 0xff;
  }

  readAlternateStatus(): number {
    // A poll sees the end of a command even if the alarm for it has not been served yet.
    if (this.#state.action !== 'none' && this.#ports.timers.nowNs >= this.#state.dueNs) this.#act();
    return this.#unit?.state.status ?? 0;
  }

  #writeRegister(offset: number, value: number): void {
    const state = this.#state;
    if (offset >= REGISTER.FEATURES && offset <= REGISTER.COMMAND) state.control &= ~CONTROL.HOB;
    // Both drives of a cable hear what is written.
    for (const s of this.#drives) {
      switch (offset) {
        case REGISTER.FEATURES:
          s.features = push(s.features, value);
          break;
        case REGISTER.COUNT:
          s.count = push(s.count, value);
          break;
        case REGISTER.LBA_LOW:
          s.lbaLow = push(s.lbaLow, value);
          break;
        case REGISTER.LBA_MID:
          s.lbaMid = push(s.lbaMid, value);
          break;
        case REGISTER.LBA_HIGH:
          s.lbaHigh = push(s.lbaHigh, value);
          break;
        case REGISTER.DEVICE:
          s.device = value & ~0xa0;
          break;
      }
    }
    if (offset === REGISTER.DEVICE) state.selected = value & DEVICE.DEV ? 1 : 0;
    else if (offset === REGISTER.COMMAND) this.#command(value);
  }

  writeControl(value: number): void {
    const state = this.#state;
    const before = state.control;
    state.control = value & (CONTROL.HOB | CONTROL.SRST | CONTROL.NIEN);
    if (value & CONTROL.SRST && !(before & CONTROL.SRST)) this.#holdReset();
    else if (!(value & CONTROL.SRST) && before & CONTROL.SRST) this.#schedule('reset');
    this.#drive();
  }

  #holdReset(): void {
    const state = this.#state;
    state.action = 'none';
    state.intrq = false;
    state.selected = 0;
    this.#timer.disarm();
    for (const s of this.#drives) stop(s);
  }

  #command(command: number): void {
    const state = this.#state;
    if (state.control & CONTROL.SRST) return;
    state.intrq = false;
    this.#drive();
    if (command === ATA.EXECUTE_DEVICE_DIAGNOSTIC) return this.#diagnostic();
    const unit = this.#unit;
    if (!unit) return;
    const s = unit.state;
    if (command === ATA.DEVICE_RESET && unit.isPacket) {
      if (state.actor === state.selected) this.#cancel();
      s.command = command;
      stop(s);
      unit.softReset();
      unit.signature();
      return;
    }
    if (s.status & (STATUS.BSY | STATUS.DRQ) || s.sleeping) return;
    // The other drive may not be at work now; if it is, it gets through first.
    if (state.action !== 'none') this.#act();
    s.command = command;
    s.status = STATUS.BSY;
    this.#schedule('execute');
  }

  #diagnostic(): void {
    this.#cancel();
    this.#state.selected = 0;
    for (const s of this.#drives) {
      stop(s);
      s.command = ATA.EXECUTE_DEVICE_DIAGNOSTIC;
    }
    this.#schedule('reset');
  }

  // ---- the data port

  #readData(width: IoWidth): number {
    const s = this.#unit?.state;
    if (s?.phase !== 'pio-in' || !(s.status & STATUS.DRQ)) return s ? 0 : 2 ** (8 * width) - 1;
    const { buffer } = s;
    const at = buffer.pos;
    let value: number;
    if (at + width <= buffer.end) {
      value =
        width === 2 ? buffer.view.getUint16(at, true) : width === 4 ? buffer.view.getUint32(at, true) : buffer.data[at];
      buffer.pos = at + width;
    } else {
      value = 0;
      for (let i = 0; at + i < buffer.end; i++) value |= buffer.data[at + i] << (i * 8);
      buffer.pos = buffer.end;
    }
    if (buffer.pos === buffer.end) this.#blockMoved(s);
    return value >>> 0;
  }

  #writeData(width: IoWidth, value: number): void {
    const s = this.#unit?.state;
    if (!s || (s.phase !== 'pio-out' && s.phase !== 'packet') || !(s.status & STATUS.DRQ)) return;
    const { buffer } = s;
    const at = buffer.pos;
    if (at + width <= buffer.end) {
      if (width === 2) buffer.view.setUint16(at, value, true);
      else if (width === 4) buffer.view.setUint32(at, value, true);
      else buffer.data[at] = value;
      buffer.pos = at + width;
    } else for (; buffer.pos < buffer.end; buffer.pos++) buffer.data[buffer.pos] = value >>> ((buffer.pos - at) * 8);
    if (buffer.pos === buffer.end) this.#blockMoved(s);
  }

  #blockMoved(s: DriveState): void {
    if (this.#state.action !== 'none') this.#act();
    s.status = STATUS.BSY;
    this.#schedule('block');
  }

  // ---- what a drive is busy with

  #schedule(action: IdeAction): void {
    const state = this.#state;
    state.action = action;
    state.actor = state.selected;
    state.dueNs = this.#ports.timers.nowNs + DELAY_NS[action];
    this.#timer.arm(state.dueNs);
  }

  #cancel(): void {
    this.#state.action = 'none';
    this.#timer.disarm();
  }

  #act(): void {
    const { action, actor } = this.#state;
    this.#cancel();
    if (action === 'reset') return this.#finishReset();
    const unit = this.#units[actor];
    if (!unit) return;
    if (action === 'execute') unit.execute();
    else if (action === 'block') unit.blockDone();
    else if (action === 'dma') this.#transfer(unit);
    if (action !== 'dma') this.#startDma();
  }

  #finishReset(): void {
    const diagnostic =
      this.#drives[0].command === ATA.EXECUTE_DEVICE_DIAGNOSTIC && this.#drives[0].status === STATUS.BSY;
    for (const unit of this.#units) {
      if (!unit) continue;
      if (!diagnostic) unit.softReset();
      unit.signature();
      unit.state.device = 0;
      unit.state.command = ATA.NOP;
    }
    if (diagnostic && this.#units[0]) this.raise();
  }

  // ---- bus master

  readBusMaster(offset: number): number {
    const state = this.#state;
    if (offset === BM.COMMAND) return state.bmCommand;
    if (offset === BM.STATUS) return state.bmStatus;
    return offset >= BM.TABLE ? (state.bmTable >>> ((offset & 3) * 8)) & 0xff : 0xff;
  }

  writeBusMaster(offset: number, value: number): void {
    const state = this.#state;
    if (offset === BM.COMMAND) {
      const started = (value & BM_START) !== 0 && !(state.bmCommand & BM_START);
      state.bmCommand = value & (BM_START | BM_TO_MEMORY);
      if (started) {
        state.bmStatus |= BM_ACTIVE;
        this.#startDma();
      } else if (!(value & BM_START)) {
        state.bmStatus &= ~BM_ACTIVE;
        if (state.action === 'dma') this.#cancel();
      }
    } else if (offset === BM.STATUS) {
      const kept = state.bmStatus & ~(value & (BM_ERROR | BM_INTERRUPT));
      state.bmStatus = (kept & ~BM_CAPABLE) | (value & BM_CAPABLE);
    } else if (offset >= BM.TABLE) {
      const shift = (offset & 3) * 8;
      state.bmTable = ((state.bmTable & ~(0xff << shift)) | (value << shift)) & ~3;
      state.bmTable >>>= 0;
    }
  }

  /** Both sides ready: the drive waits for data to move, the bus master is started. */
  #startDma(): void {
    const state = this.#state;
    if (state.action !== 'none' || !(state.bmCommand & BM_START) || !(state.bmStatus & BM_ACTIVE)) return;
    const phase = this.#unit?.state.phase;
    if (phase !== 'dma-in' && phase !== 'dma-out') return;
    if (this.#ports.busMaster()) this.#schedule('dma');
    else {
      state.bmStatus |= BM_ERROR;
      state.bmStatus &= ~BM_ACTIVE;
    }
  }

  #transfer(unit: IdeDrive): void {
    const s = unit.state;
    const table = new PrdWalker(this.#ports.memory, this.#state.bmTable);
    const into = s.phase === 'dma-in';
    for (;;) {
      const part = into ? unit.dmaTake() : unit.dmaRoom();
      if (!part) break;
      const moved = into ? table.toMemory(part) : table.fromMemory(part);
      if (moved < part.length) {
        // Fewer bytes are described than the command moves: the bus master stops, the drive waits for a reset.
        s.phase = 'stalled';
        break;
      }
      if (into) continue;
      unit.dmaFilled();
      if (s.phase !== 'dma-out') break;
    }
    if (table.exhausted) this.#state.bmStatus &= ~BM_ACTIVE;
  }
}

/** Registers are two deep, for 48-bit addresses. */
const push = (register: number, value: number): number => ((register << 8) | value) & 0xffff;

function stop(s: DriveState): void {
  s.status = STATUS.BSY;
  s.phase = 'idle';
  s.command = ATA.NOP;
  s.buffer.clear();
}
