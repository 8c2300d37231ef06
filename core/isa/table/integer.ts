/**
 * General-purpose and system instructions from the 8086 to the Pentium Pro, with the few later ones that work on
 * general registers. Intel SDM volume 2, appendix A; undocumented ones after Intel 80386/P6 behaviour and AMD APM
 * volume 3, appendix A. Feature '' is the 80386 set.
 */

const ALU = ['ADD', 'OR', 'ADC', 'SBB', 'AND', 'SUB', 'XOR', 'CMP'];
const SHIFTS = ['ROL', 'ROR', 'RCL', 'RCR', 'SHL', 'SHR', 'SHL', 'SAR'];

/** Condition names in the order of their four-bit codes. */
export const CONDITIONS = [
  'O',
  'NO',
  'B',
  'NB',
  'Z',
  'NZ',
  'BE',
  'NBE',
  'S',
  'NS',
  'P',
  'NP',
  'L',
  'NL',
  'LE',
  'NLE',
] as const;

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');

const aluRows = ALU.flatMap((name, i) => {
  const at = (offset: number): string => hex(i * 8 + offset);
  const lock = name === 'CMP' ? '' : 'lock';
  return [
    `${at(0)} | ${name} Eb Gb | ${lock}`,
    `${at(1)} | ${name} Ev Gv | ${lock}`,
    `${at(2)} | ${name} Gb Eb`,
    `${at(3)} | ${name} Gv Ev`,
    `${at(4)} | ${name} AL Ib`,
    `${at(5)} | ${name} rAX sIz`,
    `80 /${i} | ${name} Eb Ib | ${lock}`,
    `81 /${i} | ${name} Ev sIz | ${lock}`,
    `82 /${i} | ${name} Eb Ib | ${lock} no64`,
    `83 /${i} | ${name} Ev sIb | ${lock}`,
  ];
});

const shiftRows = SHIFTS.flatMap((name, i) => [
  `C0 /${i} | ${name} Eb Ib`,
  `C1 /${i} | ${name} Ev Ib`,
  `D0 /${i} | ${name} Eb 1`,
  `D1 /${i} | ${name} Ev 1`,
  `D2 /${i} | ${name} Eb CL`,
  `D3 /${i} | ${name} Ev CL`,
]);

const conditionRows = CONDITIONS.flatMap((condition, i) => [
  `${hex(0x70 + i)} | J${condition} Jb | f64`,
  `0F ${hex(0x80 + i)} | J${condition} Jz | f64`,
  `0F ${hex(0x90 + i)} | SET${condition} Eb`,
  `0F ${hex(0x40 + i)} | CMOV${condition} Gv Ev | cmov`,
]);

export const INTEGER_ROWS = `
${aluRows.join('\n')}
${shiftRows.join('\n')}
${conditionRows.join('\n')}

06 | PUSH ES | no64
07 | POP ES | no64
0E | PUSH CS | no64
16 | PUSH SS | no64
17 | POP SS | no64
1E | PUSH DS | no64
1F | POP DS | no64
0F A0 | PUSH FS | d64
0F A1 | POP FS | d64
0F A8 | PUSH GS | d64
0F A9 | POP GS | d64
50 +r | PUSH Zv | d64
58 +r | POP Zv | d64
68 | PUSH sIz | d64
6A | PUSH sIb | d64
8F /0 | POP Ev | d64
FF /6 | PUSH Ev | d64
60 | PUSHA | no64
61 | POPA | no64
9C | PUSHF | d64
9D | POPF | d64

27 | DAA | no64
2F | DAS | no64
37 | AAA | no64
3F | AAS | no64
D4 | AAM Ib | no64
D5 | AAD Ib | no64
D6 | SALC | no64

40 +r | INC Zv | no64
48 +r | DEC Zv | no64
FE /0 | INC Eb | lock
FE /1 | DEC Eb | lock
FF /0 | INC Ev | lock
FF /1 | DEC Ev | lock
F6 /01 | TEST Eb Ib
F6 /2 | NOT Eb | lock
F6 /3 | NEG Eb | lock
F6 /4 | MUL Eb
F6 /5 | IMUL Eb
F6 /6 | DIV Eb
F6 /7 | IDIV Eb
F7 /01 | TEST Ev sIz
F7 /2 | NOT Ev | lock
F7 /3 | NEG Ev | lock
F7 /4 | MUL Ev
F7 /5 | IMUL Ev
F7 /6 | DIV Ev
F7 /7 | IDIV Ev
69 | IMUL Gv Ev sIz
6B | IMUL Gv Ev sIb
0F AF | IMUL Gv Ev
84 | TEST Eb Gb
85 | TEST Ev Gv
A8 | TEST AL Ib
A9 | TEST rAX sIz
98 | CBW
99 | CWD

62 | BOUND Gv Ma | no64
63 | ARPL Ew Gw | no64
8D | LEA Gv M
C4 | LES Gv Mp | no64
C5 | LDS Gv Mp | no64
0F B2 | LSS Gv Mp
0F B4 | LFS Gv Mp
0F B5 | LGS Gv Mp
86 | XCHG Eb Gb | lock
87 | XCHG Ev Gv | lock
88 | MOV Eb Gb
89 | MOV Ev Gv
8A | MOV Gb Eb
8B | MOV Gv Ev
8C /012345 | MOV Mw Sw
8C /012345 | MOV Rv Sw
8E /02345 | MOV Sw Ew
A0 | MOV AL Ob
A1 | MOV rAX Ov
A2 | MOV Ob AL
A3 | MOV Ov rAX
B0 +r | MOV Zb Ib
B8 +r | MOV Zv Iv
C6 /0 | MOV Eb Ib
C7 /0 | MOV Ev sIz
90 +r | XCHG Zv rAX
90 rexB=0 | NOP
F3 90 rexB=0 | PAUSE
D7 | XLAT
9E | SAHF
9F | LAHF
0F B6 | MOVZX Gv Eb
0F B7 | MOVZX Gv Ew
0F BE | MOVSX Gv Eb
0F BF | MOVSX Gv Ew

6C | INS Yb DX
6D | INS Yz DX
6E | OUTS DX Xb
6F | OUTS DX Xz
A4 | MOVS Yb Xb
A5 | MOVS Yv Xv
A6 | CMPS Xb Yb
A7 | CMPS Xv Yv
AA | STOS Yb AL
AB | STOS Yv rAX
AC | LODS AL Xb
AD | LODS rAX Xv
AE | SCAS AL Yb
AF | SCAS rAX Yv

E4 | IN AL Ib
E5 | IN eAX Ib
E6 | OUT Ib AL
E7 | OUT Ib eAX
EC | IN AL DX
ED | IN eAX DX
EE | OUT DX AL
EF | OUT DX eAX

E0 | LOOPNE Jb | f64
E1 | LOOPE Jb | f64
E2 | LOOP Jb | f64
E3 | JCXZ Jb | f64
E8 | CALL Jz | f64
E9 | JMP Jz | f64
EB | JMP Jb | f64
FF /2 | CALL Ev | f64
FF /4 | JMP Ev | f64
9A | CALLF Ap | no64
EA | JMPF Ap | no64
FF /3 | CALLF Mp
FF /5 | JMPF Mp
C2 | RET Iw | f64
C3 | RET | f64
CA | RETF Iw
CB | RETF
CF | IRET
CC | INT3
CD | INT Ib
CE | INTO | no64
F1 | INT1
C8 | ENTER Iw Ib | d64
C9 | LEAVE | d64

F4 | HLT
F5 | CMC
F8 | CLC
F9 | STC
FA | CLI
FB | STI
FC | CLD
FD | STD

0F 00 /0 | SLDT Mw
0F 00 /0 | SLDT Rv
0F 00 /1 | STR Mw
0F 00 /1 | STR Rv
0F 00 /2 | LLDT Ew
0F 00 /3 | LTR Ew
0F 00 /4 | VERR Ew
0F 00 /5 | VERW Ew
0F 01 /0 | SGDT Ms | f64
0F 01 /1 | SIDT Ms | f64
0F 01 /2 | LGDT Ms | f64
0F 01 /3 | LIDT Ms | f64
0F 01 /4 | SMSW Mw
0F 01 /4 | SMSW Rv
0F 01 /6 | LMSW Ew
0F 01 /7 | INVLPG M | 486
0F 02 | LAR Gv Ew
0F 03 | LSL Gv Ew
0F 06 | CLTS
0F 08 | INVD | 486
0F 09 | WBINVD | 486
0F 0B | UD2
0F B9 | UD1 Gv Ev
0F FF | UD0 Gv Ev
0F 20 /0234 | MOV Ry Cy | anymod f64
0F 21 | MOV Ry Dy | anymod f64
0F 22 /0234 | MOV Cy Ry | anymod f64
0F 23 | MOV Dy Ry | anymod f64
0F 30 | WRMSR | msr
0F 31 | RDTSC | tsc
0F 32 | RDMSR | msr
0F 33 | RDPMC | pmc
0F 34 | SYSENTER | sep
0F 35 | SYSEXIT | sep
0F A2 | CPUID | cpuid
0F AA | RSM

0F A3 | BT Ev Gv
0F AB | BTS Ev Gv | lock
0F B3 | BTR Ev Gv | lock
0F BB | BTC Ev Gv | lock
0F BA /4 | BT Ev Ib
0F BA /5 | BTS Ev Ib | lock
0F BA /6 | BTR Ev Ib | lock
0F BA /7 | BTC Ev Ib | lock
0F BC | BSF Gv Ev
0F BD | BSR Gv Ev
0F A4 | SHLD Ev Gv Ib
0F A5 | SHLD Ev Gv CL
0F AC | SHRD Ev Gv Ib
0F AD | SHRD Ev Gv CL
0F B0 | CMPXCHG Eb Gb | lock 486
0F B1 | CMPXCHG Ev Gv | lock 486
0F C0 | XADD Eb Gb | lock 486
0F C1 | XADD Ev Gv | lock 486
0F C7 /1 rexW=0 | CMPXCHG8B Mq | lock cx8
0F C8 +r | BSWAP Zv | 486
F3 0F B8 | POPCNT Gv Ev | popcnt
NP/66 0F 38 F0 | MOVBE Gv Mv | movbe
NP/66 0F 38 F1 | MOVBE Mv Gv | movbe
F2 0F 38 F0 | CRC32 Gy Eb | sse4.2
F2 0F 38 F1 | CRC32 Gy Ev | sse4.2

0F 0D | NOP Ev | 3dnowprefetch
0F 0D /024567 mod=m | PREFETCH Mb | 3dnowprefetch
0F 0D /13 mod=m | PREFETCHW Mb | 3dnowprefetch
0F 18 | NOP Ev | hintnop
0F 18 /0 | PREFETCHNTA Mb | sse
0F 18 /1 | PREFETCHT0 Mb | sse
0F 18 /2 | PREFETCHT1 Mb | sse
0F 18 /3 | PREFETCHT2 Mb | sse
0F 19 | NOP Ev | hintnop
0F 1A | NOP Ev | hintnop
0F 1B | NOP Ev | hintnop
0F 1C | NOP Ev | hintnop
0F 1D | NOP Ev | hintnop
0F 1E | NOP Ev | hintnop
0F 1F | NOP Ev | hintnop
`;
