/** What damaged and malicious images say, with the place of the damage; and which other files an image may reach. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { CODES } from '../../core/contract/codes.ts';
import { IMAGE_FORMAT_NAMES } from '../../core/contract/limits.ts';
import { nodeCodecs } from '../../core/formats/file-codecs.ts';
import { openByteFile, relatedFiles } from '../../core/formats/file-source.ts';
import {
  IMAGE_FORMATS,
  MemoryFile,
  guardRaw,
  openImage,
  probeImage,
  type CreateOptions,
  type ImageFormat,
} from '../../core/formats/index.ts';
import { MIB, create, host, must, open, qemuImg, scratchFolder } from './support.ts';

const folder = scratchFolder();
afterAll(() => folder.dispose());
let made = 0;

function bytesOf(format: ImageFormat, options: Partial<CreateOptions> = {}): Uint8Array {
  const path = folder.file(`image-${made++}.${format}`);
  const image = create(path, format, { sizeBytes: 4 * MIB, ...options });
  image.write(0, new Uint8Array(65536).fill(1));
  must(image.close());
  return readFileSync(path);
}

interface Damage {
  readonly what: string;
  readonly format: ImageFormat;
  readonly options?: Partial<CreateOptions>;
  damage(view: DataView, bytes: Uint8Array): Uint8Array | void;
  readonly error: { readonly code: string; readonly field?: string; readonly offsetBytes?: number };
}

const qcow2 = (what: string, damage: Damage['damage'], code: string, field?: string, offsetBytes?: number): Damage => ({
  what: `qcow2: ${what}`,
  format: 'qcow2',
  damage,
  error: { code, ...(field && { field }), ...(offsetBytes !== undefined && { offsetBytes }) },
});

const DAMAGES: readonly Damage[] = [
  qcow2('version 4', (v) => v.setUint32(4, 4), 'image.unsupported', 'header.version', 4),
  qcow2('clusters of 2 GiB', (v) => v.setUint32(20, 31), 'image.corrupt', 'header.cluster_bits', 20),
  qcow2('encrypted', (v) => v.setUint32(32, 2), 'image.unsupported', 'header.crypt_method', 32),
  qcow2('an L1 table of 32 GiB', (v) => v.setUint32(36, 0xffffffff), 'image.corrupt', 'header.l1_size', 36),
  qcow2('an L1 table too short for the size', (v) => v.setBigUint64(24, 1n << 50n), 'image.corrupt', 'header.l1_size'),
  qcow2('a size beyond all bounds', (v) => v.setBigUint64(24, 1n << 60n), 'image.corrupt', 'header.size', 24),
  qcow2('an L1 table in the header', (v) => v.setBigUint64(40, 0n), 'image.corrupt', 'header.l1_table_offset', 40),
  qcow2('an L1 table behind the end', (v) => v.setBigUint64(40, 1n << 40n), 'image.corrupt', 'header.l1_table_offset'),
  qcow2('refcounts of 128 bits', (v) => v.setUint32(96, 7), 'image.corrupt', 'header.refcount_order', 96),
  qcow2('external data', (v) => v.setUint32(76, 4), 'image.unsupported', 'header.incompatible_features', 72),
  qcow2('extended L2 entries', (v) => v.setUint32(76, 16), 'image.unsupported', 'header.incompatible_features', 72),
  qcow2('an unknown feature', (v) => v.setUint32(76, 1 << 20), 'image.unsupported', 'header.incompatible_features', 72),
  qcow2('100000 snapshots', (v) => v.setUint32(60, 100000), 'image.corrupt', 'header.nb_snapshots', 60),
  qcow2(
    'a backing name of 1 GiB',
    (v) => {
      v.setBigUint64(8, 512n);
      v.setUint32(16, 2 ** 30);
    },
    'image.corrupt',
    'header.backing_file_size',
    16,
  ),
  qcow2('cut in its header', (_, bytes) => bytes.slice(0, 50), 'image.truncated', 'header', 0),
  {
    what: 'VDI: version 2',
    format: 'vdi',
    damage: (v) => v.setUint32(0x44, 0x20000, true),
    error: { code: 'image.unsupported', field: 'header.version', offsetBytes: 0x44 },
  },
  {
    what: 'VDI: blocks of 0 bytes',
    format: 'vdi',
    damage: (v) => v.setUint32(0x178, 0, true),
    error: { code: 'image.corrupt', field: 'header.block_size', offsetBytes: 0x178 },
  },
  {
    what: 'VDI: 4 billion blocks',
    format: 'vdi',
    damage: (v) => v.setUint32(0x180, 0xffffffff, true),
    error: { code: 'image.corrupt', field: 'header.blocks_in_image' },
  },
  {
    what: 'VDI: data over the map',
    format: 'vdi',
    damage: (v) => v.setUint32(0x158, 0, true),
    error: { code: 'image.corrupt', field: 'header.offset_data' },
  },
  {
    what: 'VDI: more blocks in use than there are',
    format: 'vdi',
    damage: (v) => v.setUint32(0x184, 77, true),
    error: { code: 'image.corrupt', field: 'header.blocks_allocated' },
  },
  {
    what: 'VHD: a wrong checksum',
    format: 'vhd',
    damage: (_, bytes) => {
      bytes[60] ^= 1;
      bytes[bytes.length - 512 + 48] ^= 1;
    },
    error: { code: 'image.corrupt', field: 'footer.checksum' },
  },
  {
    what: 'VHD: a damaged dynamic header',
    format: 'vhd',
    damage: (_, bytes) => {
      bytes[512 + 30] ^= 1;
    },
    error: { code: 'image.corrupt', field: 'dynamic_header.checksum', offsetBytes: 512 + 36 },
  },
  {
    what: 'fixed VHD: cut at its beginning',
    format: 'vhd',
    options: { variant: 'fixed' },
    damage: (_, bytes) => bytes.slice(MIB),
    error: { code: 'image.truncated', field: 'footer.current_size' },
  },
  {
    what: 'VMDK: grains of 8 EiB',
    format: 'vmdk',
    damage: (v) => v.setBigUint64(20, 1n << 62n, true),
    error: { code: 'image.corrupt', field: 'header.grainSize', offsetBytes: 20 },
  },
  {
    what: 'VMDK: changed by a text transfer',
    format: 'vmdk',
    damage: (_, bytes) => {
      bytes[75] = 10;
    },
    error: { code: 'image.corrupt', field: 'header.newLineChars' },
  },
  {
    what: 'VMDK: a descriptor behind the end',
    format: 'vmdk',
    damage: (v) => v.setBigUint64(28, 1n << 30n, true),
    error: { code: 'image.truncated', field: 'descriptor' },
  },
  {
    what: 'VMDK: a directory behind the end',
    format: 'vmdk',
    damage: (v) => v.setBigUint64(56, 1n << 30n, true),
    error: { code: 'image.truncated', field: 'grain directory' },
  },
];

describe('a damaged image', () => {
  test.each(DAMAGES)('$what is refused with its place, untouched', ({ format, options, damage, error }) => {
    const bytes = bytesOf(format, options);
    const damaged = damage(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes) ?? bytes;
    const file = new MemoryFile('bad.img', damaged.slice());

    const result = openImage(file, { ...host, format });

    const { code, ...place } = error;
    expect(result).toMatchObject({ error: { code, place: { file: 'bad.img', ...place } } });
    if (!result.ok) {
      expect(result.error.message).toContain('bad.img');
      if (place.field !== undefined) expect(result.error.message).toContain(place.field);
    }
    expect(Buffer.compare(file.bytes, damaged)).toBe(0);
  });

  test('qcow2: an L2 table or a cluster behind the end is an error of that read alone', () => {
    const bytes = bytesOf('qcow2');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const l2 = Number(view.getBigUint64(Number(view.getBigUint64(40))) & 0xfffffffffffen);
    view.setBigUint64(l2, 0x8000000040000000n);
    const image = must(openImage(new MemoryFile('bad.img', bytes), host));

    expect(() => image.read(0, new Uint8Array(512))).toThrow(/l2_table\[0\] at offset/);
    image.read(MIB, new Uint8Array(512));
    expect(image.check().errorCount).toBeGreaterThan(0);
  });

  test('with more leaks and wrong counts than counts is repaired as qemu-img would have it', () => {
    const bytes = bytesOf('qcow2');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const block = Number(view.getBigUint64(Number(view.getBigUint64(48))));
    for (let i = 0; i < 40; i++) view.setUint16(block + i * 2, i % 3);
    const path = folder.file('counts.qcow2');
    writeFileSync(path, bytes);
    const image = open(path, 'write');

    expect(image.check().errorCount).toBeGreaterThan(0);
    expect(image.check({ repair: true }).repaired).toBeGreaterThan(0);
    expect(image.check()).toMatchObject({ errorCount: 0, leakedBytes: 0 });
    must(image.close());
    qemuImg('check', path);
  });
});

describe('what an image has twice', () => {
  test.each([
    ['vhd', 'the copy of the footer', () => 8, 'copy of the footer at offset 0'],
    ['vhd', 'the footer', (view: DataView) => view.byteLength - 504, 'footer at offset'],
    [
      'vmdk',
      'the second directory',
      (view: DataView) => view.getUint32(48, true) * 512,
      'redundant_grain_directory[0]',
    ],
    [
      'vmdk',
      'a second grain table',
      (view: DataView) => view.getUint32(view.getUint32(48, true) * 512, true) * 512 + 4,
      'redundant_grain_directory[0]',
    ],
  ] as const)('%s: damage in %s is told, harms no byte of the disk, and is repaired', (format, _, place, told) => {
    const bytes = bytesOf(format);
    bytes[place(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))] ^= 0x55;
    const path = folder.file(`twice-${made++}.${format}`);
    writeFileSync(path, bytes);
    const image = open(path, 'write');

    const { errors } = image.check();

    expect(errors).toEqual([expect.stringContaining(told)]);
    expect(image.check({ repair: true }).repaired).toBe(1);
    must(image.close());
    const again = open(path, 'read');
    expect(again.check().errors).toEqual([]);
    const data = new Uint8Array(65537);
    again.read(0, data);
    expect(data.findIndex((byte) => byte !== 1)).toBe(65536);
  });
});

describe('what an image refers to', () => {
  const child = (reference: string, name = `child-${made++}.qcow2`): string => {
    const path = folder.file(name);
    qemuImg('create', '-q', '-f', 'qcow2', '-u', '-b', reference, '-F', 'raw', path, '1M');
    return path;
  };

  test('is refused outside its own folder: absolute, upwards, and through a link', () => {
    const secret = scratchFolder();
    writeFileSync(secret.file('secret'), new Uint8Array(MIB).fill(1));
    symlinkSync(secret.file('secret'), folder.file('link'));
    try {
      for (const reference of [secret.file('secret'), `../${secret.path.split('/').pop()}/secret`, 'link'])
        expect(openImage(must(openByteFile(child(reference), 'read')), host), reference).toMatchObject({
          error: { code: 'image.parent' },
        });
      expect(
        openImage(must(openByteFile(child('link'), 'read')), {
          ...host,
          related: relatedFiles({ allowed: [secret.path] }),
        }),
      ).toMatchObject({ ok: true });
    } finally {
      secret.dispose();
    }
  });

  test('is refused where nothing may be opened, and when it is a folder or missing', () => {
    mkdirSync(folder.file('folder'), { recursive: true });
    expect(openImage(must(openByteFile(child('x'), 'read')), { codecs: nodeCodecs })).toMatchObject({
      error: { code: 'image.parent' },
    });
    expect(openImage(must(openByteFile(child('folder'), 'read')), host)).toMatchObject({
      error: { code: 'file.directory' },
    });
    expect(openImage(must(openByteFile(child('gone'), 'read')), host)).toMatchObject({
      error: { code: 'file.missing' },
    });
  });

  test('cannot be itself, in one step or several', () => {
    const asQcow2 = (reference: string, name: string): string => {
      const path = folder.file(name);
      qemuImg('create', '-q', '-f', 'qcow2', '-u', '-b', reference, '-F', 'qcow2', path, '1M');
      return path;
    };
    const self = asQcow2('self.qcow2', 'self.qcow2');
    const one = asQcow2('two.qcow2', 'one.qcow2');
    asQcow2('one.qcow2', 'two.qcow2');

    for (const path of [self, one])
      expect(openImage(must(openByteFile(path, 'read')), host)).toMatchObject({ error: { code: 'image.cycle' } });
  });

  test('cannot be a part of a VMDK that is the descriptor itself', () => {
    const path = folder.file('loop.vmdk');
    writeFileSync(
      path,
      '# Disk DescriptorFile\nCID=1\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 1 FLAT "loop.vmdk" 0\n'.padEnd(
        600,
      ),
    );
    expect(openImage(must(openByteFile(path, 'write')), host)).toMatchObject({ error: { code: 'image.cycle' } });
  });
});

describe('a raw disk that was found by content', () => {
  test('takes no header of another format from its guest, whole or in pieces', () => {
    const file = new MemoryFile('disk.img', new Uint8Array(MIB));
    const disk = guardRaw(must(openImage(file, host)));
    const header = bytesOf('qcow2').subarray(0, 512);

    expect(() => disk.write(0, header)).toThrow(/look like a qcow2/);
    disk.write(1, header.subarray(1));
    expect(() => disk.write(0, header.subarray(0, 1))).toThrow(/look like a qcow2/);
    expect(() => disk.write(MIB - 512, new TextEncoder().encode('conectix'))).toThrow(/look like a vhd/);
    disk.write(0, new Uint8Array(4096).fill(1));

    expect(probeImage(file)).toBe('raw');
  });
});

describe('the lists of formats and codes', () => {
  test('are the same in the contract and in the formats', () => {
    expect(IMAGE_FORMAT_NAMES).toEqual(IMAGE_FORMATS);
    for (const { error } of DAMAGES) expect(Object.keys(CODES)).toContain(error.code);
  });
});
