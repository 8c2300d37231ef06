import type { Block } from '../../backends/index.ts';
import type { Device, DeviceLog, IrqLine, PortIo, Timer, TimerQueue } from '../../bus/index.ts';
import { create, resetState } from '../../state/index.ts';
import type { DmaChannel } from '../dma/dma-channel.ts';
import { FloppyUnit } from './floppy-drive.ts';
import type { FloppyDriveType } from './floppy-geometry.ts';
import { findCommand } from './i82077-commands.ts';
import {
  DOR_DMAGATE,
  DOR_NRESET,
  I82077,
  ST0_ABNORMAL,
  ST0_EC,
  ST0_INVALID,
  ST0_READY_CHANGED,
  ST0_SE,
  type I82077State,
} from './i82077-state.ts';
import { FloppyTransfer } from './i82077-transfer.ts';

/**
 * 82077AA floppy disk controller in AT mode. Intel 82077AA data sheet (290166). Ports 3F0h-3F5h and 3F7h; the status
 * registers A and B of the PS/2 modes float. Sectors have 512 bytes, as images do; heads move in microseconds.
 */

/** Ranges of the device: map 3F0h-3F5h as REGISTERS (6 ports) and 3F7h as DIR (1 port). */
export const I82077_RANGE_REGISTERS = 0;
export const I82077_RANGE_DIR = 1;

const REG_DOR = 2;
const REG_TDR = 3;
const REG_MSR_DSR = 4;
const REG_DATA = 5;

const MSR_RQM = 0x80;
const MSR_DIO = 0x40;
const MSR_NONDMA = 0x20;
const MSR_BUSY = 0x10;
const DSR_SWRESET = 0x80;
const DIR_DSKCHG = 0x80;

const RESET_NS = 20_000;
const SEEK_NS = 50_000;
const STEP_NS = 10_000;
/** RECALIBRATE gives up after so many steps. */
const RECALIBRATE_STEPS = 79;
const VERSION_82077 = 0x90;

export interface I82077Config {
  readonly timers: TimerQueue;
  readonly irq: IrqLine;
  readonly dma: DmaChannel;
  readonly log: DeviceLog;
  /** Drives A and B; undefined is no drive. */
  readonly drives: readonly (FloppyDriveType | undefined)[];
  readonly media: readonly (Block | undefined)[];
}

export class I82077Floppy implements Device<typeof I82077>, PortIo {
  readonly id: string;
  readonly spec = I82077;
  readonly state: I82077State = create(I82077);
  readonly #cfg: I82077Config;
  readonly #units: readonly FloppyUnit[];
  readonly #transfer: FloppyTransfer;
  readonly #readyTimer: Timer;
  readonly #seekTimers: readonly Timer[];

  constructor(id: string, cfg: I82077Config) {
    this.id = id;
    this.#cfg = cfg;
    this.#units = this.state.drives.map(
      (_, i) => new FloppyUnit(cfg.drives[i], () => this.state.drives[i], cfg.media[i]),
    );
    this.#readyTimer = cfg.timers.create(`${id}.ready`, () => this.#resetDone());
    this.#seekTimers = this.state.drives.map((_, i) => cfg.timers.create(`${id}.seek${i}`, () => this.#seekDone(i)));
    this.#transfer = new FloppyTransfer({
      id,
      state: this.state,
      units: this.#units,
      timers: cfg.timers,
      dma: cfg.dma,
      log: cfg.log,
      setInterrupt: (level) => this.#setInterrupt(level),
      finish: (st0) => this.#finish(st0),
    });
  }

  /** Drive A is 0, B is 1. */
  drive(index: 0 | 1): FloppyUnit {
    return this.#units[index];
  }

  /** The reset line puts the controller back; the drives' heads and latches stay. */
  reset(kind: 'power' | 'hard'): void {
    const s = this.state;
    const drives = s.drives.map(({ track, diskChanged, exchanged, deleted }) => ({
      track,
      diskChanged,
      exchanged,
      deleted: deleted.slice(),
    }));
    this.#stopEverything();
    resetState(I82077, s);
    drives.forEach(({ track, diskChanged, exchanged, deleted }, i) => {
      s.drives[i].deleted.set(deleted); // the marks are on the disk
      if (kind === 'hard') Object.assign(s.drives[i], { track, diskChanged, exchanged });
    });
    this.#driveIrq();
  }

  postLoad(): void {
    const s = this.state;
    rearm(this.#readyTimer, s.readyNs);
    s.drives.forEach((drive, i) => rearm(this.#seekTimers[i], drive.seekNs));
    this.#transfer.postLoad();
    this.#driveIrq();
  }

  ioRead(range: number, offset: number): number {
    const s = this.state;
    if (range === I82077_RANGE_DIR) return this.#readDir();
    switch (offset) {
      case REG_DOR:
        return s.dor;
      case REG_TDR:
        return s.tdr | 0xfc;
      case REG_MSR_DSR:
        return this.#msr();
      case REG_DATA:
        return this.#readData();
      default: // SRA and SRB are not driven in AT mode
        return 0xff;
    }
  }

  ioWrite(range: number, offset: number, _width: number, value: number): void {
    const s = this.state;
    const byte = value & 0xff;
    if (range === I82077_RANGE_DIR) {
      s.dsr = (s.dsr & ~3) | (byte & 3); // CCR
      return;
    }
    switch (offset) {
      case REG_DOR:
        return this.#writeDor(byte);
      case REG_TDR:
        s.tdr = byte & 3;
        return;
      case REG_MSR_DSR:
        s.dsr = byte & ~DSR_SWRESET;
        if (byte & DSR_SWRESET) this.#softReset();
        return;
      case REG_DATA:
        return this.#writeData(byte);
    }
  }

  // Registers

  #readDir(): number {
    // The line comes from the selected drive, and a drive is selected together with its motor.
    const s = this.state;
    const selected = s.dor & 3;
    const motorOn = (s.dor & (0x10 << selected)) !== 0;
    return motorOn && this.#units[selected].connected && s.drives[selected].diskChanged ? DIR_DSKCHG : 0;
  }

  #msr(): number {
    const s = this.state;
    let busyDrives = 0;
    s.drives.forEach((drive, i) => (busyDrives |= drive.seekNs >= 0 ? 1 << i : 0));
    switch (s.phase) {
      case 'reset':
        return 0;
      case 'command':
        return MSR_RQM | (s.commandLength > 0 ? MSR_BUSY : 0) | busyDrives;
      case 'result':
        return MSR_RQM | MSR_DIO | MSR_BUSY | busyDrives;
      case 'execution': {
        const request = this.#transfer.pioReady ? MSR_RQM | (this.#transfer.toHost ? MSR_DIO : 0) : 0;
        return MSR_BUSY | (this.#transfer.nonDma ? MSR_NONDMA : 0) | request | busyDrives;
      }
    }
  }

  #writeDor(value: number): void {
    const s = this.state;
    const before = s.dor;
    s.dor = value;
    if ((value & DOR_NRESET) === 0) {
      this.#enterReset();
    } else if ((before & DOR_NRESET) === 0) {
      s.readyNs = this.#cfg.timers.nowNs + RESET_NS;
      this.#readyTimer.arm(s.readyNs);
    }
    this.#driveIrq();
  }

  #softReset(): void {
    const s = this.state;
    this.#enterReset();
    if ((s.dor & DOR_NRESET) === 0) return;
    s.readyNs = this.#cfg.timers.nowNs + RESET_NS;
    this.#readyTimer.arm(s.readyNs);
  }

  #stopEverything(): void {
    const s = this.state;
    this.#transfer.abort();
    s.readyNs = -1;
    this.#readyTimer.disarm();
    s.drives.forEach((drive, i) => {
      drive.seekNs = -1;
      drive.sought = false;
      this.#seekTimers[i].disarm();
    });
    s.interrupt = false;
  }

  #enterReset(): void {
    const s = this.state;
    this.#stopEverything();
    s.phase = 'reset';
    s.commandLength = 0;
    s.resultLength = s.resultAt = 0;
    s.resetStatuses = 0;
    s.perpendicular &= 0x3c; // GAP and WGATE
    s.configure &= 0x2f; // EIS off, polling on
    if (!s.lock) {
      s.configure = 0x20;
      s.pretrk = 0;
    }
    this.#driveIrq();
  }

  /** Polling finds that all four drives became ready. */
  #resetDone(): void {
    const s = this.state;
    s.readyNs = -1;
    s.phase = 'command';
    s.resetStatuses = 4;
    this.#setInterrupt(true);
  }

  #readData(): number {
    const s = this.state;
    if (s.phase === 'execution' && this.#transfer.pioReady && this.#transfer.toHost) return this.#transfer.pioRead();
    if (s.phase !== 'result') return 0xff;
    const byte = s.result[s.resultAt % s.result.length];
    if (s.resultAt === 0) {
      // The first byte takes the interrupt back; a seek that ended meanwhile makes an edge of its own.
      this.#setInterrupt(false);
      if (s.drives.some((drive) => drive.sought)) this.#setInterrupt(true);
    }
    s.resultAt++;
    if (s.resultAt >= Math.min(s.resultLength, s.result.length)) s.phase = 'command';
    return byte;
  }

  #writeData(byte: number): void {
    const s = this.state;
    if (s.phase === 'execution' && this.#transfer.pioReady && !this.#transfer.toHost)
      return this.#transfer.pioWrite(byte);
    if (s.phase !== 'command') return;
    s.command[s.commandLength % s.command.length] = byte;
    s.commandLength++;
    const command = findCommand(s.command[0]);
    if (s.commandLength <= Math.min(command?.parameters ?? 0, s.command.length - 1)) return;
    s.commandLength = 0;
    this.#execute(command);
  }

  // Commands

  #execute(command: ReturnType<typeof findCommand>): void {
    const s = this.state;
    const [opcode, first, second, third] = s.command;
    switch (command?.action) {
      case 'transfer':
        return this.#transfer.start(command.transfer);
      case 'specify':
        s.specify1 = first;
        s.specify2 = second;
        return;
      case 'senseDrive':
        return this.#answer(this.#st3(first));
      case 'recalibrate':
        return this.#recalibrate(first & 3);
      case 'senseInterrupt':
        return this.#senseInterrupt();
      case 'seek': {
        const drive = s.drives[first & 3];
        return this.#seek(first, Math.abs(second - drive.pcn), second < drive.pcn, second);
      }
      case 'relativeSeek': {
        const outward = (opcode & 0x40) === 0;
        const pcn = s.drives[first & 3].pcn + (outward ? -second : second);
        return this.#seek(first, second, outward, pcn & 0xff);
      }
      case 'version':
        return this.#answer(VERSION_82077);
      case 'dumpreg': {
        const cylinders = s.drives.map((drive) => drive.pcn);
        const locked = (s.lock ? 0x80 : 0) | s.perpendicular;
        return this.#answer(...cylinders, s.specify1, s.specify2, s.lastEot, locked, s.configure, s.pretrk);
      }
      case 'perpendicular': // without OW the drives' bits stay
        s.perpendicular = first & 0x80 ? first & 0x3f : (s.perpendicular & 0x3c) | (first & 0x03);
        return;
      case 'configure':
        s.configure = second & 0x7f;
        s.pretrk = third;
        return;
      case 'lock':
        s.lock = (opcode & 0x80) !== 0;
        return this.#answer(s.lock ? 0x10 : 0);
      default:
        return this.#answer(ST0_INVALID);
    }
  }

  #answer(...bytes: number[]): void {
    const s = this.state;
    s.result.set(bytes);
    s.resultLength = bytes.length;
    s.resultAt = 0;
    s.phase = 'result';
  }

  #finish(st0: number): void {
    const s = this.state;
    this.#transfer.abort();
    this.#answer(st0 | (s.head << 2) | (s.command[1] & 3), s.st1, s.st2, s.c, s.h, s.r, s.n);
    this.#setInterrupt(true);
  }

  /** ST3: write protect, ready (always), track 0, two sides (always), head, drive. */
  #st3(select: number): number {
    const unit = this.#units[select & 3];
    return 0x28 | (unit.medium?.readOnly ? 0x40 : 0) | (unit.atTrack0 ? 0x10 : 0) | (select & 7);
  }

  #senseInterrupt(): void {
    const s = this.state;
    if (s.resetStatuses > 0) {
      const index = (4 - s.resetStatuses) & 3;
      s.resetStatuses--;
      this.#setInterrupt(false);
      return this.#answer(ST0_READY_CHANGED | index, s.drives[index].pcn);
    }
    const drive = s.drives.find((candidate) => candidate.sought);
    if (!drive) return this.#answer(ST0_INVALID);
    drive.sought = false;
    this.#setInterrupt(false);
    this.#answer(drive.soughtSt0, drive.pcn);
  }

  // Seeks

  #recalibrate(index: number): void {
    const { track } = this.state.drives[index];
    const steps = this.#units[index].connected ? Math.min(track, RECALIBRATE_STEPS) : RECALIBRATE_STEPS;
    this.#seek(index, steps, true, 0);
    this.state.drives[index].recalibrating = true;
  }

  #seek(select: number, steps: number, outward: boolean, target: number): void {
    const s = this.state;
    const index = select & 3;
    const drive = s.drives[index];
    s.resetStatuses = 0;
    drive.seekSteps = steps;
    drive.seekOutward = outward;
    drive.seekTo = target;
    drive.recalibrating = false;
    drive.sought = false;
    drive.soughtSt0 = ST0_SE | (select & 7);
    drive.seekNs = this.#cfg.timers.nowNs + SEEK_NS + steps * STEP_NS;
    this.#seekTimers[index].arm(drive.seekNs);
  }

  #seekDone(index: number): void {
    const drive = this.state.drives[index];
    const unit = this.#units[index];
    unit.step(drive.seekSteps, drive.seekOutward);
    drive.seekNs = -1;
    drive.pcn = drive.seekTo;
    if (drive.recalibrating && !unit.atTrack0) drive.soughtSt0 |= ST0_ABNORMAL | ST0_EC;
    drive.sought = true;
    this.#setInterrupt(true);
  }

  // Interrupt

  #setInterrupt(level: boolean): void {
    this.state.interrupt = level;
    this.#driveIrq();
  }

  #driveIrq(): void {
    this.#cfg.irq.set(this.state.interrupt && (this.state.dor & DOR_DMAGATE) !== 0);
  }
}

function rearm(timer: Timer, deadlineNs: number): void {
  if (deadlineNs >= 0) timer.arm(deadlineNs);
  else timer.disarm();
}
