import { ok, type Result } from '../../core/base/index.ts';
import { mediumIdOf, type Attachment, type CallResult, type MachineConfig } from '../../core/contract/index.ts';
import { openDiskFile } from '../vm-host/disk-file.ts';
import { lookAtHostFile, mediumBytes } from '../vm-host/image-file.ts';
import { hostPath } from './host-path.ts';

type HostImage = CallResult<'media.list'>['files'][number];

interface Use {
  readonly kind: HostImage['kind'];
  readonly attachment: Attachment;
  writable: boolean;
  readonly usedBy: Set<string>;
}

/**
 * The files of the host in machines' drives, by path, each with what would keep a machine from starting with it. They
 * are looked at now: a file that went away while nobody asked is told of by the next question.
 */
export async function hostImagesOf(
  configs: readonly Pick<MachineConfig, 'name' | 'floppies' | 'disks' | 'cdrom'>[],
): Promise<HostImage[]> {
  const uses = new Map<string, Use>();
  for (const { name, floppies, disks, cdrom } of configs)
    for (const [kind, attachments] of [
      ['floppy', floppies],
      ['disk', disks],
      ['cdrom', [cdrom]],
    ] as const)
      for (const attachment of attachments) {
        if (!attachment || mediumIdOf(attachment.path) !== undefined) continue;
        const use = uses.get(attachment.path) ?? { kind, attachment, writable: false, usedBy: new Set() };
        use.usedBy.add(name);
        use.writable ||= attachment.writable && kind !== 'cdrom';
        uses.set(attachment.path, use);
      }
  const files = await Promise.all(
    [...uses].map(async ([path, { kind, attachment, writable, usedBy }]): Promise<HostImage> => {
      const file = await lookAtHostFile(hostPath(path), kind, writable);
      const seen = file.ok ? guestBytes(attachment, kind, file.value.sizeBytes) : file;
      return {
        ...{ path, kind, usedBy: [...usedBy].sort() },
        sizeBytes: seen.ok ? seen.value : null,
        fileBytes: file.ok ? file.value.sizeBytes : null,
        problem: seen.ok ? null : seen.error,
      };
    }),
  );
  return files.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** What a drive would have of a file that has just been seen: a disk's format says its size, whatever the file's is. */
function guestBytes(attachment: Attachment, kind: HostImage['kind'], fileBytes: number): Result<number> {
  if (kind !== 'disk') return ok(mediumBytes(kind, fileBytes));
  const opened = openDiskFile({ ...attachment, path: hostPath(attachment.path), writable: false });
  if (!opened.ok) return opened;
  const { image } = opened.value;
  const { sizeBytes } = image;
  image.dispose();
  return ok(sizeBytes);
}
