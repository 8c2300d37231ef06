/**
 * MMX, SSE to SSE4.2, FXSAVE and MONITOR/MWAIT. Intel SDM volume 2, appendix A. The sizes of V, W and U operands are
 * what the instruction reads or writes (d and q: the scalar in the low part of the register).
 */

/** Both register files under one opcode: MMX without a prefix, XMM with 66. */
const both = (opcode: string, mnemonic: string, mmxFeature: string, xmmFeature: string): string[] => [
  `NP ${opcode} | ${mnemonic} Pq Qq | ${mmxFeature}`,
  `66 ${opcode} | ${mnemonic} Vx Wx | ${xmmFeature}`,
];

/** Packed single, packed double, scalar single, scalar double. */
const arithmetic = (opcode: string, mnemonic: string, immediate = ''): string[] => [
  `NP ${opcode} | ${mnemonic}PS Vx Wx ${immediate} | sse`,
  `66 ${opcode} | ${mnemonic}PD Vx Wx ${immediate} | sse2`,
  `F3 ${opcode} | ${mnemonic}SS Vd Wd ${immediate} | sse`,
  `F2 ${opcode} | ${mnemonic}SD Vq Wq ${immediate} | sse2`,
];

/** Packed single and packed double. */
const packed = (opcode: string, mnemonic: string): string[] => arithmetic(opcode, mnemonic).slice(0, 2);

const group = (text: string, rows: (opcode: string, mnemonic: string) => string[]): string[] =>
  text
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [, opcode, mnemonic] = /^([0-9A-F ]+) (\w+)$/.exec(line.trim())!;
      return rows(opcode, mnemonic);
    });

const floatRows = [
  ...group(
    `
    0F 51 SQRT
    0F 58 ADD
    0F 59 MUL
    0F 5C SUB
    0F 5D MIN
    0F 5E DIV
    0F 5F MAX
  `,
    arithmetic,
  ),
  ...arithmetic('0F C2', 'CMP', 'Ib'),
  ...group(
    `
    0F 14 UNPCKL
    0F 15 UNPCKH
    0F 28 MOVA
    0F 54 AND
    0F 55 ANDN
    0F 56 OR
    0F 57 XOR
  `,
    packed,
  ),
];

const mmxRows = group(
  `
  0F 63 PACKSSWB
  0F 64 PCMPGTB
  0F 65 PCMPGTW
  0F 66 PCMPGTD
  0F 67 PACKUSWB
  0F 68 PUNPCKHBW
  0F 69 PUNPCKHWD
  0F 6A PUNPCKHDQ
  0F 6B PACKSSDW
  0F 74 PCMPEQB
  0F 75 PCMPEQW
  0F 76 PCMPEQD
  0F D1 PSRLW
  0F D2 PSRLD
  0F D3 PSRLQ
  0F D5 PMULLW
  0F D8 PSUBUSB
  0F D9 PSUBUSW
  0F DB PAND
  0F DC PADDUSB
  0F DD PADDUSW
  0F DF PANDN
  0F E1 PSRAW
  0F E2 PSRAD
  0F E5 PMULHW
  0F E8 PSUBSB
  0F E9 PSUBSW
  0F EB POR
  0F EC PADDSB
  0F ED PADDSW
  0F EF PXOR
  0F F1 PSLLW
  0F F2 PSLLD
  0F F3 PSLLQ
  0F F5 PMADDWD
  0F F8 PSUBB
  0F F9 PSUBW
  0F FA PSUBD
  0F FC PADDB
  0F FD PADDW
  0F FE PADDD
`,
  (opcode, mnemonic) => both(opcode, mnemonic, 'mmx', 'sse2'),
);

const mmxExtensionRows = group(
  `
  0F DA PMINUB
  0F DE PMAXUB
  0F E0 PAVGB
  0F E3 PAVGW
  0F E4 PMULHUW
  0F EA PMINSW
  0F EE PMAXSW
  0F F6 PSADBW
`,
  (opcode, mnemonic) => both(opcode, mnemonic, 'sse', 'sse2'),
);

const sse2IntegerRows = group(
  `
  0F D4 PADDQ
  0F F4 PMULUDQ
  0F FB PSUBQ
`,
  (opcode, mnemonic) => both(opcode, mnemonic, 'sse2', 'sse2'),
);

const ssse3Rows = group(
  `
  0F 38 00 PSHUFB
  0F 38 01 PHADDW
  0F 38 02 PHADDD
  0F 38 03 PHADDSW
  0F 38 04 PMADDUBSW
  0F 38 05 PHSUBW
  0F 38 06 PHSUBD
  0F 38 07 PHSUBSW
  0F 38 08 PSIGNB
  0F 38 09 PSIGNW
  0F 38 0A PSIGND
  0F 38 0B PMULHRSW
  0F 38 1C PABSB
  0F 38 1D PABSW
  0F 38 1E PABSD
`,
  (opcode, mnemonic) => both(opcode, mnemonic, 'ssse3', 'ssse3'),
);

const sse41Rows = group(
  `
  0F 38 28 PMULDQ
  0F 38 29 PCMPEQQ
  0F 38 2B PACKUSDW
  0F 38 38 PMINSB
  0F 38 39 PMINSD
  0F 38 3A PMINUW
  0F 38 3B PMINUD
  0F 38 3C PMAXSB
  0F 38 3D PMAXSD
  0F 38 3E PMAXUW
  0F 38 3F PMAXUD
  0F 38 40 PMULLD
  0F 38 41 PHMINPOSUW
  0F 38 17 PTEST
`,
  (opcode, mnemonic) => [`66 ${opcode} | ${mnemonic} Vx Wx | sse4.1`],
);

const sse41ImmediateRows = group(
  `
  0F 3A 08 ROUNDPS
  0F 3A 09 ROUNDPD
  0F 3A 0C BLENDPS
  0F 3A 0D BLENDPD
  0F 3A 0E PBLENDW
  0F 3A 40 DPPS
  0F 3A 41 DPPD
  0F 3A 42 MPSADBW
`,
  (opcode, mnemonic) => [`66 ${opcode} | ${mnemonic} Vx Wx Ib | sse4.1`],
);

const WIDENINGS = [
  ['BW', 'q'],
  ['BD', 'd'],
  ['BQ', 'w'],
  ['WD', 'q'],
  ['WQ', 'd'],
  ['DQ', 'q'],
];
const wideningRows = WIDENINGS.flatMap(([name, size], i) => [
  `66 0F 38 2${i} | PMOVSX${name} Vx W${size} | sse4.1`,
  `66 0F 38 3${i} | PMOVZX${name} Vx W${size} | sse4.1`,
]);

const shiftByImmediateRows = ['W', 'D', 'Q'].flatMap((width, i) =>
  [
    [2, 'PSRL'],
    [4, 'PSRA'],
    [6, 'PSLL'],
  ]
    .filter(([digit]) => width !== 'Q' || digit !== 4)
    .flatMap(([digit, name]) => [
      `NP 0F 7${i + 1} /${digit} | ${name}${width} Nq Ib | mmx`,
      `66 0F 7${i + 1} /${digit} | ${name}${width} Ux Ib | sse2`,
    ]),
);

export const MMX_SSE_ROWS = `
${[...floatRows, ...mmxRows, ...mmxExtensionRows, ...sse2IntegerRows, ...ssse3Rows].join('\n')}
${[...sse41Rows, ...sse41ImmediateRows, ...wideningRows, ...shiftByImmediateRows].join('\n')}

NP 0F 10 | MOVUPS Vx Wx | sse
66 0F 10 | MOVUPD Vx Wx | sse2
F3 0F 10 | MOVSS Vd Wd | sse
F2 0F 10 | MOVSD Vq Wq | sse2
NP 0F 11 | MOVUPS Wx Vx | sse
66 0F 11 | MOVUPD Wx Vx | sse2
F3 0F 11 | MOVSS Wd Vd | sse
F2 0F 11 | MOVSD Wq Vq | sse2
NP 0F 12 | MOVLPS Vq Mq | sse
NP 0F 12 | MOVHLPS Vq Uq | sse
66 0F 12 | MOVLPD Vq Mq | sse2
F3 0F 12 | MOVSLDUP Vx Wx | sse3
F2 0F 12 | MOVDDUP Vx Wq | sse3
NP 0F 13 | MOVLPS Mq Vq | sse
66 0F 13 | MOVLPD Mq Vq | sse2
NP 0F 16 | MOVHPS Vq Mq | sse
NP 0F 16 | MOVLHPS Vq Uq | sse
66 0F 16 | MOVHPD Vq Mq | sse2
F3 0F 16 | MOVSHDUP Vx Wx | sse3
NP 0F 17 | MOVHPS Mq Vq | sse
66 0F 17 | MOVHPD Mq Vq | sse2
NP 0F 29 | MOVAPS Wx Vx | sse
66 0F 29 | MOVAPD Wx Vx | sse2
NP 0F 2A | CVTPI2PS Vq Qq | sse
66 0F 2A | CVTPI2PD Vx Qq | sse2
F3 0F 2A | CVTSI2SS Vd Ey | sse
F2 0F 2A | CVTSI2SD Vq Ey | sse2
NP 0F 2B | MOVNTPS Mx Vx | sse
66 0F 2B | MOVNTPD Mx Vx | sse2
NP 0F 2C | CVTTPS2PI Pq Wq | sse
66 0F 2C | CVTTPD2PI Pq Wx | sse2
F3 0F 2C | CVTTSS2SI Gy Wd | sse
F2 0F 2C | CVTTSD2SI Gy Wq | sse2
NP 0F 2D | CVTPS2PI Pq Wq | sse
66 0F 2D | CVTPD2PI Pq Wx | sse2
F3 0F 2D | CVTSS2SI Gy Wd | sse
F2 0F 2D | CVTSD2SI Gy Wq | sse2
NP 0F 2E | UCOMISS Vd Wd | sse
66 0F 2E | UCOMISD Vq Wq | sse2
NP 0F 2F | COMISS Vd Wd | sse
66 0F 2F | COMISD Vq Wq | sse2
NP 0F 50 | MOVMSKPS Gy Ux | sse
66 0F 50 | MOVMSKPD Gy Ux | sse2
NP 0F 52 | RSQRTPS Vx Wx | sse
F3 0F 52 | RSQRTSS Vd Wd | sse
NP 0F 53 | RCPPS Vx Wx | sse
F3 0F 53 | RCPSS Vd Wd | sse
NP 0F 5A | CVTPS2PD Vx Wq | sse2
66 0F 5A | CVTPD2PS Vx Wx | sse2
F3 0F 5A | CVTSS2SD Vq Wd | sse2
F2 0F 5A | CVTSD2SS Vd Wq | sse2
NP 0F 5B | CVTDQ2PS Vx Wx | sse2
66 0F 5B | CVTPS2DQ Vx Wx | sse2
F3 0F 5B | CVTTPS2DQ Vx Wx | sse2

NP 0F 60 | PUNPCKLBW Pq Qd | mmx
66 0F 60 | PUNPCKLBW Vx Wx | sse2
NP 0F 61 | PUNPCKLWD Pq Qd | mmx
66 0F 61 | PUNPCKLWD Vx Wx | sse2
NP 0F 62 | PUNPCKLDQ Pq Qd | mmx
66 0F 62 | PUNPCKLDQ Vx Wx | sse2
66 0F 6C | PUNPCKLQDQ Vx Wx | sse2
66 0F 6D | PUNPCKHQDQ Vx Wx | sse2
NP 0F 6E | MOVD Pq Ey | mmx
66 0F 6E | MOVD Vx Ey | sse2
NP 0F 7E | MOVD Ey Pq | mmx
66 0F 7E | MOVD Ey Vx | sse2
NP 0F 6F | MOVQ Pq Qq | mmx
NP 0F 7F | MOVQ Qq Pq | mmx
F3 0F 7E | MOVQ Vx Wq | sse2
66 0F D6 | MOVQ Wq Vx | sse2
66 0F 6F | MOVDQA Vx Wx | sse2
F3 0F 6F | MOVDQU Vx Wx | sse2
66 0F 7F | MOVDQA Wx Vx | sse2
F3 0F 7F | MOVDQU Wx Vx | sse2
F3 0F D6 | MOVQ2DQ Vx Nq | sse2
F2 0F D6 | MOVDQ2Q Pq Uq | sse2
NP 0F 70 | PSHUFW Pq Qq Ib | sse
66 0F 70 | PSHUFD Vx Wx Ib | sse2
F3 0F 70 | PSHUFHW Vx Wx Ib | sse2
F2 0F 70 | PSHUFLW Vx Wx Ib | sse2
66 0F 73 /3 | PSRLDQ Ux Ib | sse2
66 0F 73 /7 | PSLLDQ Ux Ib | sse2
NP 0F 77 | EMMS | mmx
66 0F 7C | HADDPD Vx Wx | sse3
F2 0F 7C | HADDPS Vx Wx | sse3
66 0F 7D | HSUBPD Vx Wx | sse3
F2 0F 7D | HSUBPS Vx Wx | sse3
66 0F D0 | ADDSUBPD Vx Wx | sse3
F2 0F D0 | ADDSUBPS Vx Wx | sse3
NP 0F C3 | MOVNTI My Gy | sse2
NP 0F C4 | PINSRW Pq Ry Ib | sse
NP 0F C4 | PINSRW Pq Mw Ib | sse
66 0F C4 | PINSRW Vx Ry Ib | sse2
66 0F C4 | PINSRW Vx Mw Ib | sse2
NP 0F C5 | PEXTRW Gy Nq Ib | sse
66 0F C5 | PEXTRW Gy Ux Ib | sse2
NP 0F C6 | SHUFPS Vx Wx Ib | sse
66 0F C6 | SHUFPD Vx Wx Ib | sse2
NP 0F D7 | PMOVMSKB Gy Nq | sse
66 0F D7 | PMOVMSKB Gy Ux | sse2
66 0F E6 | CVTTPD2DQ Vx Wx | sse2
F3 0F E6 | CVTDQ2PD Vx Wq | sse2
F2 0F E6 | CVTPD2DQ Vx Wx | sse2
NP 0F E7 | MOVNTQ Mq Pq | sse
66 0F E7 | MOVNTDQ Mx Vx | sse2
F2 0F F0 | LDDQU Vx Mx | sse3
NP 0F F7 | MASKMOVQ Pq Nq | sse
66 0F F7 | MASKMOVDQU Vx Ux | sse2

NP 0F AE /0 | FXSAVE Mm512 | fxsr
NP 0F AE /1 | FXRSTOR Mm512 | fxsr
NP 0F AE /2 | LDMXCSR Md | sse
NP 0F AE /3 | STMXCSR Md | sse
NP 0F AE /7 | CLFLUSH Mb | clfsh
NP 0F AE /5 mod=3 | LFENCE | sse2
NP 0F AE /6 mod=3 | MFENCE | sse2
NP 0F AE /7 mod=3 | SFENCE | sse
NP 0F 01 /1 mod=3 rm=0 | MONITOR | monitor
NP 0F 01 /1 mod=3 rm=1 | MWAIT | monitor

NP 0F 3A 0F | PALIGNR Pq Qq Ib | ssse3
66 0F 3A 0F | PALIGNR Vx Wx Ib | ssse3
66 0F 38 10 | PBLENDVB Vx Wx XMM0 | sse4.1
66 0F 38 14 | BLENDVPS Vx Wx XMM0 | sse4.1
66 0F 38 15 | BLENDVPD Vx Wx XMM0 | sse4.1
66 0F 38 2A | MOVNTDQA Vx Mx | sse4.1
66 0F 38 37 | PCMPGTQ Vx Wx | sse4.2
66 0F 3A 0A | ROUNDSS Vd Wd Ib | sse4.1
66 0F 3A 0B | ROUNDSD Vq Wq Ib | sse4.1
66 0F 3A 14 | PEXTRB Ry Vx Ib | sse4.1
66 0F 3A 14 | PEXTRB Mb Vx Ib | sse4.1
66 0F 3A 15 | PEXTRW Ry Vx Ib | sse4.1
66 0F 3A 15 | PEXTRW Mw Vx Ib | sse4.1
66 0F 3A 16 | PEXTRD Ey Vx Ib | sse4.1
66 0F 3A 17 | EXTRACTPS Ry Vx Ib | sse4.1
66 0F 3A 17 | EXTRACTPS Md Vx Ib | sse4.1
66 0F 3A 20 | PINSRB Vx Ry Ib | sse4.1
66 0F 3A 20 | PINSRB Vx Mb Ib | sse4.1
66 0F 3A 21 | INSERTPS Vx Wd Ib | sse4.1
66 0F 3A 22 | PINSRD Vx Ey Ib | sse4.1
66 0F 3A 60 | PCMPESTRM Vx Wx Ib | sse4.2
66 0F 3A 61 | PCMPESTRI Vx Wx Ib | sse4.2
66 0F 3A 62 | PCMPISTRM Vx Wx Ib | sse4.2
66 0F 3A 63 | PCMPISTRI Vx Wx Ib | sse4.2
`;
