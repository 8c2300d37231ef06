import { describe, expect, it } from 'vitest';
import {
  icedOperands,
  ourMemory,
  ourMnemonic,
  ourOperands,
  readCases,
  readMemoryCases,
} from '../../test/fixtures/x86-decoder/iced.ts';
import type { IcedCase } from '../../test/fixtures/x86-decoder/iced.ts';
import { decode, newInstruction, rows } from './index.ts';

const FILES = ['DecoderTest16', 'DecoderTest32', 'DecoderTestMisc16', 'DecoderTestMisc32', 'DecoderTestMisc64'];
const MEMORY_FILES = ['MemoryTest16', 'MemoryTest32', 'MemoryTest64'];

const MNEMONICS = new Set(rows.map(({ mnemonic }) => mnemonic));
const cases = FILES.flatMap(readCases);
const memoryCases = MEMORY_FILES.flatMap(readMemoryCases);
const insn = newInstruction();

const withoutOption = cases.filter(({ options }) => options.length === 0);
const isVector = (code: string): boolean => /^(VEX|EVEX|XOP|D3NOW)_/.test(code);
const isDefined = (iced: IcedCase): boolean => !isVector(iced.code) && MNEMONICS.has(ourMnemonic(iced));
const valid = withoutOption.filter(({ code }) => code !== 'INVALID');
const invalid = withoutOption.filter(({ code }) => code === 'INVALID');
const defined = valid.filter(isDefined);
const undefinedHere = valid.filter((iced) => !isDefined(iced));

/** Instruction families that the tables leave out, by iced's mnemonic (of vector encodings, by its prefix). */
const FAMILIES: readonly (readonly [string, RegExp])[] = [
  ['AVX (VEX)', /^VEX$/],
  ['AVX-512 (EVEX)', /^EVEX$/],
  ['XOP', /^XOP$/],
  ['3DNow!', /^(D3NOW|Femms)$/],
  ['AES', /^Aes(enc|dec|imc|enclast|declast|keygenassist)$/],
  ['PCLMULQDQ', /^Pclmulqdq$/],
  ['SHA', /^Sha/],
  ['GFNI', /^Gf2p8/],
  ['SSE4a', /^(Extrq|Insertq|Movntss|Movntsd)$/],
  ['ADX', /^Ad[co]x$/],
  ['BMI1, LZCNT', /^(Tz|Lz)cnt$/],
  ['RDRAND, RDSEED', /^Rd(rand|seed)$/],
  ['RDPID', /^Rdpid$/],
  ['RAO-INT', /^A(add|and|or|xor)$/],
  ['VMX', /^(Vm(call|launch|resume|xoff|func|read|write|ptrld|ptrst|clear|xon)|Invept|Invvpid)$/],
  ['SVM', /^(Vmrun|Vmmcall|Vmload|Vmsave|Stgi|Clgi|Skinit|Invlpga|Vmgexit)$/],
  ['SEV-SNP', /^(Pvalidate|Invlpgb|Tlbsync)$/],
  ['SMX, SGX, TDX', /^(Getsec|Encl[suv]|Pconfig|Tdcall)$/],
  ['TSX', /^(Xabort|Xbegin|Xend|Xtest|Xsusldtrk|Xresldtrk)$/],
  ['XSAVE', /^(Xsave|Xrstor|Xsaveopt|Xsavec|Xsaves|Xrstors|Xgetbv|Xsetbv)$/],
  ['INVPCID', /^Invpcid$/],
  ['CET', /^(Rstorssp|Setssbsy|Saveprevssp|Rdsspd|Incsspd|Clrssbsy|Wrssd|Wrussd|Endbr(32|64))$/],
  ['SMAP', /^(Clac|Stac)$/],
  ['protection keys', /^(Rd|Wr)pkru$/],
  ['MONITORX, CLZERO, RDPRU, MCOMMIT', /^(Monitorx|Mwaitx|Clzero|Rdpru|Mcommit)$/],
  ['WAITPKG', /^(Tpause|Umonitor|Umwait)$/],
  ['PTWRITE', /^Ptwrite$/],
  ['Key Locker', /^(Aes(enc|dec)(wide)?(128|256)kl|Loadiwkey|Encodekey\d+)$/],
  ['MOVDIR, ENQCMD', /^(Movdir64b|Movdiri|Enqcmds?)$/],
  ['SERIALIZE, HRESET, WRMSRNS', /^(Serialize|Hreset|Wrmsrns)$/],
  ['cache control', /^(Wbnoinvd|Cldemote|Clwb|Clflushopt|Prefetchit[01])$/],
  ['hint NOP', /^Reservednop$/],
  ['VIA PadLock', /^(Montmul|Xsha\w+|Undoc|Xstore(_alt)?|Xcrypt\w+|Ccs_\w+)$/],
];

/** What a processor without the family makes of its encodings; all others are invalid. */
const OLDER_MEANING: Readonly<Record<string, string>> = {
  Tzcnt: 'BSF',
  Lzcnt: 'BSR',
  Wbnoinvd: 'WBINVD',
  Cldemote: 'NOP',
  Rdsspd: 'NOP',
  Endbr32: 'NOP',
  Endbr64: 'NOP',
  Prefetchit0: 'NOP',
  Prefetchit1: 'NOP',
  Reservednop: 'NOP',
};

function familyOf({ code, mnemonic }: IcedCase): string {
  const name = isVector(code) ? code.slice(0, code.indexOf('_')) : mnemonic;
  return FAMILIES.find(([, pattern]) => pattern.test(name))?.[0] ?? `no family: ${mnemonic}`;
}

function tally<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}

describe('decode cases of the iced project', () => {
  it('divides into lines for older processors, invalid ones, defined and undefined instructions', () => {
    const counts = {
      all: cases.length,
      withOption: cases.length - withoutOption.length,
      invalid: invalid.length,
      defined: defined.length,
      undefinedHere: undefinedHere.length,
    };

    expect(counts).toMatchInlineSnapshot(`
      {
        "all": 40846,
        "defined": 6622,
        "invalid": 1205,
        "undefinedHere": 31519,
        "withOption": 1500,
      }
    `);
  });

  it('gives every defined instruction its mnemonic, operands, length and prefixes', () => {
    const failures = defined.flatMap((iced) => {
      const status = decode(iced.bytes, 0, iced.bytes.length, iced.codeSize, insn);
      if (status !== 'ok') return [`${iced.where}: ${status}`];
      const expected = [ourMnemonic(iced), ...icedOperands(iced)].join(', ');
      const actual = [insn.row.mnemonic, ...ourOperands(insn, iced.ip, iced.code)].join(', ');
      // iced drops F2 and F3 where they select the instruction, and keeps them elsewhere
      const prefixes = insn.lock === iced.lock && (iced.rep === 0 || insn.rep === iced.rep);
      const same = actual === expected && insn.length === iced.bytes.length && prefixes;
      return same ? [] : [`${iced.where}\n  expected ${expected}\n  decoded ${actual}, ${insn.length} bytes`];
    });

    expect(failures).toEqual([]);
  });

  it('rejects every invalid encoding', () => {
    const accepted = invalid.filter(({ bytes, codeSize }) => decode(bytes, 0, bytes.length, codeSize, insn) === 'ok');

    expect(accepted.map(({ where }) => where)).toEqual([]);
  });

  it('asks for more bytes exactly where more bytes can help', () => {
    // encodings of other processors, which are undefined whatever follows
    const elsewhere = new Set(['Frstpm', 'Fnstdw_AX', 'Fnstsg_AX', 'Storeall', 'Cl1invmb']);
    const truncated = invalid.filter(({ needsMoreBytes, taken }) => needsMoreBytes && !elsewhere.has(taken));

    const failures = truncated.filter(({ bytes, codeSize }) => {
      const status = decode(bytes, 0, bytes.length, codeSize, insn);
      const completed = new Uint8Array(32).fill(0x90);
      completed.set(bytes);
      const hopeless = decode(completed, 0, completed.length, codeSize, insn) === 'too-long';
      return status !== (hopeless ? 'too-long' : 'need-more');
    });

    expect(truncated.length).toBe(47);
    expect(failures.map(({ where }) => where)).toEqual([]);
  });

  it('treats the encodings of every left-out family as a processor without it does', () => {
    const failures = undefinedHere.filter(({ bytes, codeSize, mnemonic }) => {
      const status = decode(bytes, 0, bytes.length, codeSize, insn);
      const older = OLDER_MEANING[mnemonic];
      return older === undefined ? status !== 'invalid' : status !== 'ok' || insn.row.mnemonic !== older;
    });

    expect(failures.map(({ where }) => where)).toEqual([]);
  });

  it('leaves out these families and no other line', () => {
    expect(tally(undefinedHere, familyOf)).toMatchInlineSnapshot(`
      {
        "3DNow!": 98,
        "ADX": 8,
        "AES": 24,
        "AVX (VEX)": 6764,
        "AVX-512 (EVEX)": 23049,
        "BMI1, LZCNT": 16,
        "CET": 20,
        "GFNI": 12,
        "INVPCID": 2,
        "Key Locker": 26,
        "MONITORX, CLZERO, RDPRU, MCOMMIT": 14,
        "MOVDIR, ENQCMD": 14,
        "PCLMULQDQ": 4,
        "PTWRITE": 4,
        "RAO-INT": 8,
        "RDPID": 4,
        "RDRAND, RDSEED": 8,
        "SERIALIZE, HRESET, WRMSRNS": 8,
        "SEV-SNP": 10,
        "SHA": 28,
        "SMAP": 4,
        "SMX, SGX, TDX": 12,
        "SSE4a": 12,
        "SVM": 30,
        "TSX": 22,
        "VIA PadLock": 596,
        "VMX": 30,
        "WAITPKG": 8,
        "XOP": 620,
        "XSAVE": 16,
        "cache control": 12,
        "hint NOP": 32,
        "protection keys": 4,
      }
    `);
  });

  it('leaves out the lines that need a decoder option: other processors, or checks turned off', () => {
    const optional = cases.filter(({ options }) => options.length > 0);

    expect(tally(optional, ({ options }) => options.join(' '))).toMatchInlineSnapshot(`
      {
        "ALTINST": 4,
        "AMD": 6,
        "AMD NoInvalidCheck": 28,
        "Cl1invmb": 2,
        "Cmpxchg486A": 12,
        "Cyrix": 248,
        "Cyrix Cyrix_DMI": 4,
        "Cyrix_DMI": 8,
        "Cyrix_SMINT_0F7E": 4,
        "ForceReservedNop": 82,
        "Jmpe": 24,
        "Loadall286": 4,
        "Loadall386": 2,
        "MPX": 122,
        "MPX NoInvalidCheck": 36,
        "MovTr": 32,
        "MovTr NoInvalidCheck": 4,
        "NoInvalidCheck": 750,
        "NoInvalidCheck Cyrix": 8,
        "NoLahfSahf64": 4,
        "NoMPFX_0FBC": 24,
        "NoMPFX_0FBD": 24,
        "NoPause": 2,
        "NoWbnoinvd": 2,
        "OldFpu": 10,
        "Pcommit": 2,
        "Udbg": 4,
        "Umov": 24,
        "Xbts": 16,
        "Xbts Cmpxchg486A": 8,
      }
    `);
  });
});

describe('memory operand cases of the iced project', () => {
  const plain = memoryCases.filter(({ code }) => !isVector(code));

  it('cover each address size; those of AVX and AVX-512 gathers are left out', () => {
    expect({ plain: plain.length, vector: memoryCases.length - plain.length }).toMatchInlineSnapshot(`
      {
        "plain": 8060,
        "vector": 13568,
      }
    `);
  });

  it('decode to the segment, base, index, scale and displacement', () => {
    const failures = plain.filter(({ bytes, codeSize, ip, memory }) => {
      const status = decode(bytes, 0, bytes.length, codeSize, insn);
      return status !== 'ok' || insn.length !== bytes.length || ourMemory(insn, ip) !== memory;
    });

    expect(failures.map(({ where }) => where)).toEqual([]);
  });
});
