import * as z from 'zod';
import { logEntrySchema } from './logs.ts';
import { machineIdSchema, machineInfoSchema } from './machine.ts';
import { removalSchema } from './removals.ts';
import { taskSchema } from './tasks.ts';

/** What the services tell every window, in order. `machine.changed` is also sent for a new machine. */
export const eventSchema = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('machine.changed'), machine: machineInfoSchema }),
  z.strictObject({ event: z.literal('machine.removed'), id: machineIdSchema }),
  z.strictObject({ event: z.literal('task.changed'), task: taskSchema }),
  /** Snapshots of a machine, or its place among them, are not what they were. */
  z.strictObject({ event: z.literal('snapshots.changed'), machine: machineIdSchema }),
  z.strictObject({ event: z.literal('media.changed') }),
  /** All that can still be taken back. */
  z.strictObject({ event: z.literal('removals.changed'), removals: z.array(removalSchema) }),
  z.strictObject({ event: z.literal('log'), entry: logEntrySchema }),
]);

export type TerrariumEvent = z.infer<typeof eventSchema>;
export type EventName = TerrariumEvent['event'];
