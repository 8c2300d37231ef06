import * as z from 'zod';
import {
  checkReportSchema,
  convertSchema,
  createImageSchema,
  imageInfoSchema,
  imageRefSchema,
  resizeImageSchema,
} from './images.ts';
import {
  allowedPathsSchema,
  attachmentSchema,
  failureSchema,
  imageFormatSchema,
  hostPathSchema,
  machineChangesSchema,
  machineDraftSchema,
  machineGroupSchema,
  machineIdSchema,
  machineInfoSchema,
  machineNameSchema,
  memoryMiBSchema,
  removableDriveSchema,
} from './machine.ts';
import { logEntrySchema } from './logs.ts';
import { removalSchema, removedItemSchema } from './removals.ts';
import { taskIdSchema, taskSchema } from './tasks.ts';

const byId = z.strictObject({ id: machineIdSchema });
const nothing = z.strictObject({});

export const mediumKindSchema = z.enum(['floppy', 'disk', 'cdrom', 'rom', 'kernel']);

export const mediumInfoSchema = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  kind: z.enum(['disk', 'floppy', 'cdrom']),
  sizeBytes: z.number(),
  createdAt: z.string(),
  /** Names of the machines that it is attached to. */
  usedBy: z.array(z.string()),
});

/** A file of the host in a machine's drive, as it is at this moment. */
export const hostImageSchema = z.strictObject({
  path: hostPathSchema,
  kind: z.enum(['disk', 'floppy', 'cdrom']),
  /** What a guest sees; null where it cannot be told. */
  sizeBytes: z.number().nullable(),
  /** Of the file itself, which a format may make smaller or larger. */
  fileBytes: z.number().nullable(),
  /** Why a machine could not start with it; null: it could. */
  problem: failureSchema.nullable(),
  usedBy: z.array(z.string()),
});

export const snapshotInfoSchema = z.strictObject({
  id: z.uuid(),
  machine: machineIdSchema,
  /** Null: a root of the tree. */
  parent: z.uuid().nullable(),
  name: z.string(),
  note: z.string(),
  createdAt: z.string(),
  /** The machine was running or paused, and its memory is in it. */
  hasMemory: z.boolean(),
  hasPicture: z.boolean(),
  /** The machine's present state comes from it. */
  current: z.boolean(),
  /** Stored bytes of all that it needs, and of what nothing else needs. */
  bytes: z.number(),
  uniqueBytes: z.number(),
});

/** One part of two states of a machine: the place of a disk ("disk0", "floppy1"), or "memory" with the devices. */
const comparedPartSchema = z.strictObject({
  place: z.string(),
  /** Stored bytes of each, and of what is the same in both. */
  firstBytes: z.number(),
  secondBytes: z.number(),
  sharedBytes: z.number(),
  /** Whether each has this part: a machine that was off has no memory, a machine that runs has none that is stored. */
  inFirst: z.boolean(),
  inSecond: z.boolean(),
});

const snapshotNameSchema = z
  .string()
  .trim()
  .min(1, { error: 'a snapshot needs a name' })
  .max(256)
  .regex(/^[^\p{Cc}]*$/u, { error: 'a name cannot contain control characters' });
const noteSchema = z.string().max(65536);
const bySnapshot = z.strictObject({ id: z.uuid() });
const byMedium = z.strictObject({ id: z.uuid() });
const mediumNameSchema = snapshotNameSchema;
const capturedSchema = z.strictObject({
  /** How long the guest stood still; 0 when it was stopped. */
  pauseMs: z.number(),
  totalMs: z.number(),
  addedBytes: z.number(),
});
const problemSchema = z.strictObject({ where: z.string(), what: z.string() });

/**
 * Every control call: its parameters and its result. The router checks both on arrival; the typed clients and the
 * preload bridge derive from this table.
 */
export const CALLS = {
  'app.info': {
    params: nothing,
    result: z.strictObject({
      version: z.string(),
      shell: z.enum(['electron', 'web']),
      platform: z.string(),
      libraryPath: z.string(),
      /** The folder that was chosen for the next start; null: the present one, or where whoever starts it says. */
      nextLibraryPath: z.string().nullable(),
      /** Whether app.restart can be called. */
      canRestart: z.boolean(),
      memoryMiB: z.strictObject({ min: z.int(), max: z.int() }),
      host: z.strictObject({ memoryMiB: z.int(), cpus: z.int() }),
      /** Whether media.pick can show a dialog; otherwise people type a path. */
      canPickFiles: z.boolean(),
      /** Whether machines.buildDebian can work on this computer, or why not. */
      debian: z.enum(['available', 'no-debian', 'no-kernel', 'no-tools']),
    }),
  },
  /** Chooses the library of later starts: another is opened, or made; nothing is moved. */
  'library.choose': { params: z.strictObject({ path: hostPathSchema }), result: z.strictObject({ path: z.string() }) },
  /** Starts anew with the chosen library; refused while machines run. */
  'app.restart': { params: nothing, result: nothing },
  'machines.list': { params: nothing, result: z.strictObject({ machines: z.array(machineInfoSchema) }) },
  'machines.create': { params: machineDraftSchema, result: machineInfoSchema },
  /**
   * A machine with a small Debian out of this computer's own packages, which are downloaded as needed. While it is made it
   * is a task: `tasks.cancel` ends it, and nothing is left but the packages.
   */
  'machines.buildDebian': {
    params: z.strictObject({
      name: machineNameSchema,
      group: machineGroupSchema.default(''),
      memoryMiB: memoryMiBSchema.default(256),
      diskBytes: z
        .int()
        .min(64 * 2 ** 20)
        .default(2 ** 30),
    }),
    result: machineInfoSchema,
  },
  /** Name, group and note at any time; the rest only while stopped or aborted. */
  'machines.update': {
    params: z.strictObject({ id: machineIdSchema, changes: machineChangesSchema }),
    result: machineInfoSchema,
  },
  /** Forgets the machine; its images stay where they are. Only while stopped or aborted. */
  'machines.remove': { params: byId, result: nothing },
  /** Resolves when the machine runs, or with the reason why it cannot. */
  'machines.start': {
    params: z.strictObject({
      id: machineIdSchema,
      /** Every change of its disks goes at power-off. */
      throwAway: z.boolean().optional(),
    }),
    result: machineInfoSchema,
  },
  /** As machines.start, in a process that outlives this one and that any Terrarium on the library can speak to. */
  'machines.startHeadless': {
    params: z.strictObject({ id: machineIdSchema, throwAway: z.boolean().optional() }),
    result: machineInfoSchema,
  },
  /** Presses the power button; an operating system that listens shuts down. */
  'machines.powerButton': { params: byId, result: z.strictObject({ heard: z.boolean() }) },
  /** Stores the whole state and ends its process; the next start goes on from there. */
  'machines.save': { params: byId, result: capturedSchema.omit({ addedBytes: true }) },
  /** Forgets the stored state of a saved machine (or the memory that a restore gave it): the next start boots. */
  'machines.discardSaved': { params: byId, result: machineInfoSchema },
  /**
   * Another medium in a drive, or none (null), in any state of the machine but a saved one. A guest that has locked a
   * CD-ROM's tray is asked to let go, with code `drive.locked`; `force` takes the disc all the same.
   */
  'machines.changeMedium': {
    params: z.strictObject({
      id: machineIdSchema,
      drive: removableDriveSchema,
      medium: attachmentSchema.nullable(),
      force: z.boolean().default(false),
    }),
    result: machineInfoSchema,
  },
  'machines.type': { params: z.strictObject({ id: machineIdSchema, text: z.string().max(65536) }), result: nothing },
  /** Chords one after another, each of KeyboardEvent.code names. */
  'machines.keys': {
    params: z.strictObject({ id: machineIdSchema, chords: z.array(z.array(z.string().max(32)).max(8)).max(256) }),
    result: nothing,
  },
  'machines.screen': {
    params: z.strictObject({ id: machineIdSchema, png: z.boolean().default(false) }),
    result: z.strictObject({
      rows: z.array(z.string()).nullable(),
      width: z.int(),
      height: z.int(),
      /** Base64. */
      png: z.string().optional(),
    }),
  },
  /** Resolves when text on the screen or from the first serial port matches, or the time is over. */
  'machines.wait': {
    params: z.strictObject({
      id: machineIdSchema,
      until: z.string().min(1).max(4096),
      timeoutMs: z
        .number()
        .min(1)
        .max(2 ** 31 - 1),
    }),
    result: z.strictObject({ matched: z.boolean() }),
  },
  /**
   * A new machine with the disks of a snapshot, or of the machine as it is (stopped). They share what neither writes.
   * `full`: with all the snapshots of the original.
   */
  'machines.clone': {
    params: z.strictObject({
      id: machineIdSchema,
      snapshot: z.uuid().optional(),
      name: machineNameSchema,
      full: z.boolean().default(false),
    }),
    result: machineInfoSchema,
  },
  /** A second machine that goes on from this instant of a running one; it is started, headless where no app is. */
  'machines.fork': {
    params: z.strictObject({ id: machineIdSchema, name: machineNameSchema, start: z.boolean().default(true) }),
    result: z.strictObject({ machine: machineInfoSchema, captured: capturedSchema }),
  },
  'snapshots.list': {
    params: z.strictObject({ machine: machineIdSchema }),
    result: z.strictObject({
      snapshots: z.array(snapshotInfoSchema),
      /** Whether the machine is another now than the snapshot that it comes from, as one that runs is. Null: it comes from none. */
      changed: z.boolean().nullable(),
    }),
  },
  /** Of a machine in any state. `memory`: with it, where the machine runs. */
  'snapshots.take': {
    params: z.strictObject({
      machine: machineIdSchema,
      name: snapshotNameSchema,
      note: noteSchema.default(''),
      memory: z.boolean().default(true),
    }),
    result: z.strictObject({ id: z.uuid(), captured: capturedSchema }),
  },
  /**
   * The machine is as it was; with memory in the snapshot its next start goes on there. `keepCurrent`: the present state
   * becomes a snapshot of this name first, else it is lost. `stop`: a machine that runs is stopped for it, else that is
   * refused. `start`: it is started afterwards.
   */
  'snapshots.restore': {
    params: z.strictObject({
      id: z.uuid(),
      keepCurrent: snapshotNameSchema.optional(),
      stop: z.boolean().optional(),
      start: z.boolean().optional(),
    }),
    result: machineInfoSchema,
  },
  'snapshots.delete': { params: bySnapshot, result: nothing },
  'snapshots.edit': {
    params: z.strictObject({ id: z.uuid(), name: snapshotNameSchema.optional(), note: noteSchema.optional() }),
    result: nothing,
  },
  /** How much two states of a machine hold, together and apart. Null: the state that it is in now. */
  'snapshots.compare': {
    params: z.strictObject({ machine: machineIdSchema, first: z.uuid().nullable(), second: z.uuid().nullable() }),
    result: z.strictObject({ parts: z.array(comparedPartSchema) }),
  },
  /** PNG as base64; null when there is none. */
  'snapshots.picture': { params: bySnapshot, result: z.strictObject({ png: z.string().nullable() }) },
  /** What the library holds, and the files outside of it that machines use. */
  'media.list': {
    params: nothing,
    result: z.strictObject({ media: z.array(mediumInfoSchema), files: z.array(hostImageSchema) }),
  },
  'media.create': {
    params: z.strictObject({
      name: mediumNameSchema,
      kind: z.enum(['disk', 'floppy']).default('disk'),
      sizeBytes: z.int().min(512),
    }),
    result: mediumInfoSchema,
  },
  /** Copies an image of any known format into the library. While it lasts it is a task: `tasks.cancel` ends it. */
  'media.import': {
    params: z.strictObject({
      path: hostPathSchema,
      name: mediumNameSchema,
      kind: z.enum(['disk', 'floppy', 'cdrom']).default('disk'),
      /** Its parents and parts are taken from its own folder, and from here. */
      allow: allowedPathsSchema.optional(),
      /** What lies beside the file is not its user's: an image that needs other files is refused. */
      alone: z.boolean().optional(),
    }),
    result: mediumInfoSchema,
  },
  /** Writes a medium, or as it was in a snapshot, to a new file. */
  'media.export': {
    params: z.strictObject({
      id: z.uuid(),
      snapshot: z.uuid().optional(),
      path: hostPathSchema,
      format: imageFormatSchema.default('raw'),
    }),
    result: z.strictObject({ path: hostPathSchema, sizeBytes: z.number() }),
  },
  /**
   * Out of the library, into a new file in a folder of the person's choice; the machines that use it, none of which may
   * run, have the file in its place. Refused while a snapshot needs it.
   */
  'media.move': {
    params: z.strictObject({ id: z.uuid(), path: hostPathSchema, format: imageFormatSchema.default('raw') }),
    result: z.strictObject({ path: hostPathSchema, sizeBytes: z.number() }),
  },
  /** Reads all of a medium of the library and compares it with its sums. */
  'media.examine': {
    params: byMedium,
    result: z.strictObject({
      problems: z.array(problemSchema),
      /** Without what was never written. */
      readBytes: z.number(),
      sizeBytes: z.number(),
    }),
  },
  /** What sort of medium a file is an image of, by what is in it. */
  'media.guess': {
    params: z.strictObject({ path: hostPathSchema }),
    result: z.strictObject({
      path: hostPathSchema,
      sizeBytes: z.number(),
      kind: z.enum(['disk', 'floppy', 'cdrom']),
    }),
  },
  /** Shrinking refuses to cut off data without `force`. `keepAs`: the medium as it was stays in the library by this name. */
  'media.resize': {
    params: z.strictObject({
      id: z.uuid(),
      sizeBytes: z.int().min(512),
      force: z.boolean().default(false),
      keepAs: mediumNameSchema.optional(),
    }),
    result: mediumInfoSchema,
  },
  /** Brings what was written since into the tree: each chunk once, compressed. */
  'media.compact': { params: byMedium, result: mediumInfoSchema },
  /** Refuses while a machine or a snapshot needs it. */
  'media.remove': { params: byMedium, result: nothing },
  /**
   * Takes machines that are stopped, snapshots and media out of sight, as their own calls would remove them; for good some
   * seconds later, whatever becomes of the window. Those that cannot be removed are refused now, and nothing is removed.
   */
  'removals.begin': {
    params: z.strictObject({ items: z.array(removedItemSchema).min(1).max(10_000) }),
    result: removalSchema,
  },
  /** All of it is back; code `removal.over` when its time is over. */
  'removals.undo': { params: z.strictObject({ id: z.uuid() }), result: nothing },
  /** What can still be taken back, oldest first. */
  'removals.list': { params: nothing, result: z.strictObject({ removals: z.array(removalSchema) }) },
  'store.check': {
    params: z.strictObject({ repair: z.boolean().default(false) }),
    result: z.strictObject({
      problems: z.array(problemSchema),
      repaired: z.array(z.string()),
      chunks: z.number(),
      bytes: z.number(),
    }),
  },
  'store.gc': {
    params: nothing,
    result: z.strictObject({ chunks: z.number(), bytes: z.number(), packs: z.number() }),
  },
  'store.usage': {
    params: nothing,
    result: z.strictObject({
      storedBytes: z.number(),
      garbageBytes: z.number(),
      logBytes: z.number(),
      owners: z.array(
        z.strictObject({
          kind: z.enum(['medium', 'snapshot']),
          id: z.string(),
          name: z.string(),
          machine: z.string().nullable(),
          bytes: z.number(),
          uniqueBytes: z.number(),
        }),
      ),
      /** The disks and snapshots of each machine together. */
      machines: z.array(
        z.strictObject({ id: z.string(), name: z.string(), bytes: z.number(), uniqueBytes: z.number() }),
      ),
    }),
  },
  /** Power off at once, as by pulling the plug. Resolves when its process is gone. */
  'machines.stop': { params: byId, result: machineInfoSchema },
  'machines.reset': { params: byId, result: machineInfoSchema },
  'machines.pause': { params: byId, result: machineInfoSchema },
  'machines.resume': { params: byId, result: machineInfoSchema },
  /** The debug view: lines by device, from the state declarations. Only while running or paused. */
  'machines.inspect': {
    params: byId,
    result: z.strictObject({ devices: z.record(z.string(), z.array(z.string())) }),
  },
  /** Looks at an image as a start would, without opening it for good. */
  'media.check': {
    params: z.strictObject({ path: hostPathSchema, kind: mediumKindSchema, writable: z.boolean().default(false) }),
    result: z.strictObject({ path: hostPathSchema, sizeBytes: z.number(), format: z.string(), bootable: z.boolean() }),
  },
  /** What a disk image is: its format, sizes, parent and snapshots. Nothing is written. */
  'media.info': { params: imageRefSchema, result: imageInfoSchema },
  /** Compares the tables of a disk image with each other; with `repair`, puts right what can be. */
  'media.verify': {
    params: z.strictObject({ ...imageRefSchema.shape, repair: z.boolean().default(false) }),
    result: checkReportSchema,
  },
  'media.createImage': { params: createImageSchema, result: imageInfoSchema },
  'media.resizeImage': { params: resizeImageSchema, result: imageInfoSchema },
  /** Begins the work; how it goes is told by `task.changed`. */
  'media.convert': { params: convertSchema, result: taskSchema },
  /** What was logged since the services began, oldest first; of one machine where it is named. */
  'logs.list': {
    params: z.strictObject({ machine: machineIdSchema.optional() }),
    result: z.strictObject({ entries: z.array(logEntrySchema) }),
  },
  /** Work in progress, and what ended lately. */
  'tasks.list': { params: nothing, result: z.strictObject({ tasks: z.array(taskSchema) }) },
  /** Resolves when it has stopped and what it made is removed. */
  'tasks.cancel': { params: z.strictObject({ id: taskIdSchema }), result: taskSchema },
  /** A file dialog; null when the person cancels. Code shell.unsupported where there is none. */
  'media.pick': {
    params: z.strictObject({ kind: mediumKindSchema }),
    result: z.strictObject({ path: hostPathSchema.nullable() }),
  },
} as const satisfies Readonly<Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>>;

export type MediumKind = z.infer<typeof mediumKindSchema>;
export type CallName = keyof typeof CALLS;
/** What a caller passes: fields with defaults may be left out. */
export type CallParams<N extends CallName> = z.input<(typeof CALLS)[N]['params']>;
/** What a service receives: defaults filled in. */
export type CallArguments<N extends CallName> = z.output<(typeof CALLS)[N]['params']>;
export type CallResult<N extends CallName> = z.output<(typeof CALLS)[N]['result']>;

export const isCallName = (name: string): name is CallName => Object.hasOwn(CALLS, name);

/** A call on the wire (IPC argument, HTTP body). `params` is checked against the named call afterwards. */
export const callRequestSchema = z.strictObject({ call: z.string().max(64), params: z.unknown().optional() });
export type CallRequest = z.infer<typeof callRequestSchema>;

/** Its answer on the wire. */
export const callResponseSchema = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), value: z.unknown() }),
  z.strictObject({ ok: z.literal(false), error: failureSchema }),
]);
export type CallResponse = z.infer<typeof callResponseSchema>;

/** Longest request that is read, in bytes. */
export const CALL_BYTES_MAX = 256 * 1024;
