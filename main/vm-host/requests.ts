import * as z from 'zod';
import {
  attachmentSchema,
  machineIdSchema,
  machineNameSchema,
  removableDriveSchema,
} from '../../core/contract/machine.ts';

/** What can be asked of a running machine, by its supervisor or over its socket, and what it answers. */
export const REQUESTS = {
  status: { params: z.strictObject({}), result: z.strictObject({ paused: z.boolean(), pid: z.int() }) },
  pause: { params: z.strictObject({}), result: z.strictObject({}) },
  resume: { params: z.strictObject({}), result: z.strictObject({}) },
  reset: { params: z.strictObject({}), result: z.strictObject({}) },
  /** Power off at once. */
  stop: { params: z.strictObject({}), result: z.strictObject({}) },
  'power-button': { params: z.strictObject({}), result: z.strictObject({ heard: z.boolean() }) },
  /** Stores the whole state and ends; the next start goes on from it. */
  save: { params: z.strictObject({}), result: z.strictObject({ pauseMs: z.number(), totalMs: z.number() }) },
  snapshot: {
    params: z.strictObject({
      id: z.uuid(),
      name: z.string().max(256),
      note: z.string().max(65536),
      memory: z.boolean(),
    }),
    result: z.strictObject({ pauseMs: z.number(), totalMs: z.number(), addedBytes: z.number() }),
  },
  /** A second machine that begins at this instant; it is in the library when this answers. */
  fork: {
    params: z.strictObject({
      id: machineIdSchema,
      name: machineNameSchema,
      config: z.string().max(1 << 20),
      media: z.array(z.strictObject({ from: z.uuid(), id: z.uuid(), name: z.string().max(256) })).max(16),
    }),
    result: z.strictObject({ pauseMs: z.number(), totalMs: z.number(), addedBytes: z.number() }),
  },
  type: { params: z.strictObject({ text: z.string().max(65536) }), result: z.strictObject({}) },
  keys: {
    params: z.strictObject({ chords: z.array(z.array(z.string().max(32)).max(8)).max(256) }),
    result: z.strictObject({}),
  },
  screen: {
    params: z.strictObject({ png: z.boolean() }),
    result: z.strictObject({
      /** Null in graphics modes. */
      rows: z.array(z.string()).nullable(),
      width: z.int(),
      height: z.int(),
      /** Base64. */
      png: z.string().optional(),
    }),
  },
  /** Answers when text that matches is on the screen or came over the first serial port since the machine started. */
  wait: {
    params: z.strictObject({
      until: z.string().min(1).max(4096),
      timeoutMs: z
        .number()
        .min(1)
        .max(2 ** 31 - 1),
    }),
    result: z.strictObject({ matched: z.boolean() }),
  },
  /** Another medium in a drive, or none; the machine's configuration says so too afterwards. */
  insert: {
    params: z.strictObject({ drive: removableDriveSchema, medium: attachmentSchema.nullable(), force: z.boolean() }),
    result: z.strictObject({}),
  },
} as const satisfies Readonly<Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>>;

export type RequestName = keyof typeof REQUESTS;
export type RequestParams<N extends RequestName> = z.output<(typeof REQUESTS)[N]['params']>;
export type RequestResult<N extends RequestName> = z.output<(typeof REQUESTS)[N]['result']>;
export const isRequestName = (name: string): name is RequestName => Object.hasOwn(REQUESTS, name);

/** One line of JSON on a machine's socket each way; answers come in any order. */
export const socketRequestSchema = z.strictObject({ id: z.int(), request: z.string().max(32), params: z.unknown() });
