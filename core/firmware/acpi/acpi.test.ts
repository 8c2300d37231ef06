import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import * as aml from './aml.ts';
import { ACPI_TABLES_BYTES, buildAcpiTables, type AcpiBoard } from './index.ts';

const BASE = 0x3ff0000;
const board: AcpiBoard = {
  cpuCount: 2,
  ioApicId: 2,
  pmBase: 0xb000,
  pciHole: { base: 0xe0000000, end: 0xfec00000 },
  hpet: true,
  floppy: true,
  parallel: true,
  serialPorts: 2,
};
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);
const text = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length));

function build(change: Partial<AcpiBoard> = {}) {
  const built = buildAcpiTables({ ...board, ...change }, BASE);
  const at = (physAddr: number): Uint8Array => {
    const start = physAddr - BASE;
    const length = new DataView(built.tables.buffer).getUint32(start + 4, true);
    return built.tables.subarray(start, start + length);
  };
  const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rsdt = at(view(built.rsdp).getUint32(16, true));
  const xsdt = at(view(built.rsdp).getUint32(24, true));
  const pointers = (table: Uint8Array, bytes: number): number[] =>
    Array.from({ length: (table.length - 36) / bytes }, (_, i) => view(table).getUint32(36 + i * bytes, true));
  const byName = new Map(pointers(rsdt, 4).map((pointer) => [text(at(pointer), 0, 4), at(pointer)]));
  return { ...built, at, view, rsdt, xsdt, pointers, byName };
}

describe('the ACPI tables', () => {
  test('are reached from a root pointer with both checksums right', () => {
    const { rsdp, rsdt, xsdt, pointers } = build();

    expect(text(rsdp, 0, 8)).toBe('RSD PTR ');
    expect([sum(rsdp.subarray(0, 20)), sum(rsdp)]).toEqual([0, 0]);
    expect([text(rsdt, 0, 4), text(xsdt, 0, 4)]).toEqual(['RSDT', 'XSDT']);
    expect(pointers(rsdt, 4)).toEqual(pointers(xsdt, 8));
  });

  test('sum to zero each, and lie apart within the place that is kept for them', () => {
    const { index, tables } = build();

    for (const { signature, physAddr, length } of index) {
      const bytes = tables.subarray(physAddr - BASE, physAddr - BASE + length);
      expect(text(bytes, 0, 4)).toBe(signature);
      if (signature !== 'FACS') expect(sum(bytes), signature).toBe(0);
    }
    const ends = index.map(({ physAddr, length }) => physAddr + length);
    index.slice(1).forEach(({ physAddr }, i) => expect(physAddr).toBeGreaterThanOrEqual(ends[i]));
    expect(tables.length).toBeLessThanOrEqual(ACPI_TABLES_BYTES);
  });

  test('point the FADT at the FACS, the DSDT, the registers of PIIX4 and the reset port', () => {
    const { byName, view, at } = build({ pmBase: 0x600 });

    const fadt = view(byName.get('FACP')!);

    expect(fadt.byteLength).toBe(244);
    expect(fadt.getUint32(36, true) % 64).toBe(0);
    expect(text(at(fadt.getUint32(36, true)), 0, 4)).toBe('FACS');
    expect(text(at(fadt.getUint32(40, true)), 0, 4)).toBe('DSDT');
    expect([56, 64, 76].map((offset) => fadt.getUint32(offset, true))).toEqual([0x600, 0x604, 0x608]);
    expect([fadt.getUint8(116), fadt.getUint32(120, true), fadt.getUint8(128)]).toEqual([1, 0xcf9, 6]);
  });

  test('name one local APIC a processor, the I/O APIC, and the overrides of the ISA timer and the level interrupts', () => {
    const madt = build().byName.get('APIC')!;
    const entries: number[][] = [];
    for (let at = 44; at < madt.length; at += madt[at + 1]) entries.push([...madt.subarray(at, at + madt[at + 1])]);

    expect(entries.filter(([type]) => type === 0).map((entry) => entry[3])).toEqual([0, 1]);
    expect(entries.find(([type]) => type === 1)!.slice(2, 8)).toEqual([2, 0, 0, 0, 0xc0, 0xfe]);
    const overrides = entries.filter(([type]) => type === 2).map((entry) => [entry[3], entry[4], entry[8]]);
    expect(overrides).toEqual([
      [0, 2, 0],
      [5, 5, 0xd],
      [9, 9, 0xd],
      [10, 10, 0xd],
      [11, 11, 0xd],
    ]);
  });

  test('leave out the HPET of a board without one', () => {
    expect(build().byName.has('HPET')).toBe(true);
    expect(build({ hpet: false }).byName.has('HPET')).toBe(false);
  });

  test('do not change their size with their address', () => {
    expect(buildAcpiTables(board, 0x7fe0000).tables).toHaveLength(build().tables.length);
  });
});

test("the DSDT survives Intel's disassembler and compiler without an error", () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'acpi-'));
  try {
    const { index, tables } = build();
    const { physAddr, length } = index.find(({ signature }) => signature === 'DSDT')!;
    writeFileSync(path.join(folder, 'dsdt.dat'), tables.subarray(physAddr - BASE, physAddr - BASE + length));

    execFileSync('iasl', ['-d', 'dsdt.dat'], { cwd: folder, stdio: 'pipe' });
    const compiled = spawnSync('iasl', ['dsdt.dsl'], { cwd: folder, encoding: 'utf8' });

    expect(compiled.stdout).toContain('0 Errors');
    const source = readFileSync(path.join(folder, 'dsdt.dsl'), 'utf8');
    for (const word of ['Device (LNKD)', 'Name (\\_S5', 'PNP0A03', 'Device (COM2)', 'Processor (C001', 'Device (HPET)'])
      expect(source).toContain(word);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('AML', () => {
  test('integers take the shortest form', () => {
    expect([0, 1, 0xff, 0x100, 0x10000].map((value) => aml.int(value))).toEqual([
      [0],
      [1],
      [0x0a, 0xff],
      [0x0b, 0x00, 0x01],
      [0x0c, 0x00, 0x00, 0x01, 0x00],
    ]);
  });

  test('names are padded, and paths of two and more segments are marked', () => {
    expect(aml.name('\\_SB')).toEqual([0x5c, ...Buffer.from('_SB_')]);
    expect(aml.name('^A.B')).toEqual([0x5e, 0x2e, ...Buffer.from('A___B___')]);
    expect(aml.name('A.B.C')).toEqual([0x2f, 3, ...Buffer.from('A___B___C___')]);
  });

  test('a package length counts itself, in one byte up to 63 and in two from there', () => {
    const length = (size: number): number[] => aml.buffer(new Array<number>(size).fill(7)).slice(0, 4);

    expect(length(60)).toEqual([0x11, 63, 0x0a, 60]);
    expect(length(61)).toEqual([0x11, 0x41, 0x04, 0x0a]); // 65 = 4 << 4 | 1
  });

  test('EISA identifiers are compressed', () => {
    expect(aml.eisaId('PNP0A03')).toEqual([0x0c, 0x41, 0xd0, 0x0a, 0x03]);
  });
});
