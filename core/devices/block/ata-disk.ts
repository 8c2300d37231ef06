/**
 * An ATA disk. ATA/ATAPI-7 volume 1: PIO, DMA, 48-bit addresses, host protected area, power management; TRIM as ACS-2 has
 * it, where the medium gives space back. CHS addresses
 * are translated with the geometry of INITIALIZE DEVICE PARAMETERS.
 */
import { BlockIoError, type Block } from '../../backends/index.ts';
import { IdeDrive, setTransferMode, type RaiseIntrq } from './ide-drive.ts';
import { defaultGeometry, identifyDisk, type AtaIdentity } from './ata-identify.ts';
import { ATA, MAX_MULTIPLE, SET_FEATURES, TRIM_BLOCKS_MAX, TRIM_FEATURE, TRIM_RANGE_BYTES } from './ata-commands.ts';
import { DEVICE, ERROR, STATUS, TRANSFER_BYTES, type DriveState } from './ide-state.ts';

export const SECTOR_BYTES = 512;
const CHUNK_SECTORS = TRANSFER_BYTES / SECTOR_BYTES;
const LBA28_SECTORS = 0x10000000;

type Transfer = 'pio-in' | 'pio-out' | 'dma-in' | 'dma-out' | 'verify';

export class AtaDisk extends IdeDrive {
  readonly isPacket = false;
  readonly #medium: Block;
  readonly #identity: AtaIdentity;
  /** Sectors of the medium; a last one that is cut short does not count. */
  readonly #nativeSectors: number;

  constructor(state: DriveState, intrq: RaiseIntrq, medium: Block, identity: AtaIdentity) {
    super(state, intrq);
    this.#medium = medium;
    this.#identity = identity;
    this.#nativeSectors = Math.floor(medium.sizeBytes / SECTOR_BYTES);
  }

  get #totalSectors(): number {
    const { maxLba } = this.state;
    return maxLba < 0 ? this.#nativeSectors : Math.min(maxLba + 1, this.#nativeSectors);
  }

  signature(): void {
    this.setSignature(0, 0);
    this.state.status = STATUS.DRDY | STATUS.DSC;
  }

  /** Settings of SET FEATURES and SET MULTIPLE MODE survive; so does the translation. */
  softReset(): void {
    this.state.sleeping = false;
    this.state.power = 0xff;
  }

  execute(): void {
    const s = this.state;
    const command = s.command;
    if (command >= 0x10 && command < 0x20) return this.complete(); // RECALIBRATE
    if (command >= 0x70 && command < 0x80) return this.#seek();
    switch (command) {
      case ATA.READ_SECTORS:
      case ATA.READ_SECTORS_NO_RETRY:
        return this.#start('pio-in', false, 1);
      case ATA.READ_SECTORS_EXT:
        return this.#start('pio-in', true, 1);
      case ATA.READ_MULTIPLE:
        return this.#start('pio-in', false, s.multiple);
      case ATA.READ_MULTIPLE_EXT:
        return this.#start('pio-in', true, s.multiple);
      case ATA.WRITE_SECTORS:
      case ATA.WRITE_SECTORS_NO_RETRY:
        return this.#start('pio-out', false, 1);
      case ATA.WRITE_SECTORS_EXT:
        return this.#start('pio-out', true, 1);
      case ATA.WRITE_MULTIPLE:
        return this.#start('pio-out', false, s.multiple);
      case ATA.WRITE_MULTIPLE_EXT:
      case ATA.WRITE_MULTIPLE_FUA_EXT:
        return this.#start('pio-out', true, s.multiple);
      case ATA.READ_DMA:
      case ATA.READ_DMA_NO_RETRY:
        return this.#start('dma-in', false, 1);
      case ATA.READ_DMA_EXT:
        return this.#start('dma-in', true, 1);
      case ATA.WRITE_DMA:
      case ATA.WRITE_DMA_NO_RETRY:
        return this.#start('dma-out', false, 1);
      case ATA.WRITE_DMA_EXT:
      case ATA.WRITE_DMA_FUA_EXT:
        return this.#start('dma-out', true, 1);
      case ATA.READ_VERIFY:
      case ATA.READ_VERIFY_NO_RETRY:
        return this.#start('verify', false, 1);
      case ATA.READ_VERIFY_EXT:
        return this.#start('verify', true, 1);
      case ATA.DATA_SET_MANAGEMENT:
        return this.#startTrim();
      case ATA.IDENTIFY_DEVICE:
        this.fill(
          identifyDisk(s, this.#identity, this.#nativeSectors, this.#totalSectors, this.#medium.discard !== undefined),
        );
        s.remaining = 0;
        return this.offer(SECTOR_BYTES);
      case ATA.INITIALIZE_DEVICE_PARAMETERS:
        return this.#initializeParameters();
      case ATA.SET_MULTIPLE_MODE:
        return this.#setMultiple();
      case ATA.SET_FEATURES:
        return this.#setFeatures();
      case ATA.FLUSH_CACHE:
      case ATA.FLUSH_CACHE_EXT:
        return this.#flush();
      case ATA.READ_NATIVE_MAX_ADDRESS:
      case ATA.READ_NATIVE_MAX_ADDRESS_EXT:
        this.#report(this.#nativeSectors - 1, command === ATA.READ_NATIVE_MAX_ADDRESS_EXT);
        return this.complete();
      case ATA.SET_MAX_ADDRESS:
      case ATA.SET_MAX_ADDRESS_EXT:
        return this.#setMax(command === ATA.SET_MAX_ADDRESS_EXT);
      default:
        return this.#power(command);
    }
  }

  #power(command: number): void {
    const s = this.state;
    switch (command) {
      case ATA.IDLE:
      case ATA.IDLE_OLD:
      case ATA.IDLE_IMMEDIATE:
      case ATA.IDLE_IMMEDIATE_OLD:
        s.power = 0x80;
        return this.complete();
      case ATA.STANDBY:
      case ATA.STANDBY_OLD:
      case ATA.STANDBY_IMMEDIATE:
      case ATA.STANDBY_IMMEDIATE_OLD:
        s.power = 0x00;
        return this.#flush();
      case ATA.SLEEP:
      case ATA.SLEEP_OLD:
        s.sleeping = true;
        s.power = 0x00;
        return this.#flush();
      case ATA.CHECK_POWER_MODE:
      case ATA.CHECK_POWER_MODE_OLD:
        s.count = s.power;
        return this.complete();
      default:
        return this.abort();
    }
  }

  // ---- addresses

  /** The first sector, -1 for a CHS address that the geometry does not have. */
  #address(extended: boolean): number {
    const s = this.state;
    if (extended) {
      const low = (s.lbaLow & 0xff) + (s.lbaMid & 0xff) * 0x100 + (s.lbaHigh & 0xff) * 0x10000;
      return low + (s.lbaLow >> 8) * 0x1000000 + (s.lbaMid >> 8) * 0x100000000 + (s.lbaHigh >> 8) * 0x10000000000;
    }
    const cylinder = (s.lbaMid & 0xff) | ((s.lbaHigh & 0xff) << 8);
    const head = s.device & 0x0f;
    const sector = s.lbaLow & 0xff;
    if (s.device & DEVICE.LBA) return sector | (cylinder << 8) | (head << 24);
    if (sector === 0 || sector > s.sectors || head >= s.heads) return -1;
    return (cylinder * s.heads + head) * s.sectors + sector - 1;
  }

  /** Puts an address into the registers, in the form that the command used. */
  #report(lba: number, extended: boolean): void {
    const s = this.state;
    if (extended) {
      s.lbaLow = (lba & 0xff) | ((Math.floor(lba / 0x1000000) & 0xff) << 8);
      s.lbaMid = ((lba >>> 8) & 0xff) | ((Math.floor(lba / 0x100000000) & 0xff) << 8);
      s.lbaHigh = ((lba >>> 16) & 0xff) | ((Math.floor(lba / 0x10000000000) & 0xff) << 8);
      return;
    }
    const at = Math.min(lba, LBA28_SECTORS - 1);
    let [low, cylinder, head] = [at & 0xff, (at >>> 8) & 0xffff, (at >>> 24) & 0x0f];
    if (!(s.device & DEVICE.LBA)) {
      const track = Math.floor(at / s.sectors);
      low = (at % s.sectors) + 1;
      cylinder = Math.floor(track / s.heads) & 0xffff;
      head = track % s.heads;
    }
    s.lbaLow = low;
    s.lbaMid = cylinder & 0xff;
    s.lbaHigh = cylinder >> 8;
    s.device = (s.device & 0xf0) | head;
  }

  #start(transfer: Transfer, extended: boolean, blockSectors: number): void {
    const s = this.state;
    const count = extended ? s.count || 0x10000 : s.count & 0xff || 0x100;
    const lba = this.#address(extended);
    s.power = 0xff;
    if (blockSectors === 0) return this.abort();
    if ((transfer === 'pio-out' || transfer === 'dma-out') && this.#medium.readOnly) return this.abort();
    if (lba < 0 || lba + count > this.#totalSectors) return this.fail(ERROR.IDNF);
    s.lba = lba;
    s.remaining = count;
    s.blockSectors = blockSectors;
    if (transfer === 'verify') this.#verify();
    else if (transfer === 'pio-in') this.#offerBlock();
    else if (transfer === 'pio-out') this.accept(this.#blockBytes(), false);
    else this.awaitDma(transfer === 'dma-in' ? 'in' : 'out');
  }

  // ---- TRIM

  /** The ranges come by DMA; `remaining` counts their blocks. */
  #startTrim(): void {
    const s = this.state;
    if (!this.#medium.discard || this.#medium.readOnly || (s.features & 0xff) !== TRIM_FEATURE) return this.abort();
    if (s.count === 0 || s.count > TRIM_BLOCKS_MAX) return this.abort();
    s.power = 0xff;
    s.lba = 0;
    s.remaining = s.count;
    this.awaitDma('out');
  }

  #trim(): void {
    const s = this.state;
    const { data, length } = s.buffer;
    const view = new DataView(data.buffer, data.byteOffset, length);
    for (let at = 0; at < length; at += TRIM_RANGE_BYTES) {
      const first = view.getUint32(at, true) + view.getUint16(at + 4, true) * 2 ** 32;
      const count = view.getUint16(at + 6, true);
      if (count === 0) continue;
      if (first + count > this.#totalSectors) return this.fail(ERROR.IDNF);
      try {
        this.#medium.discard?.(first * SECTOR_BYTES, count * SECTOR_BYTES);
      } catch (error) {
        this.#mediumFailed(error, ERROR.ABRT);
        return;
      }
    }
    s.remaining -= length / SECTOR_BYTES;
  }

  // ---- data

  #blockBytes(): number {
    return Math.min(this.state.remaining, this.state.blockSectors) * SECTOR_BYTES;
  }

  /** Reads sectors into the buffer and counts them off; false (and the command failed) on an error of the host. */
  #readSectors(count: number): boolean {
    const s = this.state;
    const { buffer } = s;
    try {
      this.#medium.read(s.lba * SECTOR_BYTES, buffer.data.subarray(0, count * SECTOR_BYTES));
    } catch (error) {
      return this.#mediumFailed(error, ERROR.UNC);
    }
    buffer.pos = 0;
    buffer.end = 0;
    buffer.length = count * SECTOR_BYTES;
    this.#advance(count);
    return true;
  }

  #writeSectors(count: number): boolean {
    const s = this.state;
    try {
      this.#medium.write(s.lba * SECTOR_BYTES, s.buffer.data.subarray(0, count * SECTOR_BYTES));
      const forced = s.command === ATA.WRITE_DMA_FUA_EXT || s.command === ATA.WRITE_MULTIPLE_FUA_EXT;
      if (s.remaining === count && (forced || !s.writeCache)) this.#medium.flush();
    } catch (error) {
      return this.#mediumFailed(error, ERROR.ABRT);
    }
    this.#advance(count);
    return true;
  }

  #advance(count: number): void {
    this.state.lba += count;
    this.state.remaining -= count;
  }

  #mediumFailed(error: unknown, bit: number): false {
    if (!(error instanceof BlockIoError)) throw error;
    this.#report(this.state.lba, isExtended(this.state.command));
    this.fail(bit, bit === ERROR.ABRT ? STATUS.ERR | STATUS.DF : STATUS.ERR);
    return false;
  }

  #offerBlock(): void {
    const bytes = this.#blockBytes();
    if (this.#readSectors(bytes / SECTOR_BYTES)) this.offer(bytes);
  }

  #verify(): void {
    while (this.state.remaining > 0) if (!this.#readSectors(Math.min(this.state.remaining, CHUNK_SECTORS))) return;
    this.#finish(true);
  }

  /** The registers name the last sector moved. */
  #finish(interrupt: boolean): void {
    this.#report(this.state.lba - 1, isExtended(this.state.command));
    this.state.count = 0;
    this.complete(interrupt);
  }

  blockDone(): void {
    const s = this.state;
    if (s.phase === 'pio-in') {
      if (s.remaining > 0) this.#offerBlock();
      else if (s.command === ATA.IDENTIFY_DEVICE) this.complete(false);
      else this.#finish(false);
    } else if (this.#writeSectors(s.buffer.length / SECTOR_BYTES)) {
      if (s.remaining > 0) this.accept(this.#blockBytes(), true);
      else this.#finish(true);
    }
  }

  dmaTake(): Uint8Array | undefined {
    const s = this.state;
    if (s.remaining === 0) {
      this.#finish(true);
      return undefined;
    }
    const count = Math.min(s.remaining, CHUNK_SECTORS);
    return this.#readSectors(count) ? s.buffer.data.subarray(0, count * SECTOR_BYTES) : undefined;
  }

  dmaRoom(): Uint8Array | undefined {
    const s = this.state;
    if (s.remaining === 0) {
      if (s.command === ATA.DATA_SET_MANAGEMENT) this.complete();
      else this.#finish(true);
      return undefined;
    }
    s.buffer.length = Math.min(s.remaining, CHUNK_SECTORS) * SECTOR_BYTES;
    return s.buffer.data.subarray(0, s.buffer.length);
  }

  dmaFilled(): void {
    if (this.state.command === ATA.DATA_SET_MANAGEMENT) this.#trim();
    else this.#writeSectors(this.state.buffer.length / SECTOR_BYTES);
  }

  // ---- settings

  #seek(): void {
    const lba = this.#address(false);
    if (lba < 0 || lba >= this.#totalSectors) this.fail(ERROR.IDNF);
    else this.complete();
  }

  #flush(): void {
    try {
      this.#medium.flush();
    } catch (error) {
      this.state.lba = 0;
      this.#mediumFailed(error, ERROR.ABRT);
      return;
    }
    this.complete();
  }

  #initializeParameters(): void {
    const s = this.state;
    const sectors = s.count & 0xff;
    if (sectors === 0) return this.abort();
    s.sectors = sectors;
    s.heads = (s.device & 0x0f) + 1;
    this.complete();
  }

  #setMultiple(): void {
    const s = this.state;
    const count = s.count & 0xff;
    if (count > MAX_MULTIPLE || (count & (count - 1)) !== 0) return this.abort();
    s.multiple = count;
    this.complete();
  }

  #setFeatures(): void {
    const s = this.state;
    switch (s.features & 0xff) {
      case SET_FEATURES.ENABLE_WRITE_CACHE:
        s.writeCache = true;
        return this.complete();
      case SET_FEATURES.DISABLE_WRITE_CACHE:
        s.writeCache = false;
        return this.#flush();
      case SET_FEATURES.TRANSFER_MODE:
        return setTransferMode(s, s.count & 0xff) ? this.complete() : this.abort();
      case SET_FEATURES.ENABLE_LOOK_AHEAD:
      case SET_FEATURES.DISABLE_LOOK_AHEAD:
      case SET_FEATURES.KEEP_DEFAULTS:
      case SET_FEATURES.REVERT_DEFAULTS:
        return this.complete();
      default:
        return this.abort();
    }
  }

  /** Volatile and without passwords; only right after READ NATIVE MAX ADDRESS by the standard, which is not enforced. */
  #setMax(extended: boolean): void {
    const s = this.state;
    // Features 01h to 04h of the 28-bit form are the security sub-commands, which this disk does not have.
    if (!extended && (s.features & 0xff) !== 0) return this.abort();
    const lba = this.#address(extended);
    if (lba < 0 || lba >= this.#nativeSectors) return this.fail(ERROR.IDNF | ERROR.ABRT);
    s.maxLba = lba === this.#nativeSectors - 1 ? -1 : lba;
    this.complete();
  }

  /** Defaults that depend on the medium. */
  powerOn(): void {
    const geometry = defaultGeometry(this.#nativeSectors);
    this.state.heads = geometry.heads;
    this.state.sectors = geometry.sectors;
  }
}

const EXTENDED: readonly number[] = [
  ATA.READ_SECTORS_EXT,
  ATA.READ_MULTIPLE_EXT,
  ATA.WRITE_SECTORS_EXT,
  ATA.WRITE_MULTIPLE_EXT,
  ATA.WRITE_MULTIPLE_FUA_EXT,
  ATA.READ_DMA_EXT,
  ATA.WRITE_DMA_EXT,
  ATA.WRITE_DMA_FUA_EXT,
  ATA.READ_VERIFY_EXT,
];
const isExtended = (command: number): boolean => EXTENDED.includes(command);
