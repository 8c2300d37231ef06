import * as z from 'zod';
import {
  DISKS_MAX,
  FLOPPIES_MAX,
  IMAGE_FORMAT_NAMES,
  MEMORY_MIB_DEFAULT,
  MEMORY_MIB_MAX,
  MEMORY_MIB_MIN,
  MEMORY_RANGE_TEXT,
} from './limits.ts';

export const memoryMiBSchema = z
  .int({ error: MEMORY_RANGE_TEXT })
  .min(MEMORY_MIB_MIN, { error: MEMORY_RANGE_TEXT })
  .max(MEMORY_MIB_MAX, { error: MEMORY_RANGE_TEXT });

/** A host path as it is handed to the operating system. */
export const hostPathSchema = z
  .string()
  .min(1, { error: 'a file name is needed' })
  .max(4096, { error: 'the file name is longer than 4096 characters' })
  .refine((path) => !path.includes('\0'), { error: 'a file name cannot contain a NUL character' });

/** Of disk images; core/formats knows what each is. */
export const imageFormatSchema = z.enum(IMAGE_FORMAT_NAMES);

/** Files and folders outside an image's own folder that it may take its parents and its other parts from. */
export const allowedPathsSchema = z.array(hostPathSchema).max(16, { error: 'at most 16 places can be allowed' });

/**
 * A medium in a drive: a file of the host, or `medium:` and the id of one in the library. A file that is not writable:
 * the guest may write, and what it writes lives in memory until power-off. `mode` is for media of the library:
 * `immutable` is as it was again at every power-off, `write-through` is left out of snapshots.
 */
export const attachmentSchema = z.strictObject({
  path: hostPathSchema,
  writable: z.boolean().default(false),
  /** Of a disk; default: found by content. Floppies and CDs are raw. */
  format: imageFormatSchema.optional(),
  allow: allowedPathsSchema.optional(),
  mode: z.enum(['immutable', 'write-through']).optional(),
});

const MEDIUM_PREFIX = 'medium:';
export const mediumPath = (id: string): string => `${MEDIUM_PREFIX}${id}`;
/** The id in the library; undefined for a file of the host. */
export const mediumIdOf = (path: string): string | undefined =>
  path.startsWith(MEDIUM_PREFIX) ? path.slice(MEDIUM_PREFIX.length) : undefined;

export const bootDeviceSchema = z.enum(['floppy', 'disk', 'cdrom']);

/** `console`: shown in the window's serial tab. `file`: appended to a host file. `stdio`: the terminal of `run`. */
export const serialSchema = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('none') }),
  z.strictObject({ mode: z.literal('console') }),
  z.strictObject({ mode: z.literal('stdio') }),
  z.strictObject({ mode: z.literal('file'), path: hostPathSchema }),
]);

/** `absolute`: guests that know VMware's pointer take positions, so that the host's pointer need not be captured. */
export const pointerSchema = z.enum(['absolute', 'ps2']);
/** `key`: the firmware leaves a moment for F12 at every start; `always`: it shows its menu without being asked. */
export const bootMenuSchema = z.enum(['off', 'key', 'always']);
export const clockSchema = z.enum(['host', 'virtual']);
export const engineSchema = z.enum(['auto', 'interpreter', 'jit']);
/** What CPUID says and which instructions exist; `default` is the fastest for guests that know newer processors. */
/** As people choose from them: the schema's own options begin with what looks like a number. */
export const CPU_MODELS = ['default', '486', 'pentium', 'pentium3'] as const;
export const cpuModelSchema = z.enum(CPU_MODELS);

export const machineNameSchema = z
  .string()
  .trim()
  .min(1, { error: 'a machine needs a name' })
  .max(64, { error: 'a name has at most 64 characters' })
  .regex(/^[^\p{Cc}]*$/u, { error: 'a name cannot contain control characters' });

/** Where lists show a machine: names of nested groups, parted by "/"; empty: beside the groups. */
export const machineGroupSchema = z
  .string()
  .max(256)
  .regex(/^(?:[^\p{Cc}/]+(?:\/[^\p{Cc}/]+)*)?$/u, { error: 'groups are names parted by "/"' });

/** What people see of a machine, and its guest does not: may change at any time. */
const labelShape = {
  group: machineGroupSchema.default(''),
  note: z.string().max(65536).default(''),
  /** Id of the template that it was made from: its picture. */
  template: z.string().max(32).default('other'),
};

const hardwareShape = {
  memoryMiB: memoryMiBSchema.default(MEMORY_MIB_DEFAULT),
  /** A: and B:; null is an empty drive. */
  floppies: z
    .array(attachmentSchema.nullable())
    .max(FLOPPIES_MAX, { error: 'there are two floppy drives, A: and B:' })
    .default([]),
  /** Primary master, primary slave, secondary slave (the CD-ROM is secondary master). */
  disks: z.array(attachmentSchema).max(DISKS_MAX, { error: 'there is room for three disks' }).default([]),
  cdrom: attachmentSchema.nullable().default(null),
  bootOrder: z
    .array(bootDeviceSchema)
    .min(1, { error: 'name at least one device to boot from' })
    .max(3)
    .refine((order) => new Set(order).size === order.length, { error: 'each device may be named once' })
    .default(['floppy', 'cdrom', 'disk']),
  /** COM1 first. */
  serial: z
    .array(serialSchema)
    .max(4)
    .default([{ mode: 'console' }]),
  clock: clockSchema.default('host'),
  engine: engineSchema.default('auto'),
  cpuModel: cpuModelSchema.default('default'),
  pointer: pointerSchema.default('absolute'),
  /** Parts for guests that know that they run on a virtual machine: virtio entropy source and balloon. */
  paravirtual: z.boolean().default(true),
  /** Memory that a guest with a balloon driver is asked to leave to the host. */
  balloonMiB: z.int().min(0).max(MEMORY_MIB_MAX).default(0),
  bootMenu: bootMenuSchema.default('key'),
  /** A ROM image instead of the built-in firmware. */
  firmware: hostPathSchema.nullable().default(null),
  /** A kernel that is started directly: Linux, Multiboot, or ELF with a PVH entry. */
  kernel: z
    .strictObject({
      image: hostPathSchema,
      /** Initial RAM disks; Multiboot's modules. */
      initrd: z.array(hostPathSchema).max(16).default([]),
      append: z.string().max(2048).default(''),
      /** Who unpacks a Linux kernel: the host, where it can, which saves the guest seconds; or always the guest. */
      unpack: z.enum(['host', 'guest']).default('host'),
    })
    .nullable()
    .default(null),
};

/** The parts of a machine: all that is needed to build it. */
export const hardwareSchema = z.strictObject(hardwareShape);

/** What a person fills in to create a machine; everything but the name has a default. */
export const machineDraftSchema = z.strictObject({ name: machineNameSchema, ...labelShape, ...hardwareShape });

export const machineIdSchema = z.uuid();

export const machineConfigSchema = z.strictObject({
  id: machineIdSchema,
  name: machineNameSchema,
  ...labelShape,
  ...hardwareShape,
  createdAt: z.iso.datetime(),
});

/** What changes with another medium (or none) in a drive; a second floppy drive is there from then on. */
export function changeOfMedium(
  { floppies }: Pick<MachineConfig, 'floppies'>,
  drive: RemovableDrive,
  medium: Attachment | null,
): Partial<Pick<MachineConfig, 'floppies' | 'cdrom'>> {
  if (drive === 'cdrom') return { cdrom: medium };
  const index = drive === 'floppy0' ? 0 : 1;
  const count = Math.max(floppies.length, index + 1);
  return { floppies: Array.from({ length: count }, (_, i) => (i === index ? medium : (floppies[i] ?? null))) };
}

/** Fields to change; those left out stay. */
export const machineChangesSchema = z.strictObject({
  name: machineNameSchema.optional(),
  group: machineGroupSchema.optional(),
  note: labelShape.note.unwrap().optional(),
  template: labelShape.template.unwrap().optional(),
  memoryMiB: memoryMiBSchema.optional(),
  floppies: hardwareShape.floppies.unwrap().optional(),
  disks: hardwareShape.disks.unwrap().optional(),
  cdrom: hardwareShape.cdrom.unwrap().optional(),
  bootOrder: hardwareShape.bootOrder.unwrap().optional(),
  serial: hardwareShape.serial.unwrap().optional(),
  clock: clockSchema.optional(),
  engine: engineSchema.optional(),
  cpuModel: cpuModelSchema.optional(),
  pointer: pointerSchema.optional(),
  paravirtual: z.boolean().optional(),
  balloonMiB: hardwareShape.balloonMiB.unwrap().optional(),
  bootMenu: bootMenuSchema.optional(),
  firmware: hardwareShape.firmware.unwrap().optional(),
  kernel: hardwareShape.kernel.unwrap().optional(),
});

/** Changes that a running machine does not notice. */
export const isLabelChange = (field: string): boolean => field === 'name' || Object.hasOwn(labelShape, field);

/** What its process is given to build. */
export function hardwareOf(config: MachineConfig): Hardware {
  const parts = Object.entries(config).filter(([field]) => Object.hasOwn(hardwareShape, field));
  return Object.fromEntries(parts) as Hardware;
}

export const failureSchema = z.strictObject({
  code: z.string().max(64),
  message: z.string(),
  hint: z.string().optional(),
  place: z
    .strictObject({ file: z.string(), offsetBytes: z.number().optional(), field: z.string().optional() })
    .optional(),
});

/**
 * `aborted`: the machine's process crashed, was killed, or hung. A machine that its guest switched off, or that a
 * person stopped, is `stopped`; `reason` then tells an unusual end (a triple fault).
 */
export const machineStatusSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('stopped'), since: z.iso.datetime(), reason: z.string().optional() }),
  z.strictObject({ state: z.literal('starting'), since: z.iso.datetime() }),
  z.strictObject({ state: z.literal('running'), since: z.iso.datetime() }),
  z.strictObject({ state: z.literal('paused'), since: z.iso.datetime() }),
  z.strictObject({ state: z.literal('stopping'), since: z.iso.datetime() }),
  z.strictObject({ state: z.literal('aborted'), since: z.iso.datetime(), reason: failureSchema }),
]);

export const machineInfoSchema = z.strictObject({
  config: machineConfigSchema,
  status: machineStatusSchema,
  /** Stopped, with its whole state stored: the next start goes on from there instead of booting. */
  saved: z.boolean(),
});

/** Drives whose medium can be changed while the machine runs. */
export const removableDriveSchema = z.enum(['floppy0', 'floppy1', 'cdrom']);

export type ImageFormatName = z.infer<typeof imageFormatSchema>;
export type Attachment = z.infer<typeof attachmentSchema>;
export type RemovableDrive = z.infer<typeof removableDriveSchema>;
export type BootDevice = z.infer<typeof bootDeviceSchema>;
export type SerialConfig = z.infer<typeof serialSchema>;
export type Hardware = z.infer<typeof hardwareSchema>;
/** Before defaults: what a caller may leave out is optional. */
export type MachineDraft = z.input<typeof machineDraftSchema>;
export type MachineConfig = z.infer<typeof machineConfigSchema>;
export type MachineChanges = z.infer<typeof machineChangesSchema>;
export type MachineStatus = z.infer<typeof machineStatusSchema>;
export type MachineState = MachineStatus['state'];
export type MachineInfo = z.infer<typeof machineInfoSchema>;
