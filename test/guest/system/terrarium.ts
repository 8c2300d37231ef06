/** The same images on Terrarium's PC; the transcript comes out of COM1. */
import type { Block } from '../../../core/backends/index.ts';
import { createPc } from '../../../core/machine/pc.ts';
import { LAST_LINE, linesOf } from './images.ts';

const SLICE_NS = 10_000_000;
/** Guest time; QEMU needs a second. */
const LIMIT_NS = 30_000_000_000;

function floppyOf(data: Uint8Array): Block {
  return {
    sizeBytes: data.length,
    readOnly: true,
    read: (offsetBytes, target) => target.set(data.subarray(offsetBytes, offsetBytes + target.length)),
    write: () => {},
    flush: () => {},
  };
}

/** What was printed until the last line, the processor's end, or the limit. */
export function terrariumTranscript(floppy: Uint8Array, engine: 'interpreter' | 'jit'): string[] {
  let text = '';
  const machine = createPc(
    { memoryMiB: 16, bootOrder: ['floppy'], clock: 'virtual', engine },
    {
      hostClock: { nowNs: 0 },
      wallClock: { nowMs: 0 },
      entropy: { fill: (target) => void target.fill(0) },
      floppies: [floppyOf(floppy), undefined],
      disks: [],
      serial: [{ write: (byte) => void (text += String.fromCharCode(byte)) }],
      log: () => {},
    },
  );
  const done = (): boolean => text.endsWith(`${LAST_LINE}\n`);
  for (let untilNs = SLICE_NS; untilNs <= LIMIT_NS && !done(); untilNs += SLICE_NS)
    if (machine.run(untilNs).kind === 'stopped') break;
  return linesOf(text);
}
