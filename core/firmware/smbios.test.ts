import { expect, test } from 'vitest';
import { buildSmbios, type SmbiosConfig } from './smbios.ts';

const config: SmbiosConfig = {
  memoryBytes: 256 << 20,
  cpuCount: 2,
  uuid: Uint8Array.from({ length: 16 }, (_, i) => i),
  serial: 'S-1',
  biosVersion: '1.0',
  biosDate: '11/23/2026',
  cpuName: 'Test CPU',
  cpuMhz: 1000,
};

interface Parsed {
  readonly type: number;
  readonly handle: number;
  readonly data: Uint8Array;
  readonly strings: readonly string[];
}

/** As a reader finds its way: by the length byte, then to the double zero. */
function parse(table: Uint8Array): Parsed[] {
  const found: Parsed[] = [];
  for (let at = 0; at < table.length;) {
    const data = table.subarray(at, at + table[at + 1]);
    let end = at + data.length;
    while (table[end] !== 0 || table[end + 1] !== 0) end++;
    const strings = String.fromCharCode(...table.subarray(at + data.length, end))
      .split('\0')
      .filter(Boolean);
    found.push({ type: data[0], handle: data[2] | (data[3] << 8), data, strings });
    at = end + 2;
  }
  return found;
}
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);

test('the entry point describes the table and both its checksums are right', () => {
  const { entryPoint, table } = buildSmbios(config, 0xf1000);

  const view = new DataView(entryPoint.buffer);
  expect([sum(entryPoint), sum(entryPoint.subarray(16))]).toEqual([0, 0]);
  expect(view.getUint16(0x16, true)).toBe(table.length);
  expect(view.getUint32(0x18, true)).toBe(0xf1000);
  expect(view.getUint16(0x1c, true)).toBe(parse(table).length);
});

test('the table walks from the BIOS to the end mark with every handle its own', () => {
  const structures = parse(buildSmbios(config, 0).table);

  expect(structures.map(({ type }) => type)).toEqual([0, 1, 3, 4, 4, 16, 17, 19, 32, 127]);
  expect(new Set(structures.map(({ handle }) => handle)).size).toBe(structures.length);
});

test('a system structure holds the identifier in the byte order of version 2.6 and later', () => {
  const system = parse(buildSmbios(config, 0).table)[1];

  expect([...system.data.subarray(8, 24)]).toEqual([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]);
  expect(system.strings[system.data[7] - 1]).toBe('S-1');
});

test.each([
  ['256 MiB', 256, 256, 0],
  ['32 GiB', 32768, 0x7fff, 32768],
])('memory of %s is told in the field that holds it', (_name, mib, size, extended) => {
  const structures = parse(buildSmbios({ ...config, memoryBytes: mib * (1 << 20) }, 0).table);

  const device = structures.find(({ type }) => type === 17)!.data;
  const view = new DataView(device.buffer, device.byteOffset);

  expect([view.getUint16(12, true), view.getUint32(28, true)]).toEqual([size, extended]);
});
