/**
 * Runs cases on QEMU's TCG, in 32-bit protected mode at CPL 3 of a bare machine (qemu.asm). The machine's RAM is a file:
 * cases are put there before the start, and results found there after the end.
 */
import { closeSync, ftruncateSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { assembleFlat, inTemporaryFolder, run } from '../../guest/system/images.ts';
import { decodeResults, encodeCases, type PlacedCase, type StreamOfResults } from './stream.ts';

const TIMEOUT_MS = 240_000;
/** qemu.asm's HEADER, and what stands in it: runs, results, end of results. */
const HEADER = 0x1000000;
const HEADER_BYTES = 12;
const MIB = 1 << 20;
/** Room for results: far more than cases change, and enough for one that changes everything. */
const RESULT_BYTES = 1024;
const LARGEST_RESULT = 64 * 1024;
/** SeaBIOS works at the end of RAM and 16 MiB before it while it starts: what stands there by then is lost. */
const FIRMWARE_BYTES = 17 * MIB;
/** qemu.asm's DONE, as isa-debug-exit makes a status of it. */
const EXIT_STATUS = 1;

export interface QemuRun {
  readonly image: Uint8Array;
  readonly cases: readonly PlacedCase[];
}

let kernel: Uint8Array | undefined;

/** One start of QEMU for all runs; each begins with its own image. Throws when QEMU is missing or did not finish. */
export function runOnQemu(runs: readonly QemuRun[]): StreamOfResults[] {
  for (const { cases } of runs)
    if (cases.some(({ fpu, sse }) => fpu ?? sse))
      throw new Error('qemu.asm knows neither the FPU nor vector registers');
  kernel ??= assembleFlat(new URL('qemu.asm', import.meta.url));
  const streams = runs.map(({ image, cases }) => encodeCases(image, cases));
  const input = streams.reduce((sum, { length }) => sum + length, 0);
  const count = runs.reduce((sum, { cases }) => sum + cases.length, 0);
  const results = HEADER + HEADER_BYTES + input;
  const ramBytes = Math.ceil((results + Math.max(count * RESULT_BYTES + LARGEST_RESULT, FIRMWARE_BYTES)) / MIB) * MIB;
  const header = Buffer.alloc(HEADER_BYTES);
  for (const [i, word] of [runs.length, results, ramBytes].entries()) header.writeUInt32LE(word, i * 4);

  return inTemporaryFolder((folder) => {
    const ram = join(folder, 'ram');
    const kernelPath = join(folder, 'kernel');
    writeFileSync(kernelPath, kernel!);
    const file = openSync(ram, 'w+');
    try {
      ftruncateSync(file, ramBytes);
      writeSync(file, Buffer.concat([header, ...streams]), 0, HEADER_BYTES + input, HEADER);
      const args = [
        '-accel', 'tcg', '-machine', 'pc,memory-backend=ram', '-cpu', 'qemu32', '-m', `${ramBytes / MIB}M`,
        '-object', `memory-backend-file,id=ram,share=on,mem-path=${ram},size=${ramBytes}`,
        '-kernel', kernelPath, '-display', 'none', '-vga', 'none', '-nic', 'none', '-serial', 'null', '-no-reboot',
        '-device', 'isa-debug-exit,iobase=0xf4,iosize=1',
      ]; // prettier-ignore
      const { status, stderr } = run('qemu-system-i386', args, folder, TIMEOUT_MS);
      if (status !== EXIT_STATUS) throw new Error(`qemu-system-i386 ended with ${status}: ${stderr}`);
      const out = Buffer.alloc(ramBytes - results);
      readSync(file, out, 0, out.length, results);
      let at = 0;
      return runs.map(({ cases }) => {
        const decoded = decodeResults(out.subarray(at), cases);
        at += decoded.length;
        return decoded;
      });
    } finally {
      closeSync(file);
    }
  });
}
