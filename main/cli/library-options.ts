import { IMAGE_FORMAT_NAMES } from '../../core/contract/limits.ts';
import { attachmentSchema, removableDriveSchema } from '../../core/contract/machine.ts';
import { MACHINE_TEMPLATES } from '../../core/contract/templates.ts';
import type { OptionSpec } from './options.ts';

export interface CommandSpec {
  readonly name: string;
  /** What stands after it, in order. */
  readonly takes: readonly string[];
  /** How many more may follow. */
  readonly takesMore?: number;
  readonly options: readonly OptionSpec[];
  readonly help: string;
}

/** Every command on a library takes these. */
export const LIBRARY_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'library',
    value: 'FOLDER',
    help: 'folder of the library (default: TERRARIUM_LIBRARY, or that of the platform)',
  },
  { name: 'json', help: 'print one JSON object' },
];

const DRIVES = removableDriveSchema.options;
const driveOption = (byDefault: string): OptionSpec => ({
  name: 'drive',
  value: 'DRIVE',
  choices: DRIVES,
  help: `${DRIVES.join(', ')} (default: ${byDefault})`,
});
const DISK_MODES = attachmentSchema.shape.mode.unwrap().options;
const FORCE_DRIVE: OptionSpec = { name: 'force', help: 'also where the guest has locked the drive' };
const FORMAT: OptionSpec = {
  name: 'format',
  value: 'FORMAT',
  choices: IMAGE_FORMAT_NAMES,
  help: `${IMAGE_FORMAT_NAMES.join(', ')} (default: by its name, else raw)`,
};

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'create',
    takes: ['NAME'],
    options: [
      {
        name: 'template',
        value: 'SYSTEM',
        choices: MACHINE_TEMPLATES.map(({ id }) => id),
        help: `what suits a system, with a new disk of its size unless disks are named: ${MACHINE_TEMPLATES.map(({ id }) => id).join(', ')}`,
      },
      { name: 'memory', value: 'MiB', help: 'memory' },
      { name: 'disk', value: 'SIZE|FILE', many: true, help: 'a new disk of this size, or a copy of an image' },
      {
        name: 'disk-mode',
        value: 'MODE',
        many: true,
        choices: DISK_MODES,
        help: 'of the --disk before it: immutable (as it was again at every power-off) or write-through (left out of snapshots)',
      },
      { name: 'floppy', value: 'FILE', many: true, help: 'a copy of this image in A:, then B:' },
      { name: 'cdrom', value: 'FILE', help: 'CD-ROM image, used where it is' },
      { name: 'in-place', help: 'use the files themselves: the guest writes into them, and there are no snapshots' },
      { name: 'kernel', value: 'FILE', help: 'Linux kernel to start directly' },
      { name: 'initrd', value: 'FILE', help: 'its initial RAM disk' },
      { name: 'append', value: 'TEXT', help: 'its command line' },
      {
        name: 'unpack',
        value: 'WHO',
        choices: ['host', 'guest'],
        help: 'who unpacks the kernel: host (default, sooner), guest',
      },
      { name: 'engine', value: 'KIND', choices: ['auto', 'interpreter', 'jit'], help: 'how instructions are executed' },
    ],
    help: 'make a machine',
  },
  { name: 'list', takes: [], options: [], help: 'the machines and their states' },
  { name: 'info', takes: ['NAME'], options: [], help: 'what a machine is made of' },
  {
    name: 'remove',
    takes: ['NAME'],
    options: [{ name: 'keep-media', help: 'keep its disks' }],
    help: 'remove a machine, its snapshots, and disks that no other uses',
  },
  {
    name: 'start',
    takes: ['NAME'],
    options: [
      { name: 'headless', help: 'without a window (as where there is no display)' },
      { name: 'throw-away', help: 'what it writes to its disks goes at power-off' },
    ],
    help: 'start a machine, or go on where it was saved; it runs on when this command ends',
  },
  {
    name: 'stop',
    takes: ['NAME'],
    options: [
      { name: 'save', help: 'keep its whole state; the next start goes on there' },
      { name: 'acpi', help: 'press the power button, and wait until the system has shut down' },
      { name: 'force', help: 'as by pulling the plug (default)' },
      { name: 'timeout', value: 'SECONDS', help: 'with --acpi: exit status 3 when it still runs then (default 60)' },
    ],
    help: 'stop a machine',
  },
  { name: 'pause', takes: ['NAME'], options: [], help: 'let a machine stand still' },
  { name: 'resume', takes: ['NAME'], options: [], help: 'let it go on' },
  {
    name: 'snapshot take',
    takes: ['NAME'],
    takesMore: 1,
    options: [
      { name: 'note', value: 'TEXT', help: 'a note' },
      { name: 'no-memory', help: 'disks alone' },
    ],
    help: 'NAME [SNAPSHOT]: keep the present state; a running machine runs on',
  },
  { name: 'snapshot list', takes: ['NAME'], options: [], help: 'the tree of snapshots' },
  {
    name: 'snapshot restore',
    takes: ['NAME', 'SNAPSHOT'],
    options: [{ name: 'keep', value: 'SNAPSHOT', help: 'keep the present state as a snapshot of this name first' }],
    help: 'put a stopped machine back',
  },
  { name: 'snapshot delete', takes: ['NAME', 'SNAPSHOT'], options: [], help: 'forget one; others are not touched' },
  {
    name: 'clone',
    takes: ['NAME', 'NEW-NAME'],
    options: [
      { name: 'snapshot', value: 'SNAPSHOT', help: 'with its disks as they were then' },
      { name: 'full', help: 'with all its snapshots' },
    ],
    help: 'a new machine with the same disks, shared until written',
  },
  {
    name: 'fork',
    takes: ['NAME', 'NEW-NAME'],
    options: [{ name: 'no-start', help: 'leave the new machine saved' }],
    help: 'a second machine that goes on from this instant of a running one',
  },
  { name: 'type', takes: ['NAME', 'TEXT'], options: [], help: 'type text; \\n is Enter' },
  {
    name: 'key',
    takes: ['NAME', 'KEYS'],
    takesMore: Infinity,
    options: [],
    help: 'press keys: enter, ctrl+alt+del, …',
  },
  {
    name: 'screen',
    takes: ['NAME'],
    options: [
      { name: 'text', help: 'its characters (default)' },
      { name: 'png', value: 'FILE', help: 'its picture' },
    ],
    help: 'what a machine shows',
  },
  {
    name: 'wait',
    takes: ['NAME'],
    options: [
      { name: 'until', value: 'REGEX', help: 'text on the screen or from the first serial port' },
      { name: 'timeout', value: 'SECONDS', help: 'exit status 3 after this time (default 60)' },
    ],
    help: 'wait for text',
  },
  { name: 'discard', takes: ['NAME'], options: [], help: 'forget where a machine was saved: the next start boots' },
  {
    name: 'media attach',
    takes: ['NAME', 'MEDIUM|FILE'],
    options: [
      driveOption('cdrom for .iso files, else floppy0'),
      { name: 'writable', help: 'let the guest write to it' },
      FORCE_DRIVE,
    ],
    help: 'put a floppy or CD into a drive, running or not',
  },
  {
    name: 'media eject',
    takes: ['NAME'],
    options: [driveOption('the one that is not empty'), FORCE_DRIVE],
    help: 'take it out',
  },
  { name: 'media list', takes: [], options: [], help: 'disks of the library' },
  { name: 'disk create', takes: ['NAME', 'SIZE'], options: [], help: 'a new disk' },
  {
    name: 'media import',
    takes: ['FILE'],
    options: [
      { name: 'name', value: 'NAME', help: 'its name in the library (default: the file name)' },
      {
        name: 'kind',
        value: 'KIND',
        choices: ['disk', 'floppy', 'cdrom'],
        help: 'disk, floppy or cdrom (default: by what is in it)',
      },
      { name: 'allow', value: 'PATH', many: true, help: 'file or folder that its parents and parts may be taken from' },
    ],
    help: 'copy an image into the library',
  },
  {
    name: 'media export',
    takes: ['MEDIUM', 'FILE'],
    options: [FORMAT],
    help: 'write a disk to a new file',
  },
  {
    name: 'media move',
    takes: ['MEDIUM', 'FILE'],
    options: [FORMAT],
    help: 'move a disk out of the library into a new file, which its machines use then',
  },
  {
    name: 'disk check',
    takes: ['MEDIUM'],
    options: [],
    help: 'compare all that is on a disk with its sums (exit status 4: problems)',
  },
  {
    name: 'disk resize',
    takes: ['MEDIUM', 'SIZE'],
    options: [{ name: 'force', help: 'also where data is cut off' }],
    help: 'change the size of a disk',
  },
  { name: 'disk compact', takes: ['MEDIUM'], options: [], help: 'store what was written since once, compressed' },
  { name: 'media remove', takes: ['MEDIUM'], options: [], help: 'remove a disk that nothing needs' },
  {
    name: 'store check',
    takes: [],
    options: [{ name: 'repair', help: 'put right what can be' }],
    help: 'compare everything with its sums (exit status 4: problems)',
  },
  { name: 'store gc', takes: [], options: [], help: 'give back the space of what nothing needs' },
  { name: 'store usage', takes: [], options: [], help: 'who needs how much, shared and alone' },
];

export const isLibraryCommand = (word: string): boolean =>
  COMMANDS.some(({ name }) => name === word || name.startsWith(`${word} `));
