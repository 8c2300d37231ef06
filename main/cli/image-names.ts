import type { ImageFormatName } from '../../core/contract/machine.ts';

const EXTENSIONS: Readonly<Record<string, ImageFormatName>> = {
  raw: 'raw',
  img: 'raw',
  qcow2: 'qcow2',
  vdi: 'vdi',
  vmdk: 'vmdk',
  vhd: 'vhd',
};

/** The format that a new image's name asks for; undefined: it names none. */
export function formatByName(path: string): ImageFormatName | undefined {
  return EXTENSIONS[/\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''];
}
