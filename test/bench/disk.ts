/**
 * Disks on the host, without a guest: MiB/s through core/formats beside `qemu-img bench` on the same image, and through the
 * store beside `qemu-img bench` on qcow2, which is what QEMU has for the same (snapshots, clones, nothing stored twice).
 * Then as a guest sees them (guest-disks.ts).
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Block } from '../../core/backends/index.ts';
import { nodeCodecs } from '../../core/formats/file-codecs.ts';
import { openByteFile, relatedFiles } from '../../core/formats/file-source.ts';
import { openImage, type ImageFormat } from '../../core/formats/index.ts';
import { StoreDisk, openLibrary } from '../../core/store/index.ts';
import { guestDiskCases } from './guest-disks.ts';
import type { Bench, BenchCase } from './harness.ts';
import { filledDisk } from './store-disk.ts';

const MIB = 1024 * 1024;
const IMAGE_BYTES = 64 * MIB;
const FORMATS: readonly ImageFormat[] = ['raw', 'qcow2', 'vdi', 'vmdk', 'vhd'];
const qemuName = (format: ImageFormat): string => (format === 'vhd' ? 'vpc' : format);

interface Pattern {
  readonly name: string;
  readonly write: boolean;
  readonly requestBytes: number;
  /** From one request's beginning to the next one's. */
  readonly stepBytes: number;
  readonly requests: number;
}

const PATTERNS: readonly Pattern[] = [
  { name: 'read 64 KiB', write: false, requestBytes: 65536, stepBytes: 65536, requests: 1024 },
  { name: 'write 64 KiB', write: true, requestBytes: 65536, stepBytes: 65536, requests: 1024 },
  // Strides that no read-ahead follows; qemu-img has no random ones.
  { name: 'read 4 KiB scattered', write: false, requestBytes: 4096, stepBytes: 1052672, requests: 1024 },
  { name: 'write 4 KiB scattered', write: true, requestBytes: 4096, stepBytes: 1052672, requests: 1024 },
];

export const disk: Bench = {
  name: 'disk',
  unit: '',
  better: 'higher',
  async cases(workDir) {
    const onHost = [...FORMATS.flatMap((format) => casesOf(format, workDir)), ...storeCases(workDir)];
    return [...onHost, ...(await guestDiskCases(workDir))];
  },
};

function casesOf(format: ImageFormat, workDir: string): BenchCase[] {
  return PATTERNS.map((pattern) => {
    const image = path.join(workDir, `${format}.img`);
    return {
      name: `${format}: ${pattern.name}, MiB/s`,
      run: {
        terrarium: async () => ours(fresh(image, format), format, pattern),
        qemu: async () => theirs(fresh(image, format), format, pattern),
      },
    };
  });
}

/** A disk of the store whose every chunk is in its tree, as after a snapshot. */
function storeCases(workDir: string): BenchCase[] {
  return PATTERNS.map((pattern) => ({
    name: `store: ${pattern.name}, MiB/s`,
    run: {
      terrarium: async () => inStore(fs.mkdtempSync(path.join(workDir, 'library-')), pattern),
      qemu: async () => theirs(fresh(path.join(workDir, 'store.qcow2'), 'qcow2'), 'qcow2', pattern),
    },
  }));
}

function inStore(folder: string, pattern: Pattern): number {
  const library = openLibrary(folder);
  if (!library.ok) throw new Error(library.error.message);
  try {
    // Every chunk its own, and of the kind that compresses as a program does not.
    const id = filledDisk(library.value, IMAGE_BYTES, () => randomBytes(MIB));
    const disk = StoreDisk.open(library.value, id, { mode: 'normal' });
    const speed = throughput(disk, pattern);
    disk.dispose();
    return speed;
  } finally {
    library.value.dispose();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** An image whose every cluster is allocated, in the host's page cache. */
function fresh(image: string, format: ImageFormat): string {
  const exact = format === 'vhd' ? ['-o', 'force_size=on'] : [];
  execFileSync('qemu-img', ['create', '-q', '-f', qemuName(format), ...exact, image, String(IMAGE_BYTES)]);
  execFileSync('qemu-io', ['-f', qemuName(format), '-c', `write -q -P 5 0 ${IMAGE_BYTES}`, image], { stdio: 'ignore' });
  return image;
}

function ours(image: string, format: ImageFormat, pattern: Pattern): number {
  const file = openByteFile(image, pattern.write ? 'write' : 'read');
  if (!file.ok) throw new Error(file.error.message);
  const opened = openImage(file.value, { codecs: nodeCodecs, related: relatedFiles(), format });
  if (!opened.ok) throw new Error(opened.error.message);
  try {
    return throughput(opened.value, pattern);
  } finally {
    opened.value.dispose();
  }
}

function throughput(disk: Block, { requestBytes, stepBytes, requests, write }: Pattern): number {
  const buffer = new Uint8Array(requestBytes).fill(0xa5);
  const startMs = performance.now();
  let at = 0;
  for (let i = 0; i < requests; i++) {
    if (write) disk.write(at, buffer);
    else disk.read(at, buffer);
    at += stepBytes;
    if (at + requestBytes > IMAGE_BYTES) at %= IMAGE_BYTES - requestBytes;
  }
  disk.flush();
  return (requests * requestBytes) / MIB / ((performance.now() - startMs) / 1000);
}

function theirs(image: string, format: ImageFormat, pattern: Pattern): number {
  const { requestBytes, stepBytes, requests, write } = pattern;
  const output = execFileSync(
    'qemu-img',
    [
      ...['bench', '-f', qemuName(format), '-t', 'writeback', '-d', '1', '-c', String(requests)],
      ...['-s', String(requestBytes), '-S', String(stepBytes), ...(write ? ['-w', '--pattern=165'] : []), image],
    ],
    { encoding: 'utf8' },
  );
  const seconds = /completed in ([\d.]+) seconds/.exec(output)?.[1];
  if (seconds === undefined) throw new Error(`qemu-img bench: ${output}`);
  return (requests * requestBytes) / MIB / Number(seconds);
}
