import * as z from 'zod';
import { failureSchema } from './machine.ts';

export const taskIdSchema = z.uuid();

/** Work that takes longer than a call should; it goes on when every window is closed. */
export const taskSchema = z.strictObject({
  id: taskIdSchema,
  kind: z.enum(['convert', 'import', 'export', 'check', 'build', 'move']),
  /** What it works on, for people: a path or a name. */
  subject: z.string(),
  doneBytes: z.number(),
  totalBytes: z.number(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  startedAt: z.iso.datetime(),
  error: failureSchema.optional(),
});

export type Task = z.infer<typeof taskSchema>;
