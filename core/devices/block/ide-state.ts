/**
 * State of the PIIX IDE controller: two channels, two drives each. ATA/ATAPI-7 volume 1 for the registers, Intel 290550
 * (PIIX3), section 2.4, for the bus master's.
 */
import type { ByteReader, ByteWriter } from '../../base/index.ts';
import { bool, bytes, f64, oneOf, records, u16, u32, u8, type Field, type ValuesOf } from '../../state/index.ts';

/** What one transfer moves at most between a medium and a guest before the next portion is fetched. */
export const TRANSFER_BYTES = 0x10000;

/** The sector buffer of a drive: valid up to `length`; the DRQ block under way is `pos` to `end`. */
export class TransferBuffer {
  readonly data = new Uint8Array(TRANSFER_BYTES);
  readonly view = new DataView(this.data.buffer);
  pos = 0;
  end = 0;
  length = 0;

  clear(): void {
    this.pos = 0;
    this.end = 0;
    this.length = 0;
  }
}

/** Saves the valid part alone. */
function transferBuffer(): Field<TransferBuffer> {
  return {
    kind: `transfer[${TRANSFER_BYTES}]`,
    doc: 'sector buffer',
    create: () => new TransferBuffer(),
    reset: (current) => {
      current.clear();
      return current;
    },
    save: (out: ByteWriter, value) => {
      out.u32(value.pos);
      out.u32(value.end);
      out.blob(value.data.subarray(0, value.length));
    },
    load: (input: ByteReader) => {
      const loaded = new TransferBuffer();
      loaded.pos = input.u32();
      loaded.end = input.u32();
      const data = input.blob();
      if (data.length > TRANSFER_BYTES || loaded.end > data.length || loaded.pos > loaded.end)
        throw new RangeError(`position ${loaded.pos} of ${loaded.end} in ${data.length} bytes`);
      loaded.data.set(data);
      loaded.length = data.length;
      return loaded;
    },
    assign: (current, loaded) => {
      current.data.set(loaded.data.subarray(0, loaded.length));
      current.pos = loaded.pos;
      current.end = loaded.end;
      current.length = loaded.length;
      return current;
    },
    show: (value) => `${value.pos} of ${value.end}, ${value.length} valid`,
  };
}

/**
 * `pio-*`: the data port moves a block. `dma-*`: the drive waits for the bus master. `stalled`: the descriptors ended
 * before the data; only a reset helps, as on hardware.
 */
export const PHASES = ['idle', 'pio-in', 'pio-out', 'packet', 'dma-in', 'dma-out', 'stalled'] as const;

export const DRIVE_FIELDS = {
  features: u16({ doc: 'Features, the previous value in the high byte, as in the next four' }),
  count: u16({ doc: 'Sector Count' }),
  lbaLow: u16({ doc: 'LBA Low, or sector number' }),
  lbaMid: u16({ doc: 'LBA Mid, or cylinder low, or byte count low' }),
  lbaHigh: u16({ doc: 'LBA High, or cylinder high, or byte count high' }),
  device: u8({ doc: 'Device: LBA, DEV, head or LBA bits 24 to 27' }),
  status: u8(),
  error: u8(),
  command: u8({ doc: 'The command under way or last' }),
  phase: oneOf(PHASES),
  buffer: transferBuffer(),
  lba: f64({ doc: 'Next block of the medium to move' }),
  remaining: u32({ doc: 'Blocks of the medium still to move' }),
  blockSectors: u16({ doc: 'Sectors in a DRQ block' }),
  multiple: u16({ doc: 'Sectors in a DRQ block of the MULTIPLE commands, 0: not set' }),
  heads: u8({ reset: 16, doc: 'Translation that is in force' }),
  sectors: u8({ reset: 63 }),
  maxLba: f64({ reset: -1, doc: 'Last address after SET MAX, -1: the native one' }),
  writeCache: bool({ reset: true }),
  transferMode: u8({ reset: 0x45, doc: 'SET FEATURES 03h: Ultra DMA 5' }),
  power: u8({ reset: 0xff, doc: 'As CHECK POWER MODE tells it: FFh active, 80h idle, 00h standby' }),
  sleeping: bool(),
  // ATAPI
  packet: bytes(12, { doc: 'Command packet under way' }),
  byteLimit: u16({ doc: 'Most bytes in a DRQ block' }),
  blockBytes: u16({ reset: 2048, doc: 'Bytes of a block as the command transfers it' }),
  useDma: bool(),
  senseKey: u8(),
  asc: u8({ doc: 'Additional sense code' }),
  ascq: u8({ doc: 'Additional sense code qualifier' }),
  attention: u8({ doc: 'Additional sense code of a unit attention to report: 28h medium, 29h reset; 0 none' }),
  mediaEvent: u8({ doc: 'Media event for GET EVENT STATUS NOTIFICATION' }),
  locked: bool({ doc: 'PREVENT MEDIUM REMOVAL' }),
  trayOpen: bool(),
  exchanged: bool({ doc: 'The medium was changed since somebody asked' }),
};
export type DriveState = ValuesOf<typeof DRIVE_FIELDS>;

export const ACTIONS = ['none', 'execute', 'block', 'dma', 'reset'] as const;
export type IdeAction = (typeof ACTIONS)[number];

export const CHANNEL_FIELDS = {
  selected: u8({ doc: 'Drive that DEV selects' }),
  control: u8({ doc: 'Device Control: HOB, SRST, nIEN' }),
  intrq: bool({ doc: 'Interrupt pending, before nIEN' }),
  action: oneOf(ACTIONS, { doc: 'What a drive is busy with' }),
  actor: u8({ doc: 'Which drive that is, 0 or 1' }),
  dueNs: f64({ doc: 'When it is through' }),
  bmCommand: u8({ doc: 'BMICx: bit 0 start, bit 3 write to memory' }),
  bmStatus: u8({ doc: 'BMISx: active, error, interrupt, drives capable of DMA' }),
  bmTable: u32({ doc: 'BMIDTPx: descriptor table' }),
};
export type ChannelState = ValuesOf<typeof CHANNEL_FIELDS>;

export const IDE_FIELDS = {
  channels: records(2, CHANNEL_FIELDS),
  drives: records(4, DRIVE_FIELDS, { doc: 'Primary master and slave, secondary master and slave' }),
};

export const STATUS = { BSY: 0x80, DRDY: 0x40, DF: 0x20, DSC: 0x10, DRQ: 0x08, ERR: 0x01 } as const;
export const ERROR = { ICRC: 0x80, UNC: 0x40, MC: 0x20, IDNF: 0x10, MCR: 0x08, ABRT: 0x04 } as const;
export const DEVICE = { LBA: 0x40, DEV: 0x10 } as const;
export const CONTROL = { HOB: 0x80, SRST: 0x04, NIEN: 0x02 } as const;
