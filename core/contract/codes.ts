import type { Failure } from '../base/index.ts';

/** What sort of trouble a code is; decides the exit status of the command line and the HTTP status of the web shell. */
export type CodeKind = 'usage' | 'file' | 'timeout' | 'state' | 'refused' | 'machine' | 'difference' | 'internal';

export interface CodeEntry {
  readonly kind: CodeKind;
  readonly meaning: string;
}

/** Every error code of the contract. A code is stable: scripts may match on it. */
export const CODES = {
  'args.invalid': { kind: 'usage', meaning: 'An option or its value is not understood.' },
  'args.regex': { kind: 'usage', meaning: '--until is not a valid regular expression.' },
  'args.key': { kind: 'usage', meaning: 'A key name is unknown.' },
  'args.terminal': { kind: 'usage', meaning: 'The option needs a terminal, and there is none.' },
  'config.memory': { kind: 'usage', meaning: 'The memory size is no whole number of MiB within the limits.' },
  'config.unavailable': { kind: 'usage', meaning: 'A system cannot run on these machines yet.' },
  'config.invalid': { kind: 'usage', meaning: 'A field of a machine configuration has a value that it cannot have.' },

  'file.missing': { kind: 'file', meaning: 'There is no file of this name.' },
  'file.unreadable': { kind: 'file', meaning: 'The file exists, but may not be read.' },
  'file.unwritable': { kind: 'file', meaning: 'The file may not be written.' },
  'file.directory': { kind: 'file', meaning: 'A folder was named where a file is needed.' },
  'file.special': { kind: 'file', meaning: 'A pipe, socket or device was named where a regular file is needed.' },
  'file.io': { kind: 'file', meaning: 'The operating system reported an error while using the file.' },
  'image.empty': { kind: 'file', meaning: 'The image has no bytes.' },
  'image.oversized': { kind: 'file', meaning: 'The image is larger than any medium of its kind.' },
  'image.size': { kind: 'file', meaning: 'The size of the image is not one that a medium of its kind has.' },
  'image.locked': { kind: 'file', meaning: 'Another machine has the image open for writing.' },
  'image.duplicate': { kind: 'file', meaning: 'The same image is attached twice, once for writing.' },
  'image.not-bootable': { kind: 'file', meaning: 'The only medium to boot from has no boot signature or code.' },
  'image.format': { kind: 'file', meaning: 'The format of the image is not supported.' },
  'image.corrupt': { kind: 'file', meaning: "The image's own structures contradict each other." },
  'image.truncated': { kind: 'file', meaning: 'The image ends before its structures say that it does.' },
  'image.unsupported': { kind: 'file', meaning: 'The image needs a feature that is not supported, or cannot have it.' },
  'image.parent': { kind: 'file', meaning: 'A file that the image needs may not be opened, is missing or changed.' },
  'image.cycle': { kind: 'file', meaning: 'An image is its own ancestor, or the chain of parents is too long.' },
  'image.shrink': { kind: 'state', meaning: 'There are data behind the new end of the disk.' },
  'image.read-only': { kind: 'file', meaning: 'An image of this kind is not written in place.' },
  'file.exists': { kind: 'file', meaning: 'There is a file of this name already.' },
  'task.unknown': { kind: 'state', meaning: 'No work in progress has this id.' },
  'task.running': { kind: 'state', meaning: 'Work in progress would be cancelled.' },
  'task.cancelled': { kind: 'state', meaning: 'The work was cancelled.' },
  'kernel.format': { kind: 'file', meaning: 'The file is not a Linux kernel that can be started directly.' },
  'kernel.memory': { kind: 'usage', meaning: 'A kernel does not fit into the memory of the machine.' },
  'firmware.size': { kind: 'file', meaning: 'The firmware image is not 64, 128 or 256 KiB.' },

  'run.timeout': { kind: 'timeout', meaning: 'The time given by --timeout was over before what was waited for.' },
  'run.stopped': { kind: 'timeout', meaning: 'The machine powered off or shut down before the last --until was met.' },

  'engine.difference': { kind: 'difference', meaning: 'Two engines in lock step came to different states.' },

  'machine.unknown': { kind: 'state', meaning: 'No machine has this id.' },
  'machine.exists': { kind: 'state', meaning: 'Another machine has this name.' },
  'machine.running': { kind: 'state', meaning: 'This needs a stopped machine.' },
  'machine.not-running': { kind: 'state', meaning: 'This needs a running machine.' },
  'machine.no-acpi': { kind: 'state', meaning: 'No system in the machine listens to its power button.' },
  'machine.busy': { kind: 'state', meaning: 'The machine is starting or stopping.' },
  'machine.crashed': { kind: 'machine', meaning: "The machine's process ended unexpectedly." },
  'machine.killed': { kind: 'machine', meaning: "The machine's process was ended by a signal." },
  'machine.hung': { kind: 'machine', meaning: "The machine's process stopped answering and was ended." },
  'machine.shutdown': { kind: 'machine', meaning: "The guest's processor shut down (triple fault)." },
  'drive.locked': { kind: 'state', meaning: 'The guest has locked the tray of its CD-ROM drive.' },
  'machine.start': { kind: 'machine', meaning: 'The machine could not be built.' },

  'call.unknown': { kind: 'refused', meaning: 'There is no call of this name.' },
  'call.malformed': { kind: 'refused', meaning: 'The parameters of a call do not fit its schema.' },
  'call.sender': { kind: 'refused', meaning: 'A call came from a window, frame or origin that is not ours.' },
  'call.too-large': { kind: 'refused', meaning: 'A message is larger than the contract allows.' },
  'stream.malformed': { kind: 'refused', meaning: 'A stream message is truncated or has impossible fields.' },
  'shell.unsupported': { kind: 'refused', meaning: 'This shell cannot do that (for example show a file dialog).' },

  'library.open': { kind: 'file', meaning: 'The library folder or its database cannot be opened.' },
  'library.newer': { kind: 'file', meaning: 'The library was written by a newer version of Terrarium.' },
  'image.memory': { kind: 'state', meaning: 'A machine image is of another memory size than the machine.' },
  'image.part': { kind: 'state', meaning: 'A machine image holds other parts than the machine has.' },
  'snapshot.unsupported': { kind: 'state', meaning: 'The machine has a disk of which no snapshot can be taken.' },
  'snapshot.state': { kind: 'file', meaning: 'The machine cannot go on from a saved state.' },
  'store.damaged': { kind: 'file', meaning: 'Something in the library is not as it was written.' },
  'store.full': { kind: 'file', meaning: 'The disk that holds the library is full.' },
  'store.io': { kind: 'file', meaning: 'The host reported an error while the library was used.' },
  'store.medium': { kind: 'state', meaning: 'The library has no medium of this name or id.' },
  'store.snapshot': { kind: 'state', meaning: 'The library has no snapshot of this name or id.' },
  'store.name-taken': { kind: 'state', meaning: 'Another medium has this name.' },
  'store.in-use': { kind: 'state', meaning: 'Something else needs what was to be changed or removed.' },
  'store.size': { kind: 'usage', meaning: 'A disk cannot have this size.' },
  'store.shrink': { kind: 'state', meaning: 'A disk has data behind the size that it is to shrink to.' },
  'removal.over': { kind: 'state', meaning: 'What was removed can no longer be brought back.' },
  'debian.unavailable': { kind: 'state', meaning: "No system can be built out of this computer's packages." },
  'debian.tools': { kind: 'state', meaning: 'A program that building a system needs is missing, or failed.' },
  'debian.package': { kind: 'state', meaning: "This computer's package sources do not have a package." },
  'debian.download': { kind: 'state', meaning: 'Packages could not be downloaded.' },
  'serve.address': { kind: 'file', meaning: 'The address or port cannot be listened on.' },
  'serve.renderer': { kind: 'file', meaning: 'The interface has not been built.' },
  internal: { kind: 'internal', meaning: 'A defect of Terrarium; the message holds what is known.' },
} as const satisfies Readonly<Record<string, CodeEntry>>;

export type Code = keyof typeof CODES;

const EXIT_BY_KIND: Readonly<Record<CodeKind, number>> = {
  usage: 2,
  file: 2,
  timeout: 3,
  state: 5,
  refused: 2,
  machine: 1,
  difference: 6,
  internal: 1,
};

const HTTP_BY_KIND: Readonly<Record<CodeKind, number>> = {
  usage: 400,
  file: 422,
  timeout: 504,
  state: 409,
  refused: 403,
  machine: 500,
  difference: 500,
  internal: 500,
};

const entryOf = (code: string): CodeEntry | undefined => (Object.hasOwn(CODES, code) ? CODES[code as Code] : undefined);

/** Codes of the core that are not in the table (state.*, …) count as internal. */
export const kindOf = (code: string): CodeKind => entryOf(code)?.kind ?? 'internal';
export const exitCodeOf = (code: string): number => EXIT_BY_KIND[kindOf(code)];
export const httpStatusOf = (code: string): number => HTTP_BY_KIND[kindOf(code)];

/** A Failure whose code is in the table. */
export function fail(code: Code, message: string, hint?: string): Failure & { readonly code: Code } {
  return hint === undefined ? { code, message } : { code, message, hint };
}

/** The power button was pressed, and there is nobody in the guest to hear it: DOS, or a system that still starts. */
export const buttonUnheard = (machine: string): Failure =>
  fail(
    'machine.no-acpi',
    `no system in "${machine}" listens to the power button`,
    'shut the system down from inside, save its state, or power it off',
  );
