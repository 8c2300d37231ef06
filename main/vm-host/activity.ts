import type { Block } from '../../core/backends/index.ts';
import type { Activity } from '../../core/contract/stream.ts';

export type ActivityKind = keyof Activity;

/** What the drive lamps show: which kinds of device moved bytes since the last look; and how many bytes drives moved. */
export class ActivityMeter {
  readonly #seen = new Set<ActivityKind>();
  readBytes = 0;
  writtenBytes = 0;

  note(kind: ActivityKind): void {
    this.#seen.add(kind);
  }

  take(): Activity {
    const taken = {
      floppy: this.#seen.has('floppy'),
      disk: this.#seen.has('disk'),
      cdrom: this.#seen.has('cdrom'),
      serial: this.#seen.has('serial'),
    };
    this.#seen.clear();
    return taken;
  }
}

export function meteredBlock(block: Block, kind: ActivityKind, meter: ActivityMeter): Block {
  return {
    sizeBytes: block.sizeBytes,
    readOnly: block.readOnly,
    read(offsetBytes, target) {
      meter.note(kind);
      meter.readBytes += target.length;
      block.read(offsetBytes, target);
    },
    write(offsetBytes, data) {
      meter.note(kind);
      meter.writtenBytes += data.length;
      block.write(offsetBytes, data);
    },
    flush: () => block.flush(),
    ...(block.discard && { discard: block.discard.bind(block) }),
  };
}
