/**
 * An ATAPI CD-ROM drive: the PACKET protocol, the medium and its changes. ATA/ATAPI-7 volume 1, section 9.8; the
 * commands themselves are in mmc-commands.ts.
 */
import { BlockIoError, type Block } from '../../backends/index.ts';
import { ATA, SET_FEATURES } from './ata-commands.ts';
import type { AtaIdentity } from './ata-identify.ts';
import { identifyCdrom } from './atapi-identify.ts';
import { IdeDrive, setTransferMode, type RaiseIntrq } from './ide-drive.ts';
import { ERROR, STATUS, TRANSFER_BYTES, type DriveState } from './ide-state.ts';
import { MEDIA_EVENT, runPacket, SENSE, type MmcDrive, type Sense } from './mmc-commands.ts';
import { CD_SECTOR_BYTES, rawSector, RAW_SECTOR_BYTES } from './mmc-sector.ts';

const PACKET_BYTES = 12;
const FEATURE_DMA = 0x01;
/** Interrupt reason in the sector count register. */
const REASON = { COMMAND: 1, TO_HOST: 2, STATUS: 3 } as const;

export class AtapiCdrom extends IdeDrive implements MmcDrive {
  readonly isPacket = true;
  readonly identity: AtaIdentity;
  #medium: Block | undefined;

  constructor(state: DriveState, intrq: RaiseIntrq, medium: Block | undefined, identity: AtaIdentity) {
    super(state, intrq);
    this.identity = identity;
    this.#medium = medium;
  }

  // ---- the medium

  get medium(): Block | undefined {
    return this.state.trayOpen ? undefined : this.#medium;
  }

  /** Exchanges the medium (undefined: takes it out) as a person does who has the drive open; closes the tray. */
  insert(medium: Block | undefined): void {
    const s = this.state;
    this.#medium = medium;
    s.trayOpen = false;
    s.exchanged = true;
    this.#noteChange();
    s.mediaEvent = medium ? MEDIA_EVENT.NEW_MEDIA : MEDIA_EVENT.REMOVED;
  }

  get isLocked(): boolean {
    return this.state.locked;
  }

  /**
   * The button on the drive. False when the guest has locked the tray: it is asked to let go (an eject request event),
   * and may do so later by itself.
   */
  pressEject(): boolean {
    if (this.state.locked) {
      this.state.mediaEvent = MEDIA_EVENT.EJECT_REQUEST;
      return false;
    }
    this.moveTray(!this.state.trayOpen);
    return true;
  }

  /** True once after the medium was exchanged: for firmware that goes past the controller. */
  takeChanged(): boolean {
    const changed = this.state.exchanged;
    this.state.exchanged = false;
    return changed;
  }

  moveTray(open: boolean): void {
    const s = this.state;
    if (s.trayOpen === open) return;
    s.trayOpen = open;
    s.exchanged = true;
    s.mediaEvent = open || !this.#medium ? MEDIA_EVENT.REMOVED : MEDIA_EVENT.NEW_MEDIA;
    this.#noteChange();
  }

  #noteChange(): void {
    if (this.state.attention === 0) this.state.attention = SENSE.MEDIUM_CHANGED.asc;
  }

  get totalBlocks(): number {
    return this.medium ? Math.floor(this.medium.sizeBytes / CD_SECTOR_BYTES) : 0;
  }

  // ---- ATA commands

  signature(): void {
    this.setSignature(0x14, 0xeb);
    this.state.status = 0;
  }

  softReset(): void {
    const s = this.state;
    s.sleeping = false;
    s.power = 0xff;
    s.locked = false;
  }

  execute(): void {
    const s = this.state;
    switch (s.command) {
      case ATA.PACKET:
        s.useDma = (s.features & FEATURE_DMA) !== 0;
        s.byteLimit = (s.lbaMid & 0xff) | ((s.lbaHigh & 0xff) << 8);
        s.count = REASON.COMMAND;
        return this.accept(PACKET_BYTES, false, 'packet');
      case ATA.IDENTIFY_PACKET_DEVICE:
        this.fill(identifyCdrom(s, this.identity));
        s.remaining = 0;
        return this.offer(512);
      case ATA.IDENTIFY_DEVICE:
      case ATA.READ_SECTORS:
        // By these a host tells a packet device from a disk.
        this.setSignature(0x14, 0xeb);
        return this.abort();
      case ATA.SET_FEATURES:
        return this.#setFeatures();
      case ATA.IDLE_IMMEDIATE:
      case ATA.STANDBY_IMMEDIATE:
        return this.complete();
      case ATA.SLEEP:
        s.sleeping = true;
        return this.complete();
      case ATA.CHECK_POWER_MODE:
        s.count = s.power;
        return this.complete();
      default:
        return this.abort();
    }
  }

  #setFeatures(): void {
    const s = this.state;
    switch (s.features & 0xff) {
      case SET_FEATURES.TRANSFER_MODE:
        return setTransferMode(s, s.count & 0xff) ? this.complete() : this.abort();
      case SET_FEATURES.KEEP_DEFAULTS:
      case SET_FEATURES.REVERT_DEFAULTS:
        return this.complete();
      default:
        return this.abort();
    }
  }

  // ---- packets

  /** A command ended well and without (more) data. */
  packetDone(): void {
    const s = this.state;
    s.count = (s.count & 0xf8) | REASON.STATUS;
    this.complete();
  }

  /** CHECK CONDITION. */
  packetFailed(sense: Sense): void {
    const s = this.state;
    this.setSense(sense);
    s.count = (s.count & 0xf8) | REASON.STATUS;
    this.fail((sense.key << 4) | (sense.key === SENSE.ILLEGAL_OPCODE.key ? ERROR.ABRT : 0), STATUS.ERR);
  }

  setSense({ key, asc, ascq }: Sense): void {
    const s = this.state;
    s.senseKey = key;
    s.asc = asc;
    s.ascq = ascq;
  }

  /** Answers with `data`, cut to what the host allocated. */
  packetData(data: Uint8Array, allocated: number): void {
    const s = this.state;
    const length = Math.min(data.length, allocated);
    if (length === 0) return this.packetDone();
    this.fill(data.subarray(0, length));
    s.remaining = 0;
    this.#send();
  }

  /** Reads `count` blocks of the medium in the given form. */
  packetRead(lba: number, count: number, blockBytes: number): void {
    const s = this.state;
    if (lba + count > this.totalBlocks) return this.packetFailed(SENSE.LBA_OUT_OF_RANGE);
    if (count === 0) return this.packetDone();
    s.lba = lba;
    s.remaining = count;
    s.blockBytes = blockBytes;
    s.buffer.clear();
    this.#send();
  }

  #send(): void {
    if (!this.state.useDma) return this.#offerPart();
    const { pos, length, end } = this.state.buffer;
    this.awaitDma('in');
    this.state.count = REASON.TO_HOST;
    Object.assign(this.state.buffer, { pos, length, end });
  }

  /** Fetches whole blocks, as many as fit. False when the command failed. */
  #fetch(limitBytes: number): boolean {
    const s = this.state;
    const { medium } = this;
    if (!medium) {
      this.packetFailed(SENSE.NO_MEDIUM);
      return false;
    }
    // The medium may have been exchanged for a shorter one under way.
    if (s.lba + s.remaining > this.totalBlocks) {
      this.packetFailed(SENSE.LBA_OUT_OF_RANGE);
      return false;
    }
    const count = Math.max(1, Math.min(s.remaining, Math.floor(Math.min(limitBytes, TRANSFER_BYTES) / s.blockBytes)));
    const { buffer } = s;
    try {
      if (s.blockBytes === RAW_SECTOR_BYTES) this.#fetchRaw(medium, count);
      else medium.read(s.lba * CD_SECTOR_BYTES, buffer.data.subarray(0, count * CD_SECTOR_BYTES));
    } catch (error) {
      if (!(error instanceof BlockIoError)) throw error;
      this.packetFailed(SENSE.READ_ERROR);
      return false;
    }
    buffer.pos = 0;
    buffer.end = 0;
    buffer.length = count * s.blockBytes;
    s.lba += count;
    s.remaining -= count;
    return true;
  }

  #fetchRaw(medium: Block, count: number): void {
    const { buffer, lba } = this.state;
    const user = new Uint8Array(CD_SECTOR_BYTES);
    for (let i = 0; i < count; i++) {
      medium.read((lba + i) * CD_SECTOR_BYTES, user);
      buffer.data.set(rawSector(lba + i, user), i * RAW_SECTOR_BYTES);
    }
  }

  /** The next DRQ block: at most the byte count limit, which an odd one rounds down; 0 and FFFFh mean the most. */
  #offerPart(): void {
    const s = this.state;
    const { buffer } = s;
    const limit = s.byteLimit === 0 || s.byteLimit === 0xffff ? 0xfffe : Math.max(2, s.byteLimit & ~1);
    if (buffer.pos >= buffer.length && !this.#fetch(limit)) return;
    const length = Math.min(limit, buffer.length - buffer.pos);
    s.count = REASON.TO_HOST;
    s.lbaMid = length & 0xff;
    s.lbaHigh = length >> 8;
    this.offer(length);
  }

  blockDone(): void {
    const s = this.state;
    if (s.phase === 'packet') {
      s.packet.set(s.buffer.data.subarray(0, PACKET_BYTES));
      s.buffer.clear();
      runPacket(this);
    } else if (s.phase === 'pio-in') {
      if (s.command !== ATA.PACKET) this.complete(false);
      else if (s.buffer.pos < s.buffer.length || s.remaining > 0) this.#offerPart();
      else this.packetDone();
    } else this.packetDone();
  }

  dmaTake(): Uint8Array | undefined {
    const s = this.state;
    const { buffer } = s;
    if (buffer.pos >= buffer.length) {
      if (s.remaining === 0) {
        this.packetDone();
        return undefined;
      }
      if (!this.#fetch(TRANSFER_BYTES)) return undefined;
    }
    const part = buffer.data.subarray(buffer.pos, buffer.length);
    buffer.pos = buffer.length;
    buffer.end = buffer.length;
    return part;
  }

  /** No command of a read-only drive takes data by DMA. */
  dmaRoom(): Uint8Array | undefined {
    return undefined;
  }
  dmaFilled(): void {}
}
