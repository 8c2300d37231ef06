import * as z from 'zod';
import { machineIdSchema } from './machine.ts';

export const logEntrySchema = z.strictObject({
  at: z.iso.datetime(),
  level: z.enum(['debug', 'info', 'warning', 'error']),
  /** "router", "supervisor", "web", "machine", … */
  source: z.string(),
  code: z.string().optional(),
  message: z.string(),
  machineId: machineIdSchema.optional(),
});

export type LogEntry = z.infer<typeof logEntrySchema>;
