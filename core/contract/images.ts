import * as z from 'zod';
import { allowedPathsSchema, hostPathSchema, imageFormatSchema } from './machine.ts';

const sizeBytesSchema = z
  .int()
  .positive()
  .refine((size) => size % 512 === 0, { error: 'a disk has a multiple of 512 bytes' });

/** A disk image on the host. Without `format`, it is found by content. */
export const imageRefSchema = z.strictObject({
  path: hostPathSchema,
  format: imageFormatSchema.optional(),
  allow: allowedPathsSchema.optional(),
});

/** What a new image is to be; the fields left out are the format's own defaults. */
const newImageShape = {
  format: imageFormatSchema,
  /** The format's kind of file: "fixed", "streamOptimized", "v2", … */
  variant: z.string().max(32).optional(),
  clusterBytes: z.int().positive().optional(),
  compression: z.enum(['none', 'zlib', 'zstd']).optional(),
};

export const createImageSchema = z.strictObject({
  path: hostPathSchema,
  ...newImageShape,
  /** Default: the parent's. */
  sizeBytes: sizeBytesSchema.optional(),
  /** The image that the new one differs from. */
  parent: imageRefSchema.optional(),
});

export const resizeImageSchema = z.strictObject({ ...imageRefSchema.shape, sizeBytes: sizeBytesSchema });

export const convertSchema = z.strictObject({ from: imageRefSchema, to: hostPathSchema, ...newImageShape });

export const imageInfoSchema = z.strictObject({
  path: hostPathSchema,
  format: imageFormatSchema,
  variant: z.string().optional(),
  sizeBytes: z.number(),
  /** Length of the file, or of all of them. */
  fileBytes: z.number(),
  clusterBytes: z.number().optional(),
  parent: z.strictObject({ reference: z.string(), format: imageFormatSchema.optional() }).optional(),
  snapshots: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      createdAt: z.string(),
      sizeBytes: z.number(),
      stateBytes: z.number(),
    }),
  ),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

export const checkReportSchema = z.strictObject({
  path: hostPathSchema,
  format: imageFormatSchema,
  errors: z.array(z.string()),
  errorCount: z.int(),
  leakedBytes: z.number(),
  repaired: z.int(),
  allocatedBytes: z.number(),
});

export type ImageRef = z.infer<typeof imageRefSchema>;
export type NewImage = z.infer<typeof createImageSchema>;
export type Conversion = z.infer<typeof convertSchema>;
export type ImageDescription = z.infer<typeof imageInfoSchema>;
export type ImageCheck = z.infer<typeof checkReportSchema>;
