/** Data that packet commands return. MMC-3 and MMC-4, sections named at each. */
import type { Block } from '../../backends/index.ts';
import type { DriveState } from './ide-state.ts';
import { CD_SECTOR_BYTES, toMsf } from './mmc-sector.ts';

const PROFILE = { CD_ROM: 0x0008, DVD_ROM: 0x0010 } as const;
/** More than 90 minutes do not fit a CD. */
const CD_MAX_BLOCKS = 90 * 60 * 75;
const LEAD_OUT = 0xaa;

/** READ TOC/PMA/ATIP (6.31): formats 0 to 2 of a disc with one data track. Undefined for other formats and tracks. */
export function toc(format: number, msf: boolean, startTrack: number, totalBlocks: number): Uint8Array | undefined {
  const address = (lba: number): number[] =>
    msf ? [0, ...toMsf(lba)] : [lba >>> 24, (lba >>> 16) & 0xff, (lba >>> 8) & 0xff, lba & 0xff];
  if (format === 0) {
    if (startTrack > 1 && startTrack !== LEAD_OUT) return undefined;
    const body = startTrack <= 1 ? [0, 0x14, 1, 0, ...address(0)] : [];
    body.push(0, 0x14, LEAD_OUT, 0, ...address(totalBlocks));
    return Uint8Array.of(0, body.length + 2, 1, 1, ...body);
  }
  if (format === 1) return Uint8Array.of(0, 10, 1, 1, 0, 0x14, 1, 0, ...address(0));
  if (format !== 2) return undefined;
  const point = (number: number, at: readonly number[]): number[] => [1, 0x14, 0, number, 0, 0, 0, 0, ...at];
  const leadOut = msf
    ? toMsf(totalBlocks)
    : [(totalBlocks >>> 16) & 0xff, (totalBlocks >>> 8) & 0xff, totalBlocks & 0xff];
  const body = [
    ...point(0xa0, [1, 0, 0]),
    ...point(0xa1, [1, 0, 0]),
    ...point(0xa2, leadOut),
    ...point(1, msf ? toMsf(0) : [0, 0, 0]),
  ];
  return Uint8Array.of(0, body.length + 2, 1, 1, ...body);
}

/** READ DISC INFORMATION (6.26): a complete disc with one session. */
export function discInformation(): Uint8Array {
  const reply = new Uint8Array(34);
  reply.set([0, 32, 0x0e, 1, 1, 1, 1, 0x20]);
  return reply;
}

/** READ TRACK INFORMATION (6.27): track 1 is the whole disc. */
export function trackInformation(totalBlocks: number): Uint8Array {
  const reply = new Uint8Array(36);
  reply.set([0, 34, 1, 1, 0, 0x04, 0x01]);
  new DataView(reply.buffer).setUint32(24, totalBlocks);
  return reply;
}

interface FeatureSource {
  readonly medium: Block | undefined;
}

/** GET CONFIGURATION (MMC-4 6.6). `requested` 0: all features, 1: the current ones, 2: one. */
export function featureList(drive: FeatureSource, requested: number, starting: number): Uint8Array {
  const blocks = drive.medium ? Math.floor(drive.medium.sizeBytes / CD_SECTOR_BYTES) : 0;
  const profile = !drive.medium ? 0 : blocks > CD_MAX_BLOCKS ? PROFILE.DVD_ROM : PROFILE.CD_ROM;
  const isCurrent = (each: number): number => (each === profile ? 1 : 0);
  const medium = drive.medium ? 1 : 0;
  const features: (readonly [code: number, current: number, bytes: readonly number[]])[] = [
    [
      0x0000,
      1,
      [0x03, 8, 0, PROFILE.DVD_ROM, isCurrent(PROFILE.DVD_ROM), 0, 0, PROFILE.CD_ROM, isCurrent(PROFILE.CD_ROM), 0],
    ],
    [0x0001, 1, [0x03 | 0x08, 8, 0, 0, 0, 2, 1, 0, 0, 0]], // core: ATAPI
    [0x0003, 1, [0x03, 4, 0x29, 0, 0, 0]], // removable: tray, eject, lock
    [0x0010, medium, [medium, 8, 0, 0, CD_SECTOR_BYTES >> 8, 0, 0, 16, 0, 0]], // random readable
    [0x001e, isCurrent(PROFILE.CD_ROM), [isCurrent(PROFILE.CD_ROM) | 0x08, 4, 0, 0, 0, 0]], // CD read
    [0x001f, isCurrent(PROFILE.DVD_ROM), [isCurrent(PROFILE.DVD_ROM), 4, 0, 0, 0, 0]], // DVD read
  ];
  const listed = features.filter(([code, current]) =>
    requested === 2 ? code === starting : code >= starting && (requested === 0 || current === 1),
  );
  const body = listed.flatMap(([code, , bytes]) => [code >> 8, code & 0xff, ...bytes]);
  const reply = new Uint8Array(8 + body.length);
  new DataView(reply.buffer).setUint32(0, 4 + body.length);
  reply[7] = profile;
  reply.set(body, 8);
  return reply;
}

/** Mode page 01h (MMC-3 5.5.6). */
export const errorRecoveryPage = (): Uint8Array => Uint8Array.of(0x01, 6, 0, 5, 0, 0, 0, 0);

/** Mode page 0Eh (MMC-3 5.5.5): volumes of the analogue outputs. */
export const cdControlPage = (): Uint8Array =>
  Uint8Array.of(0x0e, 14, 0x04, 0, 0, 0, 0, 75, 0x01, 0xff, 0x02, 0xff, 0, 0, 0, 0);

/** Mode page 2Ah (MMC-3 5.5.10). */
export function capabilitiesPage(s: DriveState): Uint8Array {
  const page = new Uint8Array(20);
  const view = new DataView(page.buffer);
  page.set([0x2a, 18, 0x3b, 0, 0x70, 0x60, 0x29 | (s.locked ? 0x02 : 0), 0x00]);
  view.setUint16(8, 706); // maximum speed in kB/s: 4x
  view.setUint16(10, 2);
  view.setUint16(12, 512); // buffer in KiB
  view.setUint16(14, 706);
  return page;
}
