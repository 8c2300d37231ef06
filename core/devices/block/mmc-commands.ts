/**
 * The packet commands of a read-only CD/DVD drive. MMC-3 (T10/1363-D) and SPC-2; GET CONFIGURATION features and the
 * event notification as MMC-4 has them.
 */
import type { Block } from '../../backends/index.ts';
import type { DriveState } from './ide-state.ts';
import type { AtaIdentity } from './ata-identify.ts';
import {
  capabilitiesPage,
  cdControlPage,
  discInformation,
  errorRecoveryPage,
  featureList,
  toc,
  trackInformation,
} from './mmc-replies.ts';
import { CD_SECTOR_BYTES, RAW_SECTOR_BYTES } from './mmc-sector.ts';

export interface Sense {
  readonly key: number;
  readonly asc: number;
  readonly ascq: number;
}
export const SENSE = {
  NONE: { key: 0, asc: 0, ascq: 0 },
  NO_MEDIUM: { key: 2, asc: 0x3a, ascq: 0 },
  NO_MEDIUM_TRAY_OPEN: { key: 2, asc: 0x3a, ascq: 2 },
  READ_ERROR: { key: 3, asc: 0x11, ascq: 0 },
  ILLEGAL_OPCODE: { key: 5, asc: 0x20, ascq: 0 },
  LBA_OUT_OF_RANGE: { key: 5, asc: 0x21, ascq: 0 },
  INVALID_FIELD: { key: 5, asc: 0x24, ascq: 0 },
  SAVING_NOT_SUPPORTED: { key: 5, asc: 0x39, ascq: 0 },
  REMOVAL_PREVENTED: { key: 5, asc: 0x53, ascq: 2 },
  MEDIUM_CHANGED: { key: 6, asc: 0x28, ascq: 0 },
  WAS_RESET: { key: 6, asc: 0x29, ascq: 0 },
} as const satisfies Record<string, Sense>;

export const MEDIA_EVENT = { NONE: 0, EJECT_REQUEST: 1, NEW_MEDIA: 2, REMOVED: 3 } as const;

const OP = {
  TEST_UNIT_READY: 0x00,
  REQUEST_SENSE: 0x03,
  INQUIRY: 0x12,
  MODE_SENSE_6: 0x1a,
  START_STOP_UNIT: 0x1b,
  PREVENT_ALLOW: 0x1e,
  READ_CAPACITY: 0x25,
  READ_10: 0x28,
  SEEK_10: 0x2b,
  READ_SUBCHANNEL: 0x42,
  READ_TOC: 0x43,
  GET_CONFIGURATION: 0x46,
  GET_EVENT_STATUS: 0x4a,
  READ_DISC_INFORMATION: 0x51,
  READ_TRACK_INFORMATION: 0x52,
  MODE_SENSE_10: 0x5a,
  READ_12: 0xa8,
  READ_CD_MSF: 0xb9,
  SET_CD_SPEED: 0xbb,
  MECHANISM_STATUS: 0xbd,
  READ_CD: 0xbe,
} as const;

/** What the commands need of the drive. */
export interface MmcDrive {
  readonly state: DriveState;
  readonly identity: AtaIdentity;
  readonly medium: Block | undefined;
  readonly totalBlocks: number;
  moveTray(open: boolean): void;
  setSense(sense: Sense): void;
  packetDone(): void;
  packetFailed(sense: Sense): void;
  packetData(data: Uint8Array, allocated: number): void;
  packetRead(lba: number, count: number, blockBytes: number): void;
}

const be16 = (p: Uint8Array, at: number): number => (p[at] << 8) | p[at + 1];
const be24 = (p: Uint8Array, at: number): number => (p[at] << 16) | be16(p, at + 1);
const be32 = (p: Uint8Array, at: number): number => ((p[at] << 24) | be24(p, at + 1)) >>> 0;

/** These answer whatever the medium does, and leave a unit attention pending. */
const IGNORES_ATTENTION: readonly number[] = [OP.INQUIRY, OP.REQUEST_SENSE, OP.GET_CONFIGURATION, OP.GET_EVENT_STATUS];
const NEEDS_MEDIUM: readonly number[] = [
  OP.TEST_UNIT_READY,
  OP.READ_CAPACITY,
  OP.READ_10,
  OP.READ_12,
  OP.READ_CD,
  OP.READ_CD_MSF,
  OP.SEEK_10,
  OP.READ_TOC,
  OP.READ_SUBCHANNEL,
  OP.READ_DISC_INFORMATION,
  OP.READ_TRACK_INFORMATION,
];

/** Carries out the packet in the drive's state. */
export function runPacket(drive: MmcDrive): void {
  const s = drive.state;
  const op = s.packet[0];
  if (s.attention !== 0 && !IGNORES_ATTENTION.includes(op)) {
    const asc = s.attention;
    s.attention = 0;
    return drive.packetFailed({ key: SENSE.MEDIUM_CHANGED.key, asc, ascq: 0 });
  }
  if (NEEDS_MEDIUM.includes(op) && !drive.medium)
    return drive.packetFailed(s.trayOpen ? SENSE.NO_MEDIUM_TRAY_OPEN : SENSE.NO_MEDIUM);
  if (op !== OP.REQUEST_SENSE) drive.setSense(SENSE.NONE);
  const command = COMMANDS.get(op);
  if (command) command(drive, s.packet);
  else drive.packetFailed(SENSE.ILLEGAL_OPCODE);
}

type Command = (drive: MmcDrive, p: Uint8Array) => void;

const COMMANDS = new Map<number, Command>([
  [OP.TEST_UNIT_READY, (drive) => drive.packetDone()],
  [OP.REQUEST_SENSE, requestSense],
  [OP.INQUIRY, inquiry],
  [OP.MODE_SENSE_6, (drive, p) => modeSense(drive, p[2], p[4], 4)],
  [OP.MODE_SENSE_10, (drive, p) => modeSense(drive, p[2], be16(p, 7), 8)],
  [OP.START_STOP_UNIT, startStop],
  [
    OP.PREVENT_ALLOW,
    (drive, p) => {
      drive.state.locked = (p[4] & 1) !== 0;
      drive.packetDone();
    },
  ],
  [OP.READ_CAPACITY, readCapacity],
  [OP.READ_10, (drive, p) => drive.packetRead(be32(p, 2), be16(p, 7), CD_SECTOR_BYTES)],
  [OP.READ_12, (drive, p) => drive.packetRead(be32(p, 2), be32(p, 6), CD_SECTOR_BYTES)],
  [OP.READ_CD, (drive, p) => readCd(drive, be32(p, 2), be24(p, 6), p[9])],
  [OP.READ_CD_MSF, readCdMsf],
  [
    OP.SEEK_10,
    (drive, p) => (be32(p, 2) < drive.totalBlocks ? drive.packetDone() : drive.packetFailed(SENSE.LBA_OUT_OF_RANGE)),
  ],
  [OP.READ_TOC, readToc],
  [OP.READ_SUBCHANNEL, (drive, p) => drive.packetData(Uint8Array.of(0, 0x15, 0, 0), be16(p, 7))],
  [OP.GET_CONFIGURATION, (drive, p) => drive.packetData(featureList(drive, p[1] & 3, be16(p, 2)), be16(p, 7))],
  [OP.GET_EVENT_STATUS, getEventStatus],
  [OP.READ_DISC_INFORMATION, (drive, p) => drive.packetData(discInformation(), be16(p, 7))],
  [OP.READ_TRACK_INFORMATION, readTrackInformation],
  [OP.SET_CD_SPEED, (drive) => drive.packetDone()],
  [
    OP.MECHANISM_STATUS,
    (drive, p) => drive.packetData(Uint8Array.of(0, drive.state.trayOpen ? 0x10 : 0, 0, 0, 0, 1, 0, 0), be16(p, 8)),
  ],
]);

function requestSense(drive: MmcDrive, p: Uint8Array): void {
  const s = drive.state;
  if (s.senseKey === 0 && s.attention !== 0) {
    drive.setSense({ key: SENSE.MEDIUM_CHANGED.key, asc: s.attention, ascq: 0 });
    s.attention = 0;
  }
  const reply = new Uint8Array(18);
  reply[0] = 0xf0;
  reply[2] = s.senseKey;
  reply[7] = 10;
  reply[12] = s.asc;
  reply[13] = s.ascq;
  drive.setSense(SENSE.NONE);
  drive.packetData(reply, p[4]);
}

function inquiry(drive: MmcDrive, p: Uint8Array): void {
  // Vital product data pages do not exist before SPC-2, which this drive does not claim.
  if (p[1] & 1 || p[2] !== 0) return drive.packetFailed(SENSE.INVALID_FIELD);
  const reply = new Uint8Array(36);
  reply.set([0x05, 0x80, 0x00, 0x21, 31]);
  const text = (at: number, length: number, value: string): void => {
    for (let i = 0; i < length; i++) reply[at + i] = i < value.length ? value.charCodeAt(i) & 0x7f : 0x20;
  };
  text(8, 8, drive.identity.model.split(' ')[0].toUpperCase());
  text(16, 16, drive.identity.model.split(' ').slice(1).join(' '));
  text(32, 4, drive.identity.firmware);
  drive.packetData(reply, be16(p, 3));
}

function modeSense(drive: MmcDrive, selector: number, allocated: number, headerBytes: 4 | 8): void {
  if (selector >> 6 === 3) return drive.packetFailed(SENSE.SAVING_NOT_SUPPORTED);
  const code = selector & 0x3f;
  const pages: (readonly [number, Uint8Array])[] = [
    [0x01, errorRecoveryPage()],
    [0x0e, cdControlPage()],
    [0x2a, capabilitiesPage(drive.state)],
  ];
  const chosen = pages.filter(([number]) => code === 0x3f || code === number).map(([, page]) => page);
  if (chosen.length === 0) return drive.packetFailed(SENSE.INVALID_FIELD);
  // Changeable values: none is.
  const bodies = chosen.map((page) =>
    selector >> 6 === 1 ? Uint8Array.from(page, (byte, i) => (i < 2 ? byte : 0)) : page,
  );
  const total = headerBytes + bodies.reduce((sum, page) => sum + page.length, 0);
  const reply = new Uint8Array(total);
  const mediumType = drive.medium ? 0x01 : drive.state.trayOpen ? 0x71 : 0x70;
  if (headerBytes === 8) reply.set([(total - 2) >> 8, (total - 2) & 0xff, mediumType]);
  else reply.set([total - 1, mediumType]);
  let at: number = headerBytes;
  for (const page of bodies) {
    reply.set(page, at);
    at += page.length;
  }
  drive.packetData(reply, allocated);
}

function startStop(drive: MmcDrive, p: Uint8Array): void {
  const loadOrEject = (p[4] & 2) !== 0;
  const start = (p[4] & 1) !== 0;
  if (loadOrEject) {
    if (!start && drive.state.locked) return drive.packetFailed(SENSE.REMOVAL_PREVENTED);
    drive.moveTray(!start);
    // The one who asked for it needs not be told.
    drive.state.attention = start && drive.medium ? SENSE.MEDIUM_CHANGED.asc : 0;
  }
  drive.packetDone();
}

function readCapacity(drive: MmcDrive): void {
  const reply = new Uint8Array(8);
  const view = new DataView(reply.buffer);
  view.setUint32(0, Math.max(0, drive.totalBlocks - 1));
  view.setUint32(4, CD_SECTOR_BYTES);
  drive.packetData(reply, 8);
}

/** Byte 9 of the packet: user data alone, or the whole sector. */
function readCd(drive: MmcDrive, lba: number, count: number, parts: number): void {
  const wanted = parts & 0xf8;
  if (wanted === 0) drive.packetDone();
  else if (wanted === 0x10) drive.packetRead(lba, count, CD_SECTOR_BYTES);
  else if (wanted === 0xf8) drive.packetRead(lba, count, RAW_SECTOR_BYTES);
  else drive.packetFailed(SENSE.INVALID_FIELD);
}

function readCdMsf(drive: MmcDrive, p: Uint8Array): void {
  const frames = (at: number): number => (p[at] * 60 + p[at + 1]) * 75 + p[at + 2] - 150;
  const start = frames(3);
  const count = frames(6) - start;
  if (start < 0 || count < 0) drive.packetFailed(SENSE.INVALID_FIELD);
  else readCd(drive, start, count, p[9]);
}

function readToc(drive: MmcDrive, p: Uint8Array): void {
  // Early ATAPI drives took the format from the top of the control byte.
  const format = p[2] & 0x0f || p[9] >> 6;
  const reply = toc(format, (p[1] & 2) !== 0, p[6], drive.totalBlocks);
  if (reply) drive.packetData(reply, be16(p, 7));
  else drive.packetFailed(SENSE.INVALID_FIELD);
}

/** Polled only; of the classes the media class alone. */
function getEventStatus(drive: MmcDrive, p: Uint8Array): void {
  const s = drive.state;
  if (!(p[1] & 1)) return drive.packetFailed(SENSE.INVALID_FIELD);
  const MEDIA_CLASS = 4;
  const supported = 1 << MEDIA_CLASS;
  if (!(p[4] & supported)) return drive.packetData(Uint8Array.of(0, 2, 0x80, supported), be16(p, 7));
  const status = s.trayOpen ? 1 : drive.medium ? 2 : 0;
  const reply = Uint8Array.of(0, 6, MEDIA_CLASS, supported, s.mediaEvent, status, 0, 0);
  s.mediaEvent = MEDIA_EVENT.NONE;
  drive.packetData(reply, be16(p, 7));
}

function readTrackInformation(drive: MmcDrive, p: Uint8Array): void {
  const isTrack1 =
    (p[1] & 3) === 1 ? be32(p, 2) <= 1 : (p[1] & 3) === 0 ? be32(p, 2) < drive.totalBlocks : be32(p, 2) === 1;
  if (isTrack1) drive.packetData(trackInformation(drive.totalBlocks), be16(p, 7));
  else drive.packetFailed(SENSE.INVALID_FIELD);
}
