import { IMAGE_FORMAT_NAMES } from '../../core/contract/limits.ts';
import type { OptionSpec } from './options.ts';

export interface MediaCommand {
  readonly name: string;
  /** Arguments without a name, all needed. */
  readonly words: readonly string[];
  readonly help: string;
  readonly options: readonly OptionSpec[];
}

const FORMATS = IMAGE_FORMAT_NAMES.join(', ');
const COMMON: readonly OptionSpec[] = [
  { name: 'format', value: 'FORMAT', choices: IMAGE_FORMAT_NAMES, help: `of FILE (default: by content): ${FORMATS}` },
  { name: 'allow', value: 'PATH', many: true, help: 'file or folder that its parents and parts may be taken from' },
  { name: 'json', help: 'print one JSON object' },
];
const NEW: readonly OptionSpec[] = [
  { name: 'variant', value: 'KIND', help: 'v2, fixed, monolithicFlat, twoGbMaxExtentSparse, streamOptimized, …' },
  { name: 'cluster-size', value: 'SIZE', help: "the image's unit of allocation (qcow2)" },
  {
    name: 'compression',
    value: 'KIND',
    choices: ['none', 'zlib', 'zstd'],
    help: 'compress clusters: none (default), zlib or zstd (qcow2)',
  },
];

export const MEDIA_COMMANDS: readonly MediaCommand[] = [
  { name: 'info', words: ['FILE'], help: 'what an image is: format, sizes, parent, snapshots', options: COMMON },
  {
    name: 'check',
    words: ['FILE'],
    help: "compare the image's tables with each other (exit status 2 when they contradict)",
    options: [{ name: 'repair', help: 'put right what can be, keeping every readable byte' }, ...COMMON],
  },
  {
    name: 'create',
    words: ['FILE'],
    help: 'make a new, empty image',
    options: [
      { name: 'size', value: 'SIZE', help: "of the disk (default: the parent's)" },
      { name: 'to-format', value: 'FORMAT', choices: IMAGE_FORMAT_NAMES, help: 'of FILE (default: by its name)' },
      { name: 'parent', value: 'FILE', help: 'image that the new one differs from' },
      ...NEW,
      ...COMMON.filter(({ name }) => name !== 'format'),
      { name: 'format', value: 'FORMAT', choices: IMAGE_FORMAT_NAMES, help: 'of the parent (default: by content)' },
    ],
  },
  {
    name: 'resize',
    words: ['FILE', 'SIZE'],
    help: 'grow with zeros, or shrink where nothing is lost',
    options: COMMON,
  },
  {
    name: 'compact',
    words: ['FILE'],
    help: 'write the image anew without what is zeros; needs room for the copy beside it',
    options: COMMON,
  },
  {
    name: 'convert',
    words: ['FILE', 'TARGET'],
    help: 'copy a disk into a new image; snapshots and parents are left behind',
    options: [
      { name: 'to-format', value: 'FORMAT', choices: IMAGE_FORMAT_NAMES, help: 'of TARGET (default: by its name)' },
      ...NEW,
      ...COMMON,
    ],
  },
];

export const isImageCommand = (name: string | undefined): boolean =>
  MEDIA_COMMANDS.some((command) => command.name === name);
