import type { MediumKind } from '../media/use-media.ts';

/** Capacities of PC floppies, in KiB. */
const FLOPPY_KIB = new Set([160, 180, 320, 360, 720, 1200, 1440, 1680, 1720, 2880]);

/** What sort of medium a file is an image of, as far as its name and size tell. */
export function guessKind(name: string, sizeBytes: number): MediumKind {
  if (/\.(iso|cdr|udf)$/i.test(name)) return 'cdrom';
  if (FLOPPY_KIB.has(sizeBytes / 1024) || /\.(flp|vfd|ima)$/i.test(name)) return 'floppy';
  return 'disk';
}

/** Which system an image's name speaks of; the first that fits. */
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/kolibri|menuet/i, 'kolibrios'],
  [/win(dows)?[-_ ]?xp/i, 'windowsxp'],
  [/win(dows)?[-_ ]?(2000|2k)/i, 'windows2000'],
  [/win(dows)?[-_ ]?(9[58]|me)/i, 'windows9x'],
  [/win(dows)?[-_ ]?3/i, 'windows3'],
  [/dos/i, 'dos'],
  [/bsd/i, 'bsd'],
  [/debian.*(i386|i686|x86(?!.64))/i, 'debian'],
  [/(linux|debian|ubuntu|alpine|fedora|arch|tinycore|slitaz|knoppix).*(amd64|x86.64|64)/i, 'linux64'],
  [/linux|debian|ubuntu|alpine|fedora|arch|tinycore|core|slitaz|knoppix|damn.?small/i, 'linux'],
];

export const guessTemplate = (name: string): string => SYSTEMS.find(([words]) => words.test(name))?.[1] ?? 'other';

/** "tinycore-15.0_x86.iso" is called "tinycore 15.0 x86". */
export const nameFromFile = (name: string): string =>
  name
    .replace(/\.[a-z0-9]{2,5}$/i, '')
    .replaceAll(/[-_]+/g, ' ')
    .trim()
    .slice(0, 64);
