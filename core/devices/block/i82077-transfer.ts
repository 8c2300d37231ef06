import { BlockIoError } from '../../backends/index.ts';
import type { DeviceLog, Timer, TimerQueue } from '../../bus/index.ts';
import type { DmaChannel } from '../dma/dma-channel.ts';
import type { FloppyUnit } from './floppy-drive.ts';
import { FLOPPY_SECTOR_BYTES } from './floppy-geometry.ts';
import {
  CMD_MFM,
  CMD_MT,
  CMD_SK,
  OP_READ_DELETED,
  OP_SCAN_HIGH_OR_EQUAL,
  OP_SCAN_LOW_OR_EQUAL,
  OP_WRITE_DELETED,
} from './i82077-commands.ts';
import {
  CONFIGURE_EFIFO,
  CONFIGURE_EIS,
  DOR_DMAGATE,
  ST0_ABNORMAL,
  ST1_DE,
  ST1_EN,
  ST1_MA,
  ST1_ND,
  ST1_NW,
  ST1_OR,
  ST2_BC,
  ST2_CM,
  ST2_DD,
  ST2_SH,
  ST2_SN,
  ST2_WC,
  type I82077State,
  type TransferKind,
} from './i82077-state.ts';

/** Head load and the way to the first sector, much shorter than 200 ms a turn. */
const ACCESS_NS = 60_000;
const SECTOR_NS = 15_000;
/** Pause before asking again a DMA controller that has not been programmed, and how often before it is an overrun. */
const DMA_RETRY_NS = 100_000;
const DMA_RETRIES = 1000;
const FIFO_BYTES = 16;
const FORMAT_ID_BYTES = 4;
/** Real time of one turn at 300 rpm; READ ID finds the sector that passes by. */
const TURN_NS = 200_000_000;

export interface TransferHost {
  readonly id: string;
  readonly state: I82077State;
  readonly units: readonly FloppyUnit[];
  readonly timers: TimerQueue;
  readonly dma: DmaChannel;
  readonly log: DeviceLog;
  setInterrupt(level: boolean): void;
  /** Execution is over: ST0 (without drive and head), then the result phase of seven bytes. */
  finish(st0: number): void;
}

/**
 * Execution phase of the commands that touch sectors. Intel 82077AA data sheet, 5.1 "Data Transfer Commands" and 5.2.
 * A drive with no disk in it, or a motor that stands, ends as an unformatted track does (missing address mark) where
 * the chip would wait for an index pulse for ever.
 */
export class FloppyTransfer {
  readonly #host: TransferHost;
  readonly #timer: Timer;

  constructor(host: TransferHost) {
    this.#host = host;
    this.#timer = host.timers.create(`${host.id}.transfer`, () => this.#step());
  }

  /** The command is complete in `state.command`; its kind of transfer begins. */
  start(kind: TransferKind): void {
    const s = this.#host.state;
    const [, select, c, h, r, n, eot, , last] = s.command;
    s.phase = 'execution';
    s.kind = kind;
    s.head = (select >> 2) & 1;
    [s.c, s.h, s.r, s.n] = kind === 'format' ? [0, s.head, 1, c] : [c, h, r, n];
    s.st1 = s.st2 = 0;
    s.stopAfter = false;
    s.trackSector = 1;
    s.remaining = kind === 'format' ? h : kind === 'verify' ? last : 0;
    if (kind === 'format') s.lastEot = h;
    else if (kind !== 'readId') s.lastEot = eot;
    s.bufferOpen = false;
    s.bufferAt = 0;
    let delayNs = ACCESS_NS;
    if ((s.configure & CONFIGURE_EIS) !== 0 && kind !== 'format' && kind !== 'readId' && kind !== 'readTrack')
      delayNs += this.#impliedSeek();
    if ((kind === 'write' || kind === 'format') && this.#unit.medium?.readOnly) return this.#fail(ST1_NW, 0);
    this.#wait(delayNs);
  }

  abort(): void {
    const s = this.#host.state;
    s.kind = 'none';
    s.bufferOpen = false;
    s.stepNs = -1;
    this.#timer.disarm();
    this.#host.dma.setRequest(false);
  }

  postLoad(): void {
    const s = this.#host.state;
    if (s.stepNs >= 0) this.#timer.arm(s.stepNs);
    else this.#timer.disarm();
    this.#host.dma.setRequest(s.bufferOpen && !this.nonDma);
  }

  get nonDma(): boolean {
    return (this.#host.state.specify2 & 1) === 1;
  }

  /** Data goes from the controller to the host. */
  get toHost(): boolean {
    const { kind } = this.#host.state;
    return kind === 'read' || kind === 'readTrack';
  }

  /** The data register takes or gives a byte of the sector now. */
  get pioReady(): boolean {
    return this.nonDma && this.#host.state.bufferOpen;
  }

  pioRead(): number {
    const s = this.#host.state;
    const byte = s.buffer[s.bufferAt % FLOPPY_SECTOR_BYTES];
    this.#pioMoved();
    return byte;
  }

  pioWrite(byte: number): void {
    const s = this.#host.state;
    s.buffer[s.bufferAt % FLOPPY_SECTOR_BYTES] = byte;
    this.#pioMoved();
  }

  // Steps

  get #unit(): FloppyUnit {
    return this.#host.units[this.#host.state.command[1] & 3];
  }

  #impliedSeek(): number {
    const s = this.#host.state;
    const drive = s.drives[s.command[1] & 3];
    const steps = s.c - drive.pcn;
    this.#unit.step(Math.abs(steps), steps < 0);
    drive.pcn = s.c;
    return Math.abs(steps) * SECTOR_NS;
  }

  #wait(delayNs: number): void {
    const s = this.#host.state;
    s.stepNs = this.#host.timers.nowNs + delayNs;
    this.#timer.arm(s.stepNs);
  }

  #step(): void {
    const s = this.#host.state;
    s.stepNs = -1;
    if (s.kind === 'none') return;
    if (s.bufferOpen) return this.#moveByDma();
    try {
      this.#beginSector();
    } catch (error) {
      this.#mediumFailed(error);
    }
  }

  #mediumFailed(error: unknown): void {
    if (!(error instanceof BlockIoError)) throw error;
    this.#fail(ST1_DE, ST2_DD);
  }

  /** Something on the track can be read: disk, motor, density, side and cylinder are right. */
  #trackReadable(): boolean {
    const s = this.#host.state;
    const unit = this.#unit;
    const g = unit.geometry;
    const motorOn = (s.dor & (0x10 << (s.command[1] & 3))) !== 0;
    const mfm = (s.command[0] & CMD_MFM) !== 0;
    return (
      g !== undefined &&
      motorOn &&
      mfm &&
      g.rates.includes(s.dsr & 3) &&
      s.head < g.heads &&
      unit.cylinder !== undefined
    );
  }

  /** Number of the sector with the ID looked for; undefined after the command has failed for want of it. */
  #findSector(): number | undefined {
    const s = this.#host.state;
    const unit = this.#unit;
    if (!this.#trackReadable()) {
      this.#fail(ST1_MA, 0);
      return undefined;
    }
    if (s.kind === 'readTrack') {
      if (s.trackSector < 1 || s.trackSector > unit.geometry!.sectors) {
        this.#fail(ST1_ND, 0);
        return undefined;
      }
      if (s.r !== s.trackSector || s.c !== unit.cylinder || s.h !== s.head || s.n !== 2) s.st1 |= ST1_ND;
      return unit.sectorNumber(s.head, s.trackSector);
    }
    if (s.c !== unit.cylinder) this.#fail(ST1_ND, s.c === 0xff ? ST2_BC : ST2_WC);
    else if (s.h !== s.head || s.n !== 2 || s.r < 1 || s.r > unit.geometry!.sectors) this.#fail(ST1_ND, 0);
    else return unit.sectorNumber(s.head, s.r);
    return undefined;
  }

  #beginSector(): void {
    const s = this.#host.state;
    if (s.kind === 'readId') return this.#readId();
    if (s.kind === 'format') {
      if (s.remaining === 0) return this.#host.finish(0);
      return this.#openBuffer();
    }
    const sector = this.#findSector();
    if (sector === undefined) return;
    if (s.kind !== 'write') {
      const wantsDeleted = (s.command[0] & 0x1f) === OP_READ_DELETED;
      if (s.kind !== 'readTrack' && this.#unit.isDeleted(sector) !== wantsDeleted) {
        s.st2 |= ST2_CM;
        if ((s.command[0] & CMD_SK) !== 0) return this.#advance(false);
        s.stopAfter = true;
      }
      if (s.kind !== 'scan') this.#unit.read(sector, s.buffer);
    }
    if (s.kind === 'verify') return this.#sectorDone(false);
    this.#openBuffer();
  }

  #readId(): void {
    const s = this.#host.state;
    if (!this.#trackReadable()) return this.#fail(ST1_MA, 0);
    const { sectors } = this.#unit.geometry!;
    const turned = (this.#host.timers.nowNs % TURN_NS) / TURN_NS;
    [s.c, s.h, s.r, s.n] = [this.#unit.cylinder!, s.head, Math.floor(turned * sectors) + 1, 2];
    this.#host.finish(0);
  }

  get #unitBytes(): number {
    return this.#host.state.kind === 'format' ? FORMAT_ID_BYTES : FLOPPY_SECTOR_BYTES;
  }

  #openBuffer(): void {
    const s = this.#host.state;
    s.bufferOpen = true;
    s.bufferAt = 0;
    s.dmaRetries = 0;
    if (this.nonDma) this.#host.setInterrupt(true);
    else this.#moveByDma();
  }

  #moveByDma(): void {
    const { state: s, dma } = this.#host;
    const rest = s.buffer.subarray(Math.min(s.bufferAt, this.#unitBytes), this.#unitBytes);
    dma.setRequest(true);
    const gated = (s.dor & DOR_DMAGATE) === 0;
    const moved = gated
      ? { count: 0, terminalCount: false }
      : this.toHost
        ? dma.transferToMemory(rest)
        : dma.transferFromMemory(rest);
    s.bufferAt += moved.count;
    if (s.bufferAt >= this.#unitBytes || moved.terminalCount) {
      if (!this.toHost) rest.fill(0, moved.count);
      dma.setRequest(false);
      return this.#closeBuffer(moved.terminalCount);
    }
    s.dmaRetries = moved.count > 0 ? 0 : s.dmaRetries + 1;
    if (s.dmaRetries <= DMA_RETRIES) return this.#wait(DMA_RETRY_NS);
    dma.setRequest(false);
    this.#fail(ST1_OR, 0);
  }

  #pioMoved(): void {
    const s = this.#host.state;
    s.bufferAt++;
    this.#host.setInterrupt(false);
    if (s.bufferAt >= this.#unitBytes) return this.#closeBuffer(false);
    // With the FIFO one interrupt serves a FIFO's worth of bytes, without it every byte has its own.
    const perInterrupt = s.configure & CONFIGURE_EFIFO ? 1 : FIFO_BYTES;
    if (s.bufferAt % perInterrupt === 0) this.#host.setInterrupt(true);
  }

  #closeBuffer(terminalCount: boolean): void {
    this.#host.state.bufferOpen = false;
    try {
      this.#sectorDone(terminalCount);
    } catch (error) {
      this.#mediumFailed(error);
    }
  }

  /** The buffer was moved: what it was for happens, then the next sector. */
  #sectorDone(terminalCount: boolean): void {
    const s = this.#host.state;
    switch (s.kind) {
      case 'write': {
        const sector = this.#findSector();
        if (sector === undefined) return;
        const deleted = (s.command[0] & 0x1f) === OP_WRITE_DELETED;
        if (!this.#unit.write(sector, s.buffer, deleted)) return this.#fail(ST1_ND, 0);
        break;
      }
      case 'scan': {
        const sector = this.#findSector();
        if (sector === undefined) return;
        if (this.#scanMet(sector)) return this.#host.finish(0);
        break;
      }
      case 'format':
        return this.#formatSector(terminalCount);
      case 'verify': // with EC the count of sectors ends it, without it EOT does
        if ((s.command[1] & 0x80) === 0) terminalCount = this.#atEnd;
        else terminalCount = --s.remaining <= 0;
        break;
      case 'read':
      case 'readTrack':
      case 'readId':
      case 'none':
        break;
    }
    if (s.stopAfter) return this.#host.finish(0);
    this.#advance(terminalCount);
  }

  get #multiTrack(): boolean {
    const { kind, command } = this.#host.state;
    return kind !== 'readTrack' && (command[0] & CMD_MT) !== 0;
  }

  get #atEnd(): boolean {
    const s = this.#host.state;
    const reached = s.kind === 'readTrack' ? s.trackSector === s.command[6] : s.r === s.command[6];
    return reached && !(this.#multiTrack && s.head === 0);
  }

  /** Data sheet table 5-6: the ID after this one, which is also what a command that ends here leaves as its result. */
  #advance(terminalCount: boolean): void {
    const s = this.#host.state;
    const atEnd = this.#atEnd;
    const eot = s.command[6];
    if (s.r === eot || atEnd) {
      s.r = 1;
      if (!this.#multiTrack) s.c = (s.c + 1) & 0xff;
      else {
        if (s.head === 1) s.c = (s.c + 1) & 0xff;
        s.h ^= 1;
        if (!atEnd) s.head = 1;
      }
    } else {
      const step = s.kind === 'scan' && s.command[8] === 2 ? 2 : 1;
      s.r = (s.r + step) & 0xff;
    }
    s.trackSector = (s.trackSector + 1) & 0xff;
    if (terminalCount) this.#host.finish(0);
    else if (atEnd) this.#fail(ST1_EN, 0);
    else this.#wait(SECTOR_NS);
  }

  /** Compares the host's bytes with the disk's; FFh from either side fits anything. Sets SH or SN. */
  #scanMet(sector: number): boolean {
    const s = this.#host.state;
    const disk = new Uint8Array(FLOPPY_SECTOR_BYTES);
    this.#unit.read(sector, disk);
    let equal = true;
    let low = true;
    let high = true;
    for (let i = 0; i < disk.length; i++) {
      if (disk[i] === s.buffer[i] || disk[i] === 0xff || s.buffer[i] === 0xff) continue;
      equal = false;
      if (disk[i] > s.buffer[i]) low = false;
      else high = false;
    }
    const operation = s.command[0] & 0x1f;
    const met = equal || (operation === OP_SCAN_LOW_OR_EQUAL && low) || (operation === OP_SCAN_HIGH_OR_EQUAL && high);
    s.st2 = (s.st2 & ~(ST2_SH | ST2_SN)) | (equal ? ST2_SH : met ? 0 : ST2_SN);
    return met;
  }

  /** One ID of FORMAT TRACK: a sector that the image has is filled; a layout that it cannot hold is dropped. */
  #formatSector(terminalCount: boolean): void {
    const s = this.#host.state;
    const [c, h, r, n] = s.buffer;
    const unit = this.#unit;
    const g = unit.geometry;
    if (!this.#trackReadable()) return this.#fail(ST1_MA, 0);
    if (n === 2 && c === unit.cylinder && h === s.head && r >= 1 && r <= g!.sectors)
      unit.write(unit.sectorNumber(s.head, r), new Uint8Array(FLOPPY_SECTOR_BYTES).fill(s.command[5]), false);
    else this.#host.log.unimplemented(this.#host.id, 'FORMAT TRACK with a sector that the image has no place for');
    [s.c, s.h, s.r, s.n] = [c, h, r, n];
    s.remaining--;
    if (terminalCount || s.remaining <= 0) this.#host.finish(0);
    else this.#wait(SECTOR_NS);
  }

  #fail(st1: number, st2: number): void {
    const s = this.#host.state;
    s.st1 |= st1;
    s.st2 |= st2;
    this.#host.finish(ST0_ABNORMAL);
  }
}
