import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decode, newInstruction, rows } from './index.ts';
import type { CodeSize } from './index.ts';

/**
 * GNU objdump as a second opinion on random instructions. Each stands in a slot of its own, filled up with NOPs that
 * bring objdump back into step. At most one prefix of a kind, REX last, no LOCK: objdump takes other prefixes for
 * instructions of their own and does not check LOCK.
 */
const SLOT = 32,
  COUNT = 6000,
  MAX_LENGTH = 15;
const NOP = 0x90;
const MACHINE: Readonly<Record<CodeSize, string>> = { 16: 'i8086', 32: 'i386', 64: 'x86-64,intel64' };
const SEGMENT_PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];

interface Line {
  readonly length: number;
  readonly bad: boolean;
  readonly text: string;
}

function randomInstructions(codeSize: CodeSize): Uint8Array {
  let state: number = codeSize;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const isPrefix = (byte: number): boolean =>
    [0x66, 0x67, 0xf0, 0xf2, 0xf3, ...SEGMENT_PREFIXES].includes(byte) || (codeSize === 64 && byte >> 4 === 4);
  // FWAIT: objdump joins it to the x87 instruction that follows
  const opcode = (): number => {
    for (;;) {
      const byte = random(256);
      if (!isPrefix(byte) && byte !== 0x0f && byte !== 0x9b) return byte;
    }
  };

  const image = new Uint8Array(COUNT * SLOT).fill(NOP),
    insn = newInstruction();
  for (let slot = 0; slot < image.length; slot += SLOT) {
    const bytes: number[] = [];
    if (random(4) === 0) bytes.push([0x66, 0x67][random(2)]);
    if (random(6) === 0) bytes.push([0xf2, 0xf3][random(2)]);
    if (random(8) === 0) bytes.push(SEGMENT_PREFIXES[random(6)]);
    if (codeSize === 64 && random(3) === 0) bytes.push(0x40 + random(16));
    const map = random(8);
    if (map < 4) bytes.push(opcode());
    else if (map < 6) bytes.push(0x0f, random(256));
    else bytes.push(0x0f, map === 6 ? 0x38 : 0x3a, random(256));
    while (bytes.length < MAX_LENGTH) bytes.push(random(256));
    image.set(bytes, slot);
    // what follows the instruction must not be taken for one
    const status = decode(image, slot, slot + SLOT, codeSize, insn);
    image.fill(NOP, slot + (status === 'ok' ? insn.length : MAX_LENGTH), slot + SLOT);
  }
  return image;
}

function objdump(image: Uint8Array, codeSize: CodeSize): Map<number, Line> {
  const folder = mkdtempSync(join(tmpdir(), 'objdump-'));
  try {
    const file = join(folder, 'code.bin');
    writeFileSync(file, image);
    const options = ['-D', '-b', 'binary', '-m', 'i386', '-M', `intel,${MACHINE[codeSize]}`, '--insn-width=16', file];
    const output = execFileSync('objdump', options, { encoding: 'utf8', maxBuffer: 1 << 28 });
    const lines = new Map<number, Line>();
    for (const [, address, bytes, text] of output.matchAll(/^\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(.*)$/gm)) {
      const bad = text.includes('(bad)') || text.includes('?');
      lines.set(parseInt(address, 16), { length: bytes.split(' ').length, bad, text });
    }
    return lines;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const ours = new Set(rows.map(({ mnemonic }) => mnemonic.toLowerCase()));

/** The reason why we and objdump differ, or undefined. */
function knownDifference(
  codeSize: CodeSize,
  bytes: Uint8Array,
  row: string | undefined,
  line: Line,
): string | undefined {
  if (row === 'SALC') return 'SALC is not documented by Intel';
  if (row !== undefined && /^F(COM|COMP|XCH|STP|FREEP)$/.test(row)) return 'undocumented x87 alias';
  if (row === 'NOP') return 'hint NOP that MPX or CET took';
  if ((row === 'BSF' || row === 'BSR') && bytes.includes(0xf2)) return 'F2 does not matter to BSF and BSR';
  if (row === 'WBINVD') return '66 does not matter to WBINVD';
  if (row === undefined && /\b(mov)\b.*\btr\d/.test(line.text)) return 'test registers of the 80386 and 80486';
  if (row === undefined && /\bmov\b.*\bcr([15679]|1\d)\b/.test(line.text))
    return 'control register that does not exist';
  if (row === undefined && /\bmov +cs,/.test(line.text)) return 'MOV to CS';
  if (row === undefined && /fx(save|rstor)|mxcsr|[lms]fence/.test(line.text)) return '0F AE takes no mandatory prefix';
  if (row === undefined && bytes[0] === 0x66 && (bytes[1] & 0xfe) === 0xf2) return 'F2 and F3 count before 66';
  if (row === undefined && codeSize !== 64 && /\bswapgs\b/.test(line.text)) return 'SWAPGS exists in 64-bit mode only';
  const mnemonic = line.text.replace(/^((data16|addr32|addr16|rep[nz]*|bnd|[c-gs]s|rex[.WRXB]*) )*/, '').split(/\s/)[0];
  if (row === undefined && !ours.has(mnemonic)) return 'instruction that the tables leave out';
  return undefined;
}

describe('objdump', () => {
  it.each<CodeSize>([16, 32, 64])(
    'finds the same lengths and the same undefined opcodes in %i-bit code',
    (codeSize) => {
      const image = randomInstructions(codeSize),
        insn = newInstruction();

      const lines = objdump(image, codeSize);

      let same = 0;
      const different: string[] = [];
      for (let slot = 0; slot < image.length; slot += SLOT) {
        const line = lines.get(slot);
        if (line === undefined) throw new Error(`objdump has no instruction at ${slot}`);
        const bytes = image.subarray(slot, slot + MAX_LENGTH);
        const row = decode(image, slot, slot + SLOT, codeSize, insn) === 'ok' ? insn.row.mnemonic : undefined;
        if (row === undefined ? line.bad : !line.bad && line.length === insn.length) same++;
        else if (knownDifference(codeSize, bytes, row, line) === undefined) {
          const hex = Buffer.from(bytes).toString('hex');
          different.push(`${hex}: objdump ${line.text} (${line.length}), we ${row ?? 'undefined'} (${insn.length})`);
        }
      }
      expect(different).toEqual([]);
      expect(same).toBeGreaterThan(COUNT * 0.9);
    },
  );
});
