/** Image formats over a byte source: `openImage`, `createImage`, `probeImage`; and media in memory. */
export * from './copy.ts';
export * from './disk-image.ts';
export { ImageError, attempt } from './failure.ts';
export * from './image.ts';
export { openIso, IsoVolume, type IsoBoot, type IsoEntry, type IsoInfo, type IsoSource } from './iso9660.ts';
export * from './memory-block.ts';
export * from './memory-file.ts';
export * from './memory-overlay.ts';
export { probeImage } from './probe.ts';
export { guardRaw } from './raw-guard.ts';
