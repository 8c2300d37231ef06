/**
 * Forms of instructions that most systems need, by the row's name, as keys of `formKey` in base 36. Made by
 * scripts/common-forms.mjs from runs of systems; a form that is missing costs a millisecond, one too many nothing.
 */
export const COMMON_FORMS = `
ADC Eb,Gb: 1g5l
ADC Eb,Ib: 1ic2 3rm
ADC Ev,Gv: 1f6a 1g5l 1ic2 1jbd 1onm 3rm lu
ADC Ev,Ib: 1f6a 1g5l 1ic2 1jbd 3rm lu
ADC Ev,Iz: 1f6a
ADC Gv,Ev: 1g5l 1ic2 1jbd 1onm 3rm
ADD AL,Ib: 1g5l
ADD Eb,Gb: 1f6a 1g5l 1jbd
ADD Eb,Ib: 1g5l 1ic2 3rm
ADD Ev,Gv: 1eky 1f6a 1g5l 1g5m 1ic2 1jbd 1jbe 1l5 1onm 1uz6 21aq 3rl 3rm a35 a36 geq lu mqa
ADD Ev,Ib: 1f6a 1g5l 1g5m 1ic2 1jbd 1jbm 1onm 3rl 3rm a35 lu
ADD Ev,Iz: 1f6a 1g5l 1g5m 1ic2 1jbd 1onm 1uz6 lu
ADD Gb,Eb: 1g5l 1ic2 1jbd 1onm 1vyh 3rm he1
ADD Gv,Ev: 1g5l 1ic2 1jbd 1onm 1uz6 3rl 3rm a35 a36 geq
ADD rAX,Iz: 1f6a 1g5l 1g5m lt lu
AND AL,Ib: 1f6a 1g5l 1l5
AND Eb,Gb: 1f6a 1g5l 1ic2
AND Eb,Ib: 1f6a 1g5l 1ic2 1jbd 1onm 3rm lu
AND Ev,Gv: 1f6a 1g5l 1g5m 1ic2 1l5 1onm 3rl 3rm a35 lt lu
AND Ev,Ib: 1f6a 1g5l 1g5m 1ic2 1jbd 1onm 3rl lt lu
AND Ev,Iz: 1f6a 1g5l 1ic2 1jbd 1uz6 3rl 3rm lt lu
AND Gb,Eb: 1g5l 1ic2 1jbd 1onm
AND Gv,Ev: 1ic2 1jbd 1onm 1pn6 3rl 3rm a35
AND rAX,Iz: 1f6a 1g5l 1g5m lt lu
BSF Gv,Ev: 1f6a 1f9u 1or6
BSR Gv,Ev: 1f6a 1ic2 1onm lu
BSWAP Zv: 1f6a lu
BT Ev,Gv: 1f6a 1ic2 1onm 3rm
BT Ev,Ib: 1f6a 1ic2
BTC Ev,Gv: 1f6a 1ic2 lu
BTR Ev,Gv: 1f6a 1ic2 3rm
BTR Ev,Ib: 1ic2 3rm
BTS Ev,Gv: 1f6a 1ic2
BTS Ev,Ib: 1ic2 1jbe 1onm 3rm
CALL Ev: 1f6a 1g5l 1g5m 1ic2 1jbd 1jbe 1jbm 1onm 1uz6
CALL Jz: 1f6a 1g5l 1g5m 24gi 25ft 25fu lu pw2
CALLF Ap: 1g5l
CALLF Mp: 1ic2 1jbd 1vyh
CBW : 1f6a 1g5l 1l5
CLC : 1g5l
CLD : 1f6a 1g5l 1l5 lu
CLI : 1f6a 1g5l lu
CMOVB Gv,Ev: 1f6a 1ic2 lu
CMOVBE Gv,Ev: 1f6a 1ic2 lu
CMOVL Gv,Ev: 1f6a 1ic2 lu
CMOVLE Gv,Ev: 1f6a 1ic2 lu
CMOVNB Gv,Ev: 1f6a 1ic2 3rm lu
CMOVNBE Gv,Ev: 1f6a 1ic2 3rm lu
CMOVNL Gv,Ev: 1f6a 1ic2 lu
CMOVNLE Gv,Ev: 1f6a
CMOVNS Gv,Ev: 1f6a 1ic2
CMOVNZ Gv,Ev: 1f6a 1ic2 1onm 3rm lu
CMOVS Gv,Ev: 1f6a 1ic2 lu
CMOVZ Gv,Ev: 1f6a 1ic2 3rl lu
CMP AL,Ib: 1f6a 1g5l lu
CMP Eb,Gb: 1f6a 1g5l 1ic2 1jbd 1jbl 1onm a36 lu
CMP Eb,Ib: 1f6a 1g5l 1ic2 1jbd 1jbl 1onm 1pmx 1uz6 3rm 4qx lu
CMP Ev,Gv: 1f6a 1g5l 1g5m 1ic2 1jbd 1jbe 1jbm 1onm 3rl 3rm 4qx a36 lt lu
CMP Ev,Ib: 1f6a 1g5l 1g5m 1ic2 1jbd 1jbe 1jbl 1jbm 1l5 1onm 1vyh 3rl 3rm 4qx a35 lt lu
CMP Ev,Iz: 1f6a 1g5l 1g5m 1ic2 1jbd 1jbe 1jbl 1jbm 1l5 1onm 3rl 3rm a35 lt lu
CMP Gb,Eb: 1g5l 1ic2 1jbd 1jbl 1vyh
CMP Gv,Ev: 1g5l 1ic2 1jbd 1jbe 1jbl 1onm 3rl 3rm 4qx
CMP rAX,Iz: 1f6a 1g5l 1g5m lt lu
CMPS Xb,Yb: 1ifm 1jex 3v6
CMPXCHG Eb,Gb: 1uz6
CMPXCHG Ev,Gv: 1ic2 1onm 1uz6 3rm
CMPXCHG8B Mq: 1ic2 1uz6 3rm geq
CPUID : 1f6a 1g5l
CWD : 1f6a 1g5l lu
DEC Eb: 1f6a 1g5l 1jbd
DEC Ev: 1ic2 1jbd 1onm 1uz6 21aq 3rm geq
DEC Zv: 1f6a 1g5l 1g5m lu
DIV Eb: 1jbd
DIV Ev: 1f6a 1g5l 1ic2 1jbd 3rm lu
FABS : lu
FADDP Tt,ST0: 1f6a lu
FCOMI ST0,Tt: 1f6a
FCOMP ST0,Tt: 1f6a
FDIV Mq: 1ic2
FDIV Tt,ST0: 1f6a
FDIVP Tt,ST0: 1f6a
FILD Md: 1ic2 3rm
FILD Mq: 1ic2
FIST Md: 1ic2
FISTP Md: 1ic2
FISTP Mq: 1ic2
FISUB Md: 1ic2
FLD Md: 1ic2
FLD Mq: 1ic2 3rm
FLD Tt: 1f6a lu
FLDCW Mw: 1ic2
FLDZ : 1f6a
FMUL Md: 1ic2
FMUL Mq: 1ic2 3rm
FMUL Tt,ST0: 1f6a
FMULP Tt,ST0: 1f6a
FNINIT : 1f6a 1g5l
FNSTCW Mw: 1ic2 1jbl
FNSTSW AX: 1f6a
FNSTSW Mw: 1ic2 1jbl
FST Mq: 1ic2
FSTP Mq: 1ic2 1onm a36
FSTP Tt: 1f6a
FSUB Mq: 1ic2
FSUBRP Tt,ST0: 1f6a
FTST : 1f6a
FUCOMI ST0,Tt: 1f6a
FUCOMIP ST0,Tt: 1f6a
FXAM : 1f6a
FXCH ST0,Tt: 1f6a
FXRSTOR Mm512: 1ic2
FXSAVE Mm512: 1ic2
HLT : 1f6a 1g5l
IDIV Ev: 1f6a 1g5l 1ic2
IMUL Ev: 1f6a 1g5l 1ic2 1jbd lu
IMUL Gv,Ev,Ib: 1f6a 1g5m 1ic2 1onm 3rm lu
IMUL Gv,Ev,Iz: 1f6a 1ic2 lu
IMUL Gv,Ev: 1f6a 1g5m 1ic2 1onm 3rm lu
IN AL,DX: 1f6a lu
IN AL,Ib: 1f6a 1g5l
IN eAX,DX: 1f6a lt
INC Eb: 1f6a 1g5l 1ic2 1jbd
INC Ev: 1ic2 1jbd 1jbm 1onm 1uz6 21aq 3rm geq
INC Zv: 1f6a 1g5l 1g5m lt lu
INS Yz,DX: 1ifm 3v5
INT Ib: 1f6a 1g5l
INT3 : 1f6a
INVLPG M: 1ic2
IRET : 1f6a 1g5l
JB Jb: 1f6a 1g5l 24gi 25ft pw2
JB Jz: 1f6a 24gi lu
JBE Jb: 1f6a 24gi 25ft
JBE Jz: 1f6a 24gi 25ft lu
JCXZ Jb: 25ft
JL Jb: 1f6a 24gi 25ft
JL Jz: 1f6a 24gi
JLE Jb: 1f6a 24gi 25ft
JLE Jz: 1f6a 1l5 24gi 25ft
JMP Ev: 1eky 1f6a 1g5l 1ic2 1jbd 1onm 1vyh
JMP Jb: 1f6a 1g5l 24gi 25ft lu
JMP Jz: 1f6a 1g5l 24gi 25ft lu pw2
JMPF Ap: 1ekq 1f6a 1g5l
JMPF Mp: 1jbd
JNB Jb: 1f6a 1g5l 24gi 25ft
JNB Jz: 1f6a 24gi 25ft lu
JNBE Jb: 1f6a 24gi 25ft
JNBE Jz: 1f6a 1g5l 24gi 25ft lu
JNL Jb: 1f6a 24gi 25ft
JNL Jz: 1f6a 24gi 25ft
JNLE Jb: 1f6a 24gi 25ft
JNLE Jz: 1f6a 24gi
JNO Jb: 24gi
JNS Jb: 1f6a 24gi 25ft
JNS Jz: 1f6a 1g5l 24gi 25ft
JNZ Jb: 1f6a 1g5l 1l5 24gi 25ft lu pw2
JNZ Jz: 1f6a 24gi 25ft lu
JO Jb: 24gi
JO Jz: 1f6a 24gi
JP Jb: 24gi
JP Jz: 1f6a
JS Jb: 1f6a 24gi
JS Jz: 1f6a 24gi lu
JZ Jb: 1f6a 1g5l 1l5 24gi 25ft lu
JZ Jz: 1f6a 1g5l 24gi 25ft lu
LAHF : 1g5l
LDMXCSR Md: 1ic2
LDS Gv,Mp: 1jbd 1vyh 4qx he1
LEA Gv,M: 1ic2 1jbd 1jbm 1onm 1pmx 1pn6 3rm 4qx a36 b2h
LEAVE : 1f6a lu
LES Gv,Mp: 1jbd 1vyh 4qx
LFENCE : 1f6a lu
LGDT Ms: 1ic2 1jbe
LIDT Ms: 1ic2 1jbe
LLDT Ew: 1eky 1f6a
LODS AL,Xb: 1ic2 1jbd 3rm
LODS rAX,Xv: 1jbd
LOOP Jb: 1g5l 25ft
LOOPE Jb: 25ft
LTR Ew: 1eky 1f6a
MFENCE : 1f6a
MOV AL,Ob: 1ic2 1jbd 1uz6 1vyh geq
MOV Cy,Ry: 1f6a 1g5l
MOV Dy,Ry: 1f6a
MOV Eb,Gb: 1f6a 1g5l 1ic2 1jbd 1jbl 1onm 1pmx 1uz6 1vyh 3rm 4qx a36 geq lu
MOV Eb,Ib: 1ic2 1jbd 1jbl 1onm 1pmx 1uz6 1vyh 3rm 4qx a36
MOV Ev,Gv: 1f6a 1g5l 1g5m 1ic2 1jbd 1jbe 1jbl 1jbm 1l5 1l6 1onm 1pn6 1uz6 1vyh 1vyq 3rl 3rm 4qx a35 a36 lt lu
MOV Ev,Iz: 1f6a 1ic2 1jbd 1jbe 1jbl 1jbm 1onm 1uz6 1vyh 3rl 3rm a35 a36 gep geq he1
MOV Gb,Eb: 1g5l 1ic2 1jbd 1jbl 1onm 1pmx 1uz6 1vyh 1vyp 3rm 4qx a36 geq
MOV Gv,Ev: 1g5l 1ic2 1jbd 1jbe 1jbl 1jbm 1l5 1onm 1pn6 1uz6 1vyh 1vyp 1vyq 21aq 3rl 3rm 4qx 4r5 a35 a36 gep geq he9
MOV Mw,Sw: 1jbd 1vyh 4cg9
MOV Ob,AL: 1ic2 1jbd 1uz6 1vyh 4qx
MOV Ov,rAX: 1ic2 1jbd 1jbe 1uz6 3rl 3rm 4qx gep
MOV Rv,Sw: 1f6a 1g5l 1l5 2tqq 48b6 49ah lt
MOV Ry,Cy: 1f6a 1g5l lu
MOV Sw,Ew: 1eky 1f6a 1g5l 1ic2 1jbd 1l5 1vyh 3rm 47pu 48b6 49ah 4cg9 4p3d 4qx he1 lu
MOV Zb,Ib: 1f6a 1g5l 1l5 lu
MOV Zv,Iv: 1f6a 1g5l 1g5m 1l5 lu
MOV rAX,Ov: 1ic2 1jbd 1jbe 1uz6 3rl 3rm 4qx gep geq
MOVAPS Vx,Wx: 1f6a 1ic2
MOVD Ey,Vx: lt
MOVD Vx,Ey: 3rl lt
MOVDQA Vx,Wx: 3rl lt
MOVDQA Wx,Vx: 3rl
MOVDQU Vx,Wx: 1ifm 1or6
MOVDQU Wx,Vx: 1ifm
MOVLPD Mq,Vq: 3rl
MOVLPD Vq,Mq: 3rl
MOVNTDQ Mx,Vx: 3rl
MOVQ Wq,Vx: 3rl
MOVS Yb,Xb: 1ic2 1ifm 1jbd 1jex 3v6
MOVS Yv,Xv: 1ifm 1jbd 1jex 1jey 3rl 3v6
MOVSX Gv,Eb: 1f6a 1ic2 1jbm 1onm 3rm lu
MOVSX Gv,Ew: 1f6a 1ic2
MOVZX Gv,Eb: 1f6a 1g5m 1ic2 1jbe 1jbm 1onm 3rm a36 lu
MOVZX Gv,Ew: 1f6a 1g5m 1ic2 1jbe 1jbm 1l6 1onm 3rm a36 lu
MUL Eb: 1jbd
MUL Ev: 1f6a 1g5l 1ic2 1jbd 1onm 3rm lu
NEG Eb: 1f6a
NEG Ev: 1f6a 1g5l 1g5m 1jbd lu
NOP : 1f6a lt lu
NOP Ev: 1f9u
NOT Eb: 1g5l
NOT Ev: 1f6a 1g5l 1g5m lu
OR AL,Ib: 1f6a 1g5l lu
OR Eb,Gb: 1f6a 1g5l 1ic2 1onm lu
OR Eb,Ib: 1f6a 1g5l 1ic2 1jbd 1l5 3rm lu
OR Ev,Gv: 1f6a 1g5l 1g5m 1ic2 1onm 3rl gep lu
OR Ev,Ib: 1f6a 1g5m 1ic2 1jbd 1onm 3rl gep lu
OR Ev,Iz: 1f6a 1g5l 1ic2 1jbd 1onm 1uz6 3rl 3rm lt lu
OR Gb,Eb: 1g5l 1ic2 1jbd
OR Gv,Ev: 1g5l 1ic2 1jbd 1onm 3rl 3rm
OR rAX,Iz: 1f6a 1g5l lt lu
OUT DX,AL: 1f6a 1g5l
OUT DX,eAX: 1f6a lt
OUT Ib,AL: 1f6a 1g5l
OUTS DX,Xz: 1ifm
PAND Vx,Wx: 3rl lt
PAUSE : 1f9u pe
PCMPEQB Vx,Wx: 3rl lt
PCMPGTB Vx,Wx: 3rl lt
PCMPISTRI Vx,Wx,Ib: 3rl lt
PMOVMSKB Gy,Ux: lt
POP DS: 1f6a 1g5l 1l5 lu
POP ES: 1f6a 1g5l 1l5 lu
POP Ev: 1ic2 1jbd 3rm
POP FS: 1f6a 1g5l
POP GS: 1g5l
POP Zv: 1f6a 1g5l 1g5m 1l5 lu
POPA : 1g5l 1g5m 1l5
POPCNT Gv,Ev: 1f9u
POPF : 1f6a 1g5l 1g5m lu
POR Vx,Wx: lt
PREFETCHNTA Mb: 1ic2
PREFETCHT0 Mb: 1ic2 3rm
PSHUFB Vx,Wx: lt
PSHUFD Vx,Wx,Ib: lt
PTEST Vx,Wx: lt
PUNPCKLBW Vx,Wx: lt
PUSH CS: 1f6a 1g5l
PUSH DS: 1f6a 1g5l 1l5 lu
PUSH ES: 1f6a 1g5l 1l5 lu
PUSH Ev: 1ic2 1jbd 1onm 1uz6 1vyh 3rm
PUSH FS: 1f6a 1g5l 1l5 lu
PUSH GS: 1g5l 1l5
PUSH Ib: 1f6a 1g5m lu
PUSH Iz: 1f6a 1g5l 1g5m lu
PUSH SS: 48b6 49ah
PUSH Zv: 1f6a 1g5l 1g5m 1l5 1l6 lu
PUSHA : 1g5l 1g5m 1l6
PUSHF : 1f6a 1g5l 1g5m 1l6 lu
PXOR Vx,Wx: lt
RCL Ev,1: 1g5l
RCR Ev,1: 1g5l
RDMSR : 1f6a
RDTSC : 1f6a lu
RET : 1f6a 1g5l 1g5m lu
RET Iw: 1f6a 1g5l
RETF : 1f6a 1g5l
RETF Iw: 1g5l
ROL Ev,1: 1f6a lu
ROL Ev,CL: 1f6a
ROL Ev,Ib: 1f6a lt lu
ROR Eb,1: 1g5l
ROR Ev,Ib: 1f6a lu
SAHF : 1f6a
SAR Eb,1: 1ic2
SAR Eb,Ib: 1f6a
SAR Ev,1: 1f6a 1g5l 3rl lu
SAR Ev,CL: 1f6a 1g5l
SAR Ev,Ib: 1f6a lu
SBB AL,Ib: 1f6a
SBB Eb,Gb: 1f6a 1g5l
SBB Ev,Gv: 1f6a 1g5l 1g5m 1ic2 1jbd lt lu
SBB Ev,Ib: 1f6a 1g5l 1ic2 1l5 lu
SBB Gv,Ev: 1g5l 1ic2 1jbd 3rm
SCAS AL,Yb: 1ic2 1idu 1jbd 1jd5 3rm
SCAS rAX,Yv: 1jbd
SETB Eb: 1f6a 1ic2 lu
SETBE Eb: 1f6a 1ic2 lu
SETL Eb: 1f6a
SETLE Eb: 1f6a 1g5l 1ic2
SETNB Eb: 1f6a 1ic2
SETNBE Eb: 1f6a 1g5l lu
SETNL Eb: 1f6a
SETNLE Eb: 1f6a 1ic2
SETNZ Eb: 1f6a 1g5l 1ic2 1onm lu
SETO Eb: 1f6a
SETS Eb: 1f6a
SETZ Eb: 1f6a 1g5l 1ic2 3rm lu
SFENCE : 1f6a
SHL Eb,CL: 1g5l
SHL Ev,1: 1g5l 1jbd 1l5
SHL Ev,CL: 1f6a 1g5l 1ic2 lu
SHL Ev,Ib: 1f6a 1g5l 1g5m lu
SHLD Ev,Gv,CL: 1f6a lu
SHLD Ev,Gv,Ib: 1f6a lu
SHR Eb,1: 1f6a
SHR Eb,Ib: 1f6a
SHR Ev,1: 1f6a 1g5l 1ic2 1jbd lt lu
SHR Ev,CL: 1f6a 1g5l 1ic2 lu
SHR Ev,Ib: 1f6a 1g5l 1g5m 1ic2 lt lu
SHRD Ev,Gv,CL: 1f6a lu
SHRD Ev,Gv,Ib: 1f6a lu
STC : 1g5l
STD : 1f6a 1g5l
STI : 1f6a 1g5l 1l5 lu
STOS Yb,AL: 1ic2 1ifm 1jbd 1jex 3v6
STOS Yv,rAX: 1ifm 1jbd 1jex 1jey 3v5 3v6
SUB AL,Ib: 1g5l
SUB Eb,Gb: 1g5l 1l5
SUB Eb,Ib: 1f6a 1g5l 1ic2 1jbd 1vyh
SUB Ev,Gv: 1f6a 1g5l 1g5m 1ic2 1jbd 1l5 3rm lu
SUB Ev,Ib: 1f6a 1g5l 1g5m 1ic2 1onm 3rl 3rm lu
SUB Ev,Iz: 1f6a 1g5l 1g5m 1ic2 1jbd lt lu
SUB Gb,Eb: 1ic2 1jbd 3rm
SUB Gv,Ev: 1g5l 1ic2 1jbd 1jbe 1onm 1uz6 3rl 3rm geq
SUB rAX,Iz: 1f6a 1g5l lt lu
SYSENTER : 1f6a
SYSEXIT : 1f6a lu
TEST AL,Ib: 1f6a 1g5l lu
TEST Eb,Gb: 1f6a 1g5l 1ic2 1jbd lu
TEST Eb,Ib: 1f6a 1g5l 1ic2 1jbd 1jbl 1onm 1vyh 3rm lu
TEST Ev,Gv: 1f6a 1g5l 1g5m 1ic2 1jbd lt lu
TEST Ev,Iz: 1f6a 1g5l 1ic2 1jbd 3rl 3rm lt lu
TEST rAX,Iz: 1f6a 1g5l lt lu
WAIT : 1f6a
WRMSR : 1f6a
XADD Ev,Gv: 1ic2 1onm 1uz6 3rm geq
XCHG Eb,Gb: 1f6a 1g5l 1jbd 1vyh
XCHG Ev,Gv: 1f6a 1g5l 1ic2 1jbd 1l5 3rm a35
XCHG Zv,rAX: 1f6a 1g5l 1l5 lu
XOR AL,Ib: 1f6a
XOR Eb,Gb: 1f6a 1g5l 1l5 lu
XOR Eb,Ib: 1f6a 1ic2 1jbd 1onm
XOR Ev,Gv: 1eky 1f6a 1g5l 1g5m 1l5 lt lu
XOR Ev,Ib: 1f6a 1ic2 lu
XOR Ev,Iz: 1f6a 1g5l 1ic2 lu
XOR Gb,Eb: 1g5l 1ic2 3rm
XOR Gv,Ev: 1g5l 1ic2 1onm 1uz6 3rm a36
XOR rAX,Iz: 1f6a
`;
