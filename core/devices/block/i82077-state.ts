import { bool, bytes, defineState, f64, oneOf, records, u16, u8, type StateOf } from '../../state/index.ts';

/** What a command does to sectors in its execution phase. */
export const TRANSFER_KINDS = ['none', 'read', 'write', 'verify', 'scan', 'readTrack', 'format', 'readId'] as const;
export type TransferKind = (typeof TRANSFER_KINDS)[number];

/** Deleted data address marks, one bit a sector. */
export const DELETED_MARK_BYTES = 1024;

export const I82077 = defineState({
  name: 'i82077',
  version: 1,
  fields: {
    dor: u8({ doc: 'Digital Output Register' }),
    tdr: u8({ doc: 'Tape Drive Register' }),
    dsr: u8({ doc: 'Data Rate Select Register; bits 0-1 are also the CCR', reset: 0x02 }),
    phase: oneOf(['reset', 'command', 'execution', 'result'], { doc: 'controller phase' }),
    interrupt: bool({ doc: 'INT pin, before the DMAGATE' }),
    resetStatuses: u8({ doc: 'SENSE INTERRUPT answers owed after a reset' }),
    readyNs: f64({ doc: 'end of the reset, -1: none', reset: -1 }),
    command: bytes(9, { doc: 'command and its parameters' }),
    commandLength: u8({ doc: 'bytes of command received' }),
    result: bytes(10, { doc: 'result bytes' }),
    resultLength: u8(),
    resultAt: u8(),
    specify1: u8({ doc: 'SRT, HUT' }),
    specify2: u8({ doc: 'HLT, ND', reset: 0x02 }),
    configure: u8({ doc: 'EIS, EFIFO, POLL, FIFOTHR', reset: 0x20 }),
    pretrk: u8({ doc: 'precompensation start track' }),
    perpendicular: u8({ doc: 'D3-D0, GAP, WGATE' }),
    lock: bool({ doc: 'LOCK' }),
    lastEot: u8({ doc: 'SC/EOT for DUMPREG' }),
    drives: records(4, {
      pcn: u8({ doc: 'present cylinder number, as the controller believes' }),
      track: u8({ doc: 'where the head is' }),
      seekNs: f64({ doc: 'end of the seek, -1: none', reset: -1 }),
      seekSteps: u8({ doc: 'steps of the seek under way' }),
      seekOutward: bool({ doc: 'towards track 0' }),
      seekTo: u8({ doc: 'PCN when it ends' }),
      recalibrating: bool({ doc: 'the seek ends at track 0 or fails' }),
      sought: bool({ doc: 'a seek ended and nobody asked yet' }),
      soughtSt0: u8({ doc: 'ST0 for that' }),
      diskChanged: bool({ doc: 'DSKCHG', reset: true }),
      exchanged: bool({ doc: 'the medium was exchanged since the firmware asked' }),
      deleted: bytes(DELETED_MARK_BYTES, { doc: 'deleted data marks, a bit a sector' }),
    }),
    kind: oneOf(TRANSFER_KINDS, { doc: 'transfer under way' }),
    c: u8({ doc: 'sector ID looked for: cylinder' }),
    h: u8({ doc: 'head' }),
    r: u8({ doc: 'sector' }),
    n: u8({ doc: 'size' }),
    head: u8({ doc: 'side in use' }),
    remaining: u8({ doc: 'sectors to format, verify, or read from the track' }),
    trackSector: u8({ doc: 'READ TRACK: sectors passed since the index hole' }),
    st1: u8({ doc: 'gathered ST1' }),
    st2: u8({ doc: 'gathered ST2' }),
    stopAfter: bool({ doc: 'the sector in the buffer is the last one' }),
    buffer: bytes(512, { doc: 'sector buffer' }),
    bufferAt: u16({ doc: 'bytes of it moved' }),
    bufferOpen: bool({ doc: 'data moves between the buffer and the host' }),
    stepNs: f64({ doc: 'next step of the transfer, -1: waiting for the host', reset: -1 }),
    dmaRetries: u16({ doc: 'how often nobody acknowledged the DMA request' }),
  },
});

export type I82077State = StateOf<typeof I82077>;
export type DriveState = I82077State['drives'][number];

export const DOR_NRESET = 0x04;
export const DOR_DMAGATE = 0x08;

export const CONFIGURE_EIS = 0x40;
export const CONFIGURE_EFIFO = 0x20;

export const ST0_ABNORMAL = 0x40;
export const ST0_INVALID = 0x80;
export const ST0_READY_CHANGED = 0xc0;
export const ST0_SE = 0x20;
export const ST0_EC = 0x10;

export const ST1_EN = 0x80;
export const ST1_DE = 0x20;
export const ST1_OR = 0x10;
export const ST1_ND = 0x04;
export const ST1_NW = 0x02;
export const ST1_MA = 0x01;

export const ST2_CM = 0x40;
export const ST2_DD = 0x20;
export const ST2_WC = 0x10;
export const ST2_SH = 0x08;
export const ST2_SN = 0x04;
export const ST2_BC = 0x02;
