/** Floppy formats by image size. ECMA-66, 70, 78, 99, 100, 125; Microsoft DMF; the usual overformatted ones. */
export interface FloppyGeometry {
  readonly cylinders: number;
  readonly heads: 1 | 2;
  readonly sectors: number;
  /** Data rate codes of the CCR at which a drive reads it: 0 500, 1 300, 2 250, 3 1000 kbit/s. */
  readonly rates: readonly number[];
  /** The drive that a PC of the time would have for it. */
  readonly drive: FloppyDriveType;
}

export type FloppyDriveType = '360K' | '1.2M' | '720K' | '1.44M' | '2.88M';

/** CMOS byte 10h, one nibble a drive; an absent drive is 0. */
export const FLOPPY_CMOS_TYPE: Readonly<Record<FloppyDriveType, number>> = {
  '360K': 1,
  '1.2M': 2,
  '720K': 3,
  '1.44M': 4,
  '2.88M': 5,
};

export const FLOPPY_SECTOR_BYTES = 512;
export const FLOPPY_MAX_CYLINDERS = 84;

/** 300 kbit/s is double density in a 1.2M drive, which turns faster. */
const DOUBLE_DENSITY = [2, 1];
const HIGH_DENSITY = [0];
const EXTRA_DENSITY = [3];

/** cylinders, heads, sectors, drive; by ascending size. */
const FORMATS: readonly (readonly [number, 1 | 2, number, FloppyDriveType])[] = [
  [40, 1, 8, '360K'], // 160K
  [40, 1, 9, '360K'], // 180K
  [40, 2, 8, '360K'], // 320K
  [40, 2, 9, '360K'], // 360K
  [40, 2, 10, '360K'], // 400K
  [80, 2, 8, '720K'], // 640K
  [80, 2, 9, '720K'], // 720K
  [80, 2, 10, '720K'], // 800K
  [82, 2, 10, '720K'], // 820K
  [80, 2, 15, '1.2M'], // 1.2M
  [80, 2, 18, '1.44M'], // 1.44M
  [82, 2, 18, '1.44M'],
  [83, 2, 18, '1.44M'],
  [80, 2, 20, '1.44M'], // 1.6M
  [80, 2, 21, '1.44M'], // 1.68M, DMF
  [82, 2, 21, '1.44M'], // 1.72M
  [83, 2, 21, '1.44M'], // 1.74M
  [80, 2, 24, '2.88M'], // 1.92M
  [80, 2, 36, '2.88M'], // 2.88M
  [80, 2, 39, '2.88M'], // 3.12M
];

function geometry([cylinders, heads, sectors, drive]: (typeof FORMATS)[number]): FloppyGeometry {
  const rates = sectors <= 10 ? DOUBLE_DENSITY : sectors <= 21 ? HIGH_DENSITY : EXTRA_DENSITY;
  return { cylinders, heads, sectors, rates, drive };
}

export function floppyCapacityBytes(g: Pick<FloppyGeometry, 'cylinders' | 'heads' | 'sectors'>): number {
  return g.cylinders * g.heads * g.sectors * FLOPPY_SECTOR_BYTES;
}

/**
 * The format of an image of this size. An image of another size takes the smallest common format that holds it (what
 * lies past its end reads as zeros); undefined for an empty image and one that no floppy holds.
 */
export function floppyGeometry(sizeBytes: number): FloppyGeometry | undefined {
  if (sizeBytes <= 0) return undefined;
  const capacity = (format: (typeof FORMATS)[number]): number =>
    floppyCapacityBytes({ cylinders: format[0], heads: format[1], sectors: format[2] });
  const exact = FORMATS.find((format) => capacity(format) === sizeBytes);
  if (exact) return geometry(exact);
  const cut = [FORMATS[3], FORMATS[6], FORMATS[9], FORMATS[10], ...FORMATS.slice(11)];
  const larger = cut.find((format) => capacity(format) > sizeBytes);
  return larger && geometry(larger);
}
