import { mediumIdOf, type CallResult, type MachineConfig } from '../../core/contract/index.ts';
import { lookAtHostFile } from '../vm-host/image-file.ts';
import { hostPath } from './host-path.ts';

type HostImage = CallResult<'media.list'>['files'][number];

interface Use {
  readonly kind: HostImage['kind'];
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
        const use = uses.get(attachment.path) ?? { kind, writable: false, usedBy: new Set() };
        use.usedBy.add(name);
        use.writable ||= attachment.writable && kind !== 'cdrom';
        uses.set(attachment.path, use);
      }
  const files = await Promise.all(
    [...uses].map(async ([path, { kind, writable, usedBy }]): Promise<HostImage> => {
      const seen = await lookAtHostFile(hostPath(path), kind, writable);
      return {
        ...{ path, kind, usedBy: [...usedBy].sort() },
        sizeBytes: seen.ok ? seen.value.sizeBytes : null,
        problem: seen.ok ? null : seen.error,
      };
    }),
  );
  return files.sort((one, other) => (one.path < other.path ? -1 : 1));
}
