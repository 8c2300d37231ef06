/** CD sectors and addresses. ECMA-130, sections 14 and 18; MMC-3, section 4.2. */
export const CD_SECTOR_BYTES = 2048;
export const RAW_SECTOR_BYTES = 2352;

/** Address 0 lies two seconds after the start of the disc, 75 frames to a second. */
const LEAD_IN_FRAMES = 150;

export function toMsf(lba: number): readonly [minute: number, second: number, frame: number] {
  const frames = lba + LEAD_IN_FRAMES;
  return [Math.floor(frames / 4500) & 0xff, Math.floor(frames / 75) % 60, frames % 75];
}

const toBcd = (value: number): number => ((Math.floor(value / 10) % 10) << 4) | (value % 10);

/** A mode 1 sector: sync, header, data; EDC and ECC are zero, which drives let pass and no reader of data checks. */
export function rawSector(lba: number, user: Uint8Array): Uint8Array {
  const out = new Uint8Array(RAW_SECTOR_BYTES);
  out.fill(0xff, 1, 11);
  out.set(toMsf(lba).map(toBcd), 12);
  out[15] = 1;
  out.set(user, 16);
  return out;
}
