import { FailureError } from '../../core/base/index.ts';
import { fail, type Code } from '../../core/contract/codes.ts';
import {
  DISKS_MAX,
  FLOPPIES_MAX,
  IMAGE_FORMAT_NAMES,
  MEMORY_MIB_DEFAULT,
  MEMORY_MIB_MAX,
  MEMORY_MIB_MIN,
  MEMORY_RANGE_TEXT,
} from '../../core/contract/limits.ts';
import type { Attachment, BootDevice, Hardware, ImageFormatName } from '../../core/contract/machine.ts';
import { parseKeys, parseTyped } from './keys.ts';
import { parseOptions, type GivenOption, type OptionSpec } from './options.ts';
import type { Action, Step } from './script.ts';

export const RUN_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'from',
    value: 'SNAPSHOT',
    help: 'begin at a snapshot (MACHINE/NAME, or its name or id) and leave nothing behind; with memory it goes on there',
  },
  { name: 'library', value: 'FOLDER', help: 'folder of the library for --from' },
  {
    name: 'memory',
    value: 'MiB',
    help: `memory, ${MEMORY_MIB_MIN} to ${MEMORY_MIB_MAX} (default ${MEMORY_MIB_DEFAULT})`,
  },
  { name: 'floppy', value: 'FILE', many: true, help: 'floppy image for A:, then B:' },
  { name: 'disk', value: 'FILE', many: true, help: `disk image of any format, up to ${DISKS_MAX}` },
  {
    name: 'disk-format',
    value: 'FORMAT',
    many: true,
    choices: IMAGE_FORMAT_NAMES,
    help: `format of the --disk before it (default: by content): ${IMAGE_FORMAT_NAMES.join(', ')}`,
  },
  {
    name: 'allow',
    value: 'PATH',
    many: true,
    help: "file or folder that disk images may take parents from, beside each image's own folder",
  },
  { name: 'cdrom', value: 'FILE', help: 'CD-ROM image' },
  { name: 'kernel', value: 'FILE', help: 'kernel to start directly: Linux, Multiboot, or ELF with a PVH entry' },
  { name: 'initrd', value: 'FILE', many: true, help: "its initial RAM disk; Multiboot's modules" },
  { name: 'append', value: 'TEXT', help: 'its command line' },
  {
    name: 'unpack',
    value: 'WHO',
    choices: ['host', 'guest'],
    help: 'who unpacks a Linux kernel: host (default, sooner), guest',
  },
  {
    name: 'boot',
    value: 'DEVICE',
    choices: ['floppy', 'disk', 'cdrom'],
    help: 'device to boot first: floppy, disk or cdrom',
  },
  { name: 'boot-menu', help: 'let the firmware ask what to boot from, as F12 does' },
  { name: 'firmware', value: 'FILE', help: 'ROM image instead of the built-in firmware' },
  { name: 'write', help: 'write changes into the images (default: images are read-only, changes live in memory)' },
  { name: 'serial', value: 'WHERE', help: 'first serial port: stdio, none (default), or a file to append to' },
  {
    name: 'display',
    value: 'KIND',
    choices: ['none', 'terminal'],
    help: 'none (default), or terminal: the text screen live, with keys',
  },
  { name: 'until', value: 'REGEX', many: true, help: 'wait for this text on the screen or the serial port' },
  { name: 'type', value: 'TEXT', many: true, help: 'type this when the --until before it is met; \\n is Enter' },
  {
    name: 'key',
    value: 'NAMES',
    many: true,
    help: 'press these keys then: ctrl+alt+del, or one after another: down,enter',
  },
  { name: 'screenshot', value: 'FILE.png', help: 'save a picture of the screen at the end' },
  { name: 'print-screen', help: 'print the text screen at the end' },
  { name: 'timeout', value: 'SECONDS', help: 'give up after this time of the host (exit status 3)' },
  {
    name: 'clock',
    value: 'KIND',
    choices: ['host', 'virtual'],
    help: 'host (default), or virtual: time counts instructions, runs repeat exactly',
  },
  {
    name: 'engine',
    value: 'KIND',
    choices: ['auto', 'interpreter', 'jit', 'lockstep', 'lockstep-jit'],
    help: 'auto (default: compiles what is hot), interpreter, jit (compiles all at once), or the interpreter beside one of both: lockstep, lockstep-jit',
  },
  {
    name: 'cpu',
    value: 'MODEL',
    choices: ['default', '486', 'pentium', 'pentium3'],
    help: 'processor: default (fastest), 486, pentium or pentium3, for systems of their time',
  },
  { name: 'stats', help: 'print counters and a profile by guest address at the end (with --json: in the object)' },
  {
    name: 'pointer',
    value: 'KIND',
    choices: ['absolute', 'ps2'],
    help: "absolute (default: for guests that know VMware's pointer), or ps2 alone",
  },
  { name: 'no-paravirtual', help: 'leave out the virtio entropy source and balloon' },
  { name: 'json', help: 'print one JSON object about the run at the end' },
];

/** Engines that run beside the interpreter, by the value that asks for it. */
const LOCKSTEP: Readonly<Record<string, 'auto' | 'jit'>> = { lockstep: 'auto', 'lockstep-jit': 'jit' };

/** What a snapshot says by itself. */
const SAID_BY_SNAPSHOT = [
  ...[
    'memory',
    'floppy',
    'disk',
    'disk-format',
    'allow',
    'cdrom',
    'kernel',
    'initrd',
    'append',
    'unpack',
    'firmware',
    'write',
  ],
  ...['cpu', 'clock', 'pointer', 'no-paravirtual'],
];

export interface RunPlan {
  /** A snapshot to begin at; `hardware` is then what it says but for the serial port and the engine. */
  readonly from: { readonly snapshot: string; readonly library: string | undefined } | undefined;
  readonly hardware: Hardware;
  /** The engine that runs beside `hardware.engine`, and is measured by it. */
  readonly lockstep: 'auto' | 'jit' | undefined;
  readonly steps: readonly Step[];
  readonly hasUntil: boolean;
  readonly serialStdio: boolean;
  readonly terminal: boolean;
  readonly screenshot: string | undefined;
  readonly printScreen: boolean;
  readonly timeoutMs: number | undefined;
  readonly stats: boolean;
  readonly json: boolean;
}

const refuse = (code: Code, message: string, hint: string): FailureError => new FailureError(fail(code, message, hint));

/** Throws FailureError with a code of kind `usage` (or `file.missing` for an empty name). */
export function parseRun(args: readonly string[]): RunPlan {
  const given = parseOptions(RUN_OPTIONS, args);
  const all = (name: string): string[] => given.filter((option) => option.name === name).map(({ value }) => value);
  const one = (name: string): string | undefined => all(name)[0];
  const has = (name: string): boolean => given.some((option) => option.name === name);
  const paths = (name: string): string[] => all(name).map((value) => checkPath(name, value));
  const path = (name: string): string | null => paths(name)[0] ?? null;

  const from = one('from');
  const twice = from === undefined ? undefined : SAID_BY_SNAPSHOT.find(has);
  if (twice !== undefined)
    throw refuse('args.invalid', `--${twice} does not go with --from`, 'the snapshot says what the machine is');
  const writable = has('write');
  const attach = (image: string): Attachment => ({ path: image, writable });
  const floppies = paths('floppy');
  if (floppies.length > FLOPPIES_MAX)
    throw refuse('args.invalid', `${floppies.length} floppies`, 'there are two drives, A: and B:');
  const disks = paths('disk');
  if (disks.length > DISKS_MAX) throw refuse('args.invalid', `${disks.length} disks`, `there is room for ${DISKS_MAX}`);
  const cdrom = path('cdrom');
  const kernel = path('kernel');
  const initrd = paths('initrd');
  if (!kernel && (initrd.length > 0 || has('append') || has('unpack')))
    throw refuse('args.invalid', '--initrd, --append and --unpack belong to a kernel', 'add --kernel FILE');
  const serial = one('serial') ?? 'none';
  if (has('display') && one('display') === 'terminal' && (serial === 'stdio' || has('json')))
    throw refuse(
      'args.invalid',
      '--display terminal needs the terminal for itself',
      'leave out --serial stdio and --json',
    );

  const lockstep = LOCKSTEP[one('engine') ?? ''];
  const apart = lockstep && ['from', 'write'].find(has);
  if (apart !== undefined)
    throw refuse(
      'args.invalid',
      `--${apart} does not go with --engine lockstep`,
      'both machines begin at power-on and keep nothing',
    );
  if (lockstep && one('clock') === 'host')
    throw refuse('args.invalid', '--engine lockstep needs --clock virtual', 'leave out --clock');

  return {
    from: from === undefined ? undefined : { snapshot: from, library: one('library') },
    hardware: {
      memoryMiB: parseMemory(one('memory')),
      floppies: floppies.map(attach),
      disks: parseDisks(given, writable),
      cdrom: cdrom === null ? null : { path: cdrom, writable: false },
      bootOrder: bootOrder(one('boot') as BootDevice | undefined),
      serial: [
        serial === 'none' || serial === 'stdio'
          ? { mode: serial }
          : { mode: 'file', path: checkPath('serial', serial) },
      ],
      clock: lockstep ? 'virtual' : ((one('clock') as Hardware['clock'] | undefined) ?? 'host'),
      engine: lockstep ? 'interpreter' : ((one('engine') as Hardware['engine'] | undefined) ?? 'auto'),
      cpuModel: (one('cpu') as Hardware['cpuModel'] | undefined) ?? 'default',
      pointer: (one('pointer') as Hardware['pointer'] | undefined) ?? 'absolute',
      paravirtual: !has('no-paravirtual'),
      balloonMiB: 0,
      bootMenu: has('boot-menu') ? 'always' : 'off',
      firmware: path('firmware'),
      kernel:
        kernel === null
          ? null
          : {
              image: kernel,
              initrd,
              append: one('append') ?? '',
              unpack: one('unpack') === 'guest' ? 'guest' : 'host',
            },
    },
    lockstep,
    steps: parseSteps(given),
    hasUntil: has('until'),
    serialStdio: serial === 'stdio',
    terminal: one('display') === 'terminal',
    screenshot: path('screenshot') ?? undefined,
    printScreen: has('print-screen'),
    timeoutMs: parseTimeout(one('timeout')),
    stats: has('stats'),
    json: has('json'),
  };
}

/** --disk-format belongs to the --disk before it, --allow to all of them. */
function parseDisks(given: readonly GivenOption[], writable: boolean): Attachment[] {
  const allow = given.filter(({ name }) => name === 'allow').map(({ value }) => checkPath('allow', value));
  const disks: Attachment[] = [];
  for (const { name, value } of given) {
    if (name === 'disk') {
      disks.push({ path: checkPath('disk', value), writable, ...(allow.length > 0 && { allow }) });
    } else if (name === 'disk-format') {
      const disk = disks.pop();
      if (!disk || disk.format)
        throw refuse('args.invalid', `--disk-format ${value} has no disk`, 'add --disk FILE before it');
      disks.push({ ...disk, format: value as ImageFormatName });
    }
  }
  return disks;
}

function checkPath(option: string, value: string): string {
  if (value === '' || value.includes('\0'))
    throw refuse('file.missing', `--${option} "${value}": no such file`, 'name a file');
  return value;
}

function parseMemory(text: string | undefined): number {
  if (text === undefined) return MEMORY_MIB_DEFAULT;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= MEMORY_MIB_MIN && value <= MEMORY_MIB_MAX))
    throw refuse('config.memory', `--memory ${text}: ${MEMORY_RANGE_TEXT}`, 'write for example --memory 64');
  return value;
}

function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0 && seconds <= 86_400 * 20))
    throw refuse('args.invalid', `--timeout ${text} is no time`, 'write seconds, for example --timeout 30');
  return seconds * 1000;
}

function bootOrder(first: BootDevice | undefined): BootDevice[] {
  const order: BootDevice[] = ['floppy', 'cdrom', 'disk'];
  return first ? [first, ...order.filter((device) => device !== first)] : order;
}

function parseSteps(given: readonly { readonly name: string; readonly value: string }[]): Step[] {
  const steps: { until: string | undefined; pattern: RegExp | undefined; actions: Action[] }[] = [
    { until: undefined, pattern: undefined, actions: [] },
  ];
  for (const { name, value } of given) {
    const { actions } = steps[steps.length - 1];
    if (name === 'until') steps.push({ until: value, pattern: parsePattern(value), actions: [] });
    else if (name === 'type') actions.push({ kind: 'type', text: parseTyped(value) });
    else if (name === 'key') actions.push(...parseKeys(value).map((codes): Action => ({ kind: 'key', codes })));
  }
  return steps;
}

/** ^ and $ match at the ends of lines, since a screen is many. */
function parsePattern(text: string): RegExp {
  try {
    if (text !== '') return new RegExp(text, 'gm');
  } catch (error) {
    throw refuse(
      'args.regex',
      `--until "${text}": ${(error as Error).message}`,
      'escape ( ) [ ] { } * + ? . ^ $ | \\ with a backslash',
    );
  }
  throw refuse('args.regex', '--until "" matches always', 'name the text to wait for');
}
