import type { TransferKind } from './i82077-state.ts';

/** Command encodings. Intel 82077AA data sheet, table 5-1 "Command Set". */
export type FdcAction =
  | 'transfer'
  | 'specify'
  | 'senseDrive'
  | 'recalibrate'
  | 'senseInterrupt'
  | 'seek'
  | 'relativeSeek'
  | 'version'
  | 'dumpreg'
  | 'perpendicular'
  | 'configure'
  | 'lock';

export interface FdcCommand {
  readonly action: FdcAction;
  readonly transfer: TransferKind;
  /** Opcode bytes with (opcode & mask) === value. */
  readonly mask: number;
  readonly value: number;
  /** Bytes after the opcode. */
  readonly parameters: number;
}

export const CMD_MT = 0x80;
export const CMD_MFM = 0x40;
export const CMD_SK = 0x20;

export const OP_READ_DELETED = 0x0c;
export const OP_WRITE_DELETED = 0x09;
export const OP_SCAN_LOW_OR_EQUAL = 0x19;
export const OP_SCAN_HIGH_OR_EQUAL = 0x1d;

const transfer = (kind: TransferKind, mask: number, value: number, parameters: number): FdcCommand => ({
  action: 'transfer',
  transfer: kind,
  mask,
  value,
  parameters,
});
const control = (action: FdcAction, mask: number, value: number, parameters: number): FdcCommand => ({
  action,
  transfer: 'none',
  mask,
  value,
  parameters,
});

const COMMANDS: readonly FdcCommand[] = [
  transfer('readTrack', 0x9f, 0x02, 8),
  transfer('write', 0x3f, 0x05, 8),
  transfer('read', 0x1f, 0x06, 8),
  transfer('write', 0x3f, OP_WRITE_DELETED, 8),
  transfer('readId', 0xbf, 0x0a, 1),
  transfer('read', 0x1f, OP_READ_DELETED, 8),
  transfer('format', 0xbf, 0x0d, 5),
  transfer('scan', 0x1f, 0x11, 8),
  transfer('verify', 0x1f, 0x16, 8),
  transfer('scan', 0x1f, OP_SCAN_LOW_OR_EQUAL, 8),
  transfer('scan', 0x1f, OP_SCAN_HIGH_OR_EQUAL, 8),
  control('specify', 0xff, 0x03, 2),
  control('senseDrive', 0xff, 0x04, 1),
  control('recalibrate', 0xff, 0x07, 1),
  control('senseInterrupt', 0xff, 0x08, 0),
  control('dumpreg', 0xff, 0x0e, 0),
  control('seek', 0xff, 0x0f, 2),
  control('version', 0xff, 0x10, 0),
  control('perpendicular', 0xff, 0x12, 1),
  control('configure', 0xff, 0x13, 3),
  control('lock', 0x7f, 0x14, 0),
  control('relativeSeek', 0xbf, 0x8f, 2),
];

/** Undefined for an invalid opcode. PART ID (18h) is one: only the later 82078 knows it, and drivers tell them apart so. */
export function findCommand(opcode: number): FdcCommand | undefined {
  return COMMANDS.find((command) => (opcode & command.mask) === command.value);
}
