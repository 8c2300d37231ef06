import { z } from 'zod';
import {
  checkReportSchema,
  convertSchema,
  createImageSchema,
  imageInfoSchema,
  imageRefSchema,
  resizeImageSchema,
} from './images.ts';
import {
  failureSchema,
  hostPathSchema,
  machineChangesSchema,
  machineDraftSchema,
  machineIdSchema,
  machineInfoSchema,
} from './machine.ts';
import { taskIdSchema, taskSchema } from './tasks.ts';

const byId = z.strictObject({ id: machineIdSchema });
const nothing = z.strictObject({});

export const mediumKindSchema = z.enum(['floppy', 'disk', 'cdrom', 'rom', 'kernel']);

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
      memoryMiB: z.strictObject({ min: z.int(), max: z.int() }),
      /** Whether media.pick can show a dialog; otherwise people type a path. */
      canPickFiles: z.boolean(),
    }),
  },
  'machines.list': { params: nothing, result: z.strictObject({ machines: z.array(machineInfoSchema) }) },
  'machines.create': { params: machineDraftSchema, result: machineInfoSchema },
  /** Only while stopped or aborted. */
  'machines.update': {
    params: z.strictObject({ id: machineIdSchema, changes: machineChangesSchema }),
    result: machineInfoSchema,
  },
  /** Forgets the machine; its images stay where they are. Only while stopped or aborted. */
  'machines.remove': { params: byId, result: nothing },
  /** Resolves when the machine runs, or with the reason why it cannot. */
  'machines.start': { params: byId, result: machineInfoSchema },
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
