import { z } from 'zod';
import { machineIdSchema, machineInfoSchema } from './machine.ts';
import { taskSchema } from './tasks.ts';

export const logEntrySchema = z.strictObject({
  at: z.iso.datetime(),
  level: z.enum(['debug', 'info', 'warning', 'error']),
  /** "router", "supervisor", "web", "machine", … */
  source: z.string(),
  code: z.string().optional(),
  message: z.string(),
  machineId: machineIdSchema.optional(),
});

/** What the services tell every window, in order. `machine.changed` is also sent for a new machine. */
export const eventSchema = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('machine.changed'), machine: machineInfoSchema }),
  z.strictObject({ event: z.literal('machine.removed'), id: machineIdSchema }),
  z.strictObject({ event: z.literal('task.changed'), task: taskSchema }),
  /** Snapshots of a machine, or its place among them, are not what they were. */
  z.strictObject({ event: z.literal('snapshots.changed'), machine: machineIdSchema }),
  z.strictObject({ event: z.literal('media.changed') }),
  z.strictObject({ event: z.literal('log'), entry: logEntrySchema }),
]);

export type LogEntry = z.infer<typeof logEntrySchema>;
export type TerrariumEvent = z.infer<typeof eventSchema>;
export type EventName = TerrariumEvent['event'];
