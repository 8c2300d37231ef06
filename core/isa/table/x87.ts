/**
 * x87. Intel SDM volume 2, tables; the aliases after AMD APM volume 3, table A-15 and the 80287/80387
 * manuals. Memory sizes: w d q integers, d q t reals by mnemonic, t packed BCD for FBLD and FBSTP, m28 environment
 * (14 or 28 bytes), m108 state (94 or 108 bytes). FNENI, FNDISI and FNSETPM are no-operations since the 80387.
 */

const ARITHMETIC = ['FADD', 'FMUL', 'FCOM', 'FCOMP', 'FSUB', 'FSUBR', 'FDIV', 'FDIVR'];

const arithmeticRows = ARITHMETIC.flatMap((name, i) => [
  `D8 /${i} | ${name} Md`,
  `D8 /${i} | ${name} ST0 Tt`,
  `DC /${i} | ${name} Mq`,
  `DA /${i} | FI${name.slice(1)} Md`,
  `DE /${i} | FI${name.slice(1)} Mw`,
]);

export const X87_ROWS = `
9B | WAIT
${arithmeticRows.join('\n')}

D9 /0 | FLD Md
D9 /2 | FST Md
D9 /3 | FSTP Md
D9 /4 | FLDENV Mm28
D9 /5 | FLDCW Mw
D9 /6 | FNSTENV Mm28
D9 /7 | FNSTCW Mw
D9 /0 | FLD Tt
D9 /1 | FXCH ST0 Tt
D9 /2 mod=3 rm=0 | FNOP
D9 /3 | FSTP Tt
D9 /4 mod=3 rm=0 | FCHS
D9 /4 mod=3 rm=1 | FABS
D9 /4 mod=3 rm=4 | FTST
D9 /4 mod=3 rm=5 | FXAM
D9 /5 mod=3 rm=0 | FLD1
D9 /5 mod=3 rm=1 | FLDL2T
D9 /5 mod=3 rm=2 | FLDL2E
D9 /5 mod=3 rm=3 | FLDPI
D9 /5 mod=3 rm=4 | FLDLG2
D9 /5 mod=3 rm=5 | FLDLN2
D9 /5 mod=3 rm=6 | FLDZ
D9 /6 mod=3 rm=0 | F2XM1
D9 /6 mod=3 rm=1 | FYL2X
D9 /6 mod=3 rm=2 | FPTAN
D9 /6 mod=3 rm=3 | FPATAN
D9 /6 mod=3 rm=4 | FXTRACT
D9 /6 mod=3 rm=5 | FPREM1
D9 /6 mod=3 rm=6 | FDECSTP
D9 /6 mod=3 rm=7 | FINCSTP
D9 /7 mod=3 rm=0 | FPREM
D9 /7 mod=3 rm=1 | FYL2XP1
D9 /7 mod=3 rm=2 | FSQRT
D9 /7 mod=3 rm=3 | FSINCOS
D9 /7 mod=3 rm=4 | FRNDINT
D9 /7 mod=3 rm=5 | FSCALE
D9 /7 mod=3 rm=6 | FSIN
D9 /7 mod=3 rm=7 | FCOS

DA /0 | FCMOVB ST0 Tt | cmov
DA /1 | FCMOVE ST0 Tt | cmov
DA /2 | FCMOVBE ST0 Tt | cmov
DA /3 | FCMOVU ST0 Tt | cmov
DA /5 mod=3 rm=1 | FUCOMPP

DB /0 | FILD Md
DB /1 | FISTTP Md | sse3
DB /2 | FIST Md
DB /3 | FISTP Md
DB /5 | FLD Mt
DB /7 | FSTP Mt
DB /0 | FCMOVNB ST0 Tt | cmov
DB /1 | FCMOVNE ST0 Tt | cmov
DB /2 | FCMOVNBE ST0 Tt | cmov
DB /3 | FCMOVNU ST0 Tt | cmov
DB /4 mod=3 rm=0 | FNENI
DB /4 mod=3 rm=1 | FNDISI
DB /4 mod=3 rm=2 | FNCLEX
DB /4 mod=3 rm=3 | FNINIT
DB /4 mod=3 rm=4 | FNSETPM
DB /5 | FUCOMI ST0 Tt | cmov
DB /6 | FCOMI ST0 Tt | cmov

DC /0 | FADD Tt ST0
DC /1 | FMUL Tt ST0
DC /2 | FCOM ST0 Tt
DC /3 | FCOMP ST0 Tt
DC /4 | FSUBR Tt ST0
DC /5 | FSUB Tt ST0
DC /6 | FDIVR Tt ST0
DC /7 | FDIV Tt ST0

DD /0 | FLD Mq
DD /1 | FISTTP Mq | sse3
DD /2 | FST Mq
DD /3 | FSTP Mq
DD /4 | FRSTOR Mm108
DD /6 | FNSAVE Mm108
DD /7 | FNSTSW Mw
DD /0 | FFREE Tt
DD /1 | FXCH ST0 Tt
DD /2 | FST Tt
DD /3 | FSTP Tt
DD /4 | FUCOM ST0 Tt
DD /5 | FUCOMP ST0 Tt

DE /0 | FADDP Tt ST0
DE /1 | FMULP Tt ST0
DE /2 | FCOMP ST0 Tt
DE /3 mod=3 rm=1 | FCOMPP
DE /4 | FSUBRP Tt ST0
DE /5 | FSUBP Tt ST0
DE /6 | FDIVRP Tt ST0
DE /7 | FDIVP Tt ST0

DF /0 | FILD Mw
DF /1 | FISTTP Mw | sse3
DF /2 | FIST Mw
DF /3 | FISTP Mw
DF /4 | FBLD Mt
DF /5 | FILD Mq
DF /6 | FBSTP Mt
DF /7 | FISTP Mq
DF /0 | FFREEP Tt
DF /1 | FXCH ST0 Tt
DF /23 | FSTP Tt
DF /4 mod=3 rm=0 | FNSTSW AX
DF /5 | FUCOMIP ST0 Tt | cmov
DF /6 | FCOMIP ST0 Tt | cmov
`;
