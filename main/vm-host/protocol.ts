import * as z from 'zod';
import { failureSchema, hardwareSchema, machineIdSchema } from '../../core/contract/index.ts';

/**
 * Between the supervisor and a machine's process. The supervisor checks all that it receives: a guest that took over
 * its process must not reach further. What windows show goes by the machine's socket (stream-socket.ts).
 */
const requestId = z.int().min(0);

export const controlOperationSchema = z.enum(['pause', 'resume', 'reset', 'inspect']);

export const toHostSchema = z.discriminatedUnion('kind', [
  /** Load what every machine needs; which one it will be is not known yet. */
  z.strictObject({ kind: z.literal('prepare') }),
  z.strictObject({
    kind: z.literal('start'),
    hardware: hardwareSchema,
    lockFolder: z.string().optional(),
    /** The machine is of a library: it holds its lock, listens on its socket, and its disks may lie there. */
    library: z
      .strictObject({ folder: z.string(), machine: machineIdSchema, throwAway: z.boolean().default(false) })
      .optional(),
  }),
  z.strictObject({ kind: z.literal('control'), id: requestId, operation: controlOperationSchema }),
  z.strictObject({ kind: z.literal('ping') }),
  /** With Electron: a port comes with this message and is a window's end of the machine's stream. */
  z.strictObject({ kind: z.literal('open-port') }),
  /** Power off: close the images and end. */
  z.strictObject({ kind: z.literal('stop') }),
]);

export const fromHostSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ready') }),
  z.strictObject({ kind: z.literal('failed'), error: failureSchema }),
  z.strictObject({
    kind: z.literal('reply'),
    id: requestId,
    devices: z.record(z.string(), z.array(z.string())).optional(),
  }),
  z.strictObject({ kind: z.literal('pong') }),
  /** The machine stands still or goes on, whoever asked for it. */
  z.strictObject({ kind: z.literal('paused'), paused: z.boolean() }),
  z.strictObject({ kind: z.literal('stopped'), reason: z.enum(['power-off', 'cpu-shutdown', 'stop']) }),
  z.strictObject({
    kind: z.literal('log'),
    level: z.enum(['info', 'warning', 'error']),
    message: z.string().max(4096),
  }),
]);

export type ToHost = z.infer<typeof toHostSchema>;
export type FromHost = z.infer<typeof fromHostSchema>;
export type ControlOperation = z.infer<typeof controlOperationSchema>;
