import type {
  Attachment,
  BootDevice,
  MachineChanges,
  MachineConfig,
  SerialConfig,
} from '../../../core/contract/index.ts';
import { bootOrderOf, triedOf } from './boot-order.ts';

/** The settings as fields: every boot device with its place, every serial port with its path, a kernel as three texts. */
export interface SettingsForm {
  name: string;
  group: string;
  note: string;
  template: string;
  memoryMiB: number | string;
  cpuModel: MachineConfig['cpuModel'];
  clock: MachineConfig['clock'];
  engine: MachineConfig['engine'];
  pointer: MachineConfig['pointer'];
  paravirtual: boolean;
  bootMenu: MachineConfig['bootMenu'];
  bootOrder: { device: BootDevice; enabled: boolean }[];
  firmware: string;
  kernelImage: string;
  kernelInitrd: string;
  kernelAppend: string;
  /** Not on the page: only who compares both wants another. */
  kernelUnpack: 'host' | 'guest';
  floppies: (Attachment | null)[];
  disks: Attachment[];
  cdrom: Attachment | null;
  serial: { mode: SerialConfig['mode']; path: string }[];
}

export const SERIAL_PORTS_MAX = 4;
const SERIAL_MODES = ['console', 'file', 'none', 'stdio'] as const satisfies readonly SerialConfig['mode'][];

/** The terminal of `run` is not chosen in a window; a port that has it keeps it. */
export const serialModesFor = (present: SerialConfig['mode']): readonly SerialConfig['mode'][] =>
  SERIAL_MODES.filter((mode) => mode !== 'stdio' || present === 'stdio');

export function formOf(config: MachineConfig): SettingsForm {
  const { name, group, note, template, memoryMiB, cpuModel, clock, engine, pointer, paravirtual, bootMenu } = config;
  const { kernel } = config;
  return {
    ...{ name, group, note, template, memoryMiB, cpuModel, clock, engine, pointer, paravirtual, bootMenu },
    bootOrder: bootOrderOf(config.bootOrder),
    firmware: config.firmware ?? '',
    kernelImage: kernel?.image ?? '',
    kernelInitrd: kernel?.initrd.join('\n') ?? '',
    kernelAppend: kernel?.append ?? '',
    kernelUnpack: kernel?.unpack ?? 'host',
    floppies: [config.floppies[0] ?? null, config.floppies[1] ?? null],
    disks: [...config.disks],
    cdrom: config.cdrom,
    serial: config.serial.map((port) => ({ mode: port.mode, path: port.mode === 'file' ? port.path : '' })),
  };
}

function partsOf(form: SettingsForm): MachineChanges {
  const { floppies, kernelImage } = form;
  const lines = (text: string): string[] =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  return {
    name: form.name.trim(),
    group: form.group.trim(),
    note: form.note,
    template: form.template,
    memoryMiB: Number(form.memoryMiB),
    cpuModel: form.cpuModel,
    clock: form.clock,
    engine: form.engine,
    pointer: form.pointer,
    paravirtual: form.paravirtual,
    bootMenu: form.bootMenu,
    bootOrder: triedOf(form.bootOrder),
    firmware: form.firmware.trim() === '' ? null : form.firmware.trim(),
    kernel:
      kernelImage.trim() === ''
        ? null
        : {
            image: kernelImage.trim(),
            initrd: lines(form.kernelInitrd),
            append: form.kernelAppend.trim(),
            unpack: form.kernelUnpack,
          },
    floppies: floppies[1] ? floppies : floppies[0] ? [floppies[0]] : [],
    disks: form.disks,
    cdrom: form.cdrom,
    serial: form.serial.map(({ mode, path }) => (mode === 'file' ? { mode, path: path.trim() } : { mode })),
  };
}

/** What was changed, and nothing else: two windows that change different things both have their way. */
export function changesOf(config: MachineConfig, form: SettingsForm): MachineChanges {
  const before = partsOf(formOf(config));
  const after = partsOf(form);
  return Object.fromEntries(
    Object.entries(after).filter(
      ([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field as keyof MachineChanges]),
    ),
  );
}
