import {
  DEBIAN_PACKAGES,
  MACHINE_TEMPLATES,
  MEMORY_MIB_DEFAULT,
  machineGroupSchema,
  machineNameSchema,
  mediumPath,
  type Attachment,
  type BootDevice,
  type Failure,
  type MachineDraft,
  type MachineInfo,
  type Result,
} from '../../../core/contract/index.ts';
import type { Client } from '../../ipc/client.ts';
import { freeName } from '../machines/free-name.ts';
import type { MediumKind } from '../media/use-media.ts';

/** What the wizard asks, in both of its forms. */
export interface NewMachineForm {
  name: string;
  group: string;
  template: string;
  memoryMiB: number | string;
  cpuModel: NonNullable<MachineDraft['cpuModel']>;
  pointer: NonNullable<MachineDraft['pointer']>;
  clock: NonNullable<MachineDraft['clock']>;
  /** What the machine begins with: nothing, a file of this computer brought into the library, one used where it is, or a medium. */
  imageFrom: 'none' | 'file' | 'path' | 'library';
  imageKind: MediumKind;
  imageFile: File | null;
  imagePath: string;
  imageMedium: string | null;
  imageWritable: boolean;
  disk: 'new' | 'library' | 'none';
  diskMiB: number | string;
  diskMedium: string | null;
  start: boolean;
}

export const templateOf = (id: string) =>
  MACHINE_TEMPLATES.find((template) => template.id === id) ?? MACHINE_TEMPLATES[MACHINE_TEMPLATES.length - 1];

/** What a person prefers, unless the system needs more than that, or cannot use so much. */
export function memoryOf(templateId: string, preferredMiB: number | undefined): number {
  const { hardware, memoryMiBMax } = templateOf(templateId);
  const needed = hardware.memoryMiB;
  if (preferredMiB === undefined) return needed ?? MEMORY_MIB_DEFAULT;
  return Math.min(Math.max(preferredMiB, needed ?? 0), memoryMiBMax ?? Infinity);
}

/** The fields that a template decides. Without a bootable medium of its own it wants a disk to install on. */
export function fieldsOf(
  templateId: string,
  memoryMax: number,
  preferredMiB: number | undefined,
): Partial<NewMachineForm> {
  const { hardware, diskBytes } = templateOf(templateId);
  return {
    template: templateId,
    memoryMiB: Math.min(memoryOf(templateId, preferredMiB), memoryMax),
    cpuModel: hardware.cpuModel ?? 'default',
    pointer: hardware.pointer ?? 'absolute',
    disk: diskBytes > 0 ? 'new' : 'none',
    diskMiB: Math.max(1, Math.round(diskBytes / 2 ** 20)),
    ...(isBuilt(templateId) && { imageFrom: 'none' as const }),
  };
}

/** Of this computer's packages, with a disk of its own: no image, no other disk. */
export const isBuilt = (templateId: string): boolean => templateId === DEBIAN_PACKAGES;

export const DISK_MIB_MAX = 2 * 2 ** 20;

export type Problem = 'template' | 'name' | 'nameTaken' | 'group' | 'memory' | 'image' | 'disk';

export function problemsOf(
  form: NewMachineForm,
  memory: { readonly min: number; readonly max: number },
  names: readonly string[] = [],
): Set<Problem> {
  const isWhole = (value: number | string, min: number, max: number): boolean =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
  const problems = new Set<Problem>();
  if (templateOf(form.template).unavailable !== undefined) problems.add('template');
  const name = form.name.trim();
  if (!machineNameSchema.safeParse(name).success) problems.add('name');
  if (names.some((taken) => taken.toLowerCase() === name.toLowerCase())) problems.add('nameTaken');
  if (!machineGroupSchema.safeParse(form.group.trim()).success) problems.add('group');
  if (!isWhole(form.memoryMiB, memory.min, memory.max)) problems.add('memory');
  if (form.imageFrom === 'file' && !form.imageFile) problems.add('image');
  if (form.imageFrom === 'path' && form.imagePath.trim() === '') problems.add('image');
  if (form.imageFrom === 'library' && form.imageMedium === null) problems.add('image');
  if (form.disk === 'new' && !isWhole(form.diskMiB, 1, DISK_MIB_MAX)) problems.add('disk');
  if (form.disk === 'library' && form.diskMedium === null) problems.add('disk');
  return problems;
}

export interface CreateOptions {
  readonly onProgress: (share: number | undefined) => void;
  readonly signal: AbortSignal;
}

/** Brings in what the machine is made of, then makes it. What was made for a machine that could not be made goes again. */
export async function createMachine(
  client: Client,
  form: NewMachineForm,
  { onProgress, signal }: CreateOptions,
): Promise<Result<MachineInfo>> {
  if (isBuilt(form.template)) return buildMachine(client, form, { onProgress, signal });
  const made: string[] = [];
  const undo = async (error: Failure): Promise<Result<MachineInfo>> => {
    for (const id of made) await client.call('media.remove', { id });
    return { ok: false, error };
  };
  const listed = await client.call('media.list', {});
  if (!listed.ok) return listed;
  const name = form.name.trim();

  const image = await imageOf(client, form, listed.value.media, onProgress, signal);
  if (!image.ok) return image;
  if (image.value?.made !== undefined) made.push(image.value.made);

  const disks: Attachment[] = [];
  const attached = image.value?.attachment;
  if (form.disk === 'library' && form.diskMedium !== null)
    disks.push({ path: mediumPath(form.diskMedium), writable: true });
  if (form.disk === 'new') {
    const created = await client.call('media.create', {
      name: freeName(name, listed.value.media),
      sizeBytes: Number(form.diskMiB) * 2 ** 20,
    });
    if (!created.ok) return undo(created.error);
    made.push(created.value.id);
    disks.push({ path: mediumPath(created.value.id), writable: true });
  }
  if (attached && form.imageKind === 'disk') disks.unshift(attached);
  const created = await client.call('machines.create', {
    ...templateOf(form.template).hardware,
    name,
    group: form.group.trim(),
    template: form.template,
    memoryMiB: Number(form.memoryMiB),
    cpuModel: form.cpuModel,
    pointer: form.pointer,
    clock: form.clock,
    disks,
    floppies: attached && form.imageKind === 'floppy' ? [attached] : [],
    cdrom: attached && form.imageKind === 'cdrom' ? attached : null,
    bootOrder: bootOrderOf(form),
  });
  return created.ok ? created : undo(created.error);
}

/** The work goes on in the services whatever becomes of this window; only a cancel ends it. */
async function buildMachine(
  client: Client,
  form: NewMachineForm,
  { onProgress, signal }: CreateOptions,
): Promise<Result<MachineInfo>> {
  const name = form.name.trim();
  let task: string | undefined;
  const cancel = (): void => void (task !== undefined && client.call('tasks.cancel', { id: task }));
  signal.addEventListener('abort', cancel);
  const unsubscribe = client.subscribe({
    onConnected: () => {},
    onEvent: (event) => {
      if (event.event !== 'task.changed' || event.task.kind !== 'build' || event.task.subject !== name) return;
      const { id, doneBytes, totalBytes } = event.task;
      task = id;
      if (signal.aborted) cancel();
      else onProgress(totalBytes > 0 ? doneBytes / totalBytes : undefined);
    },
    onDisconnected: () => {},
  });
  try {
    return await client.call('machines.buildDebian', {
      ...{ name, group: form.group.trim(), memoryMiB: Number(form.memoryMiB) },
      diskBytes: Number(form.diskMiB) * 2 ** 20,
    });
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', cancel);
  }
}

/** What it begins with is tried first; once a system is installed, an empty drive is passed over. */
function bootOrderOf({ imageFrom, imageKind }: NewMachineForm): BootDevice[] {
  const order: BootDevice[] = ['floppy', 'cdrom', 'disk'];
  return imageFrom === 'none' ? order : [imageKind, ...order.filter((device) => device !== imageKind)];
}

interface Image {
  readonly attachment: Attachment;
  /** A medium that was made for it. */
  readonly made?: string;
}

async function imageOf(
  client: Client,
  form: NewMachineForm,
  media: readonly { readonly name: string }[],
  onProgress: CreateOptions['onProgress'],
  signal: AbortSignal,
): Promise<Result<Image | undefined>> {
  const { imageFrom, imageKind, imageFile, imagePath, imageMedium } = form;
  const inLibrary = { writable: imageKind !== 'cdrom' };
  if (imageFrom === 'library' && imageMedium !== null)
    return { ok: true, value: { attachment: { path: mediumPath(imageMedium), ...inLibrary } } };
  if (imageFrom === 'file' && imageFile) {
    onProgress(0);
    const draft = { name: freeName(imageFile.name, media), kind: imageKind };
    const imported = await client.importFile(imageFile, draft, { onProgress, signal });
    onProgress(undefined);
    if (!imported.ok) return imported;
    const { id } = imported.value;
    return { ok: true, value: { attachment: { path: mediumPath(id), ...inLibrary }, made: id } };
  }
  if (imageFrom === 'path') {
    const attachment = { path: imagePath.trim(), writable: form.imageWritable && imageKind !== 'cdrom' };
    const checked = await client.call('media.check', { ...attachment, kind: imageKind });
    return checked.ok ? { ok: true, value: { attachment: { ...attachment, path: checked.value.path } } } : checked;
  }
  return { ok: true, value: undefined };
}
