import * as z from 'zod';
import { machineIdSchema } from './machine.ts';

export const removedItemSchema = z.strictObject({
  kind: z.enum(['machine', 'snapshot', 'medium']),
  id: z.union([machineIdSchema, z.uuid()]),
});

/** What was removed at once, is out of sight, and can be taken back until `dueAt`. */
export const removalSchema = z.strictObject({
  id: z.uuid(),
  items: z.array(z.strictObject({ ...removedItemSchema.shape, name: z.string() })),
  dueAt: z.string(),
});

export type Removal = z.infer<typeof removalSchema>;
