import {
  DISKS_MAX,
  FLOPPIES_MAX,
  changeOfMedium,
  type Attachment,
  type MachineConfig,
  type RemovableDrive,
} from '../../../core/contract/index.ts';

export type DriveLabel = 'floppyA' | 'floppyB' | 'ide00' | 'ide01' | 'ide10' | 'ide11';

type Drives = Pick<MachineConfig, 'floppies' | 'disks' | 'cdrom'>;

export interface Drive {
  readonly key: string;
  /** Its place on the controller: the catalogue has its name. */
  readonly label: DriveLabel;
  readonly kind: 'floppy' | 'disk' | 'cdrom';
  readonly medium: Attachment | null;
  /** Its medium can be changed while the machine runs. */
  readonly removable?: RemovableDrive;
}

/** Disks take the first channel and then the second one's slave: its master is the CD-ROM. */
const DISK_LABELS = ['ide00', 'ide01', 'ide11'] as const;

/** The drives that a machine has, in the order of their controllers; `all`: with the places that are free. */
export function drivesOf(config: Drives, all = false): Drive[] {
  const floppies = Array.from({ length: all ? FLOPPIES_MAX : Math.max(1, config.floppies.length) }, (_, i): Drive => ({
    key: `floppy${i}`,
    label: i === 0 ? 'floppyA' : 'floppyB',
    kind: 'floppy',
    medium: config.floppies[i] ?? null,
    removable: i === 0 ? 'floppy0' : 'floppy1',
  }));
  const disks = Array.from({ length: all ? DISKS_MAX : config.disks.length }, (_, i): Drive => ({
    key: `disk${i}`,
    label: DISK_LABELS[i],
    kind: 'disk',
    medium: config.disks[i] ?? null,
  }));
  const cdrom: Drive = { key: 'cdrom', label: 'ide10', kind: 'cdrom', medium: config.cdrom, removable: 'cdrom' };
  return [...floppies, ...disks.slice(0, 2), cdrom, ...disks.slice(2)];
}

/** What changes with another medium (or none) in a drive; disks stand without gaps. */
export function withMedium(
  { floppies, disks }: Pick<MachineConfig, 'floppies' | 'disks'>,
  { key, removable }: Drive,
  medium: Attachment | null,
): Partial<Drives> {
  if (removable) return changeOfMedium({ floppies }, removable, medium);
  return { disks: disks.toSpliced(Number(key.at(-1)), 1, ...(medium ? [medium] : [])) };
}
