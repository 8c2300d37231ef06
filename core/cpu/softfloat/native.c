/*
 * The host's own x87 and SSE units as the reference of host-cpu.test.ts. Usage: native OPERATION <in >out, a stream of
 * fixed-size records. Results are read with FNSTSW and FNSAVE, which deliver no pending exception, so that unmasked
 * responses can be seen; an SSE exception arrives as SIGFPE, and the record says that it trapped.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

struct in {
  uint8_t a[16], b[16];
  uint32_t control; /* x87 control word or MXCSR */
  uint32_t reserved;
};

struct out {
  uint8_t r0[16], r1[16]; /* ST(0) and ST(1), or what went to memory or to a register */
  uint32_t status;        /* x87 status word or MXCSR */
  uint32_t extra;         /* tag word, AH after LAHF, or 1 when SIGFPE came */
};

static sigjmp_buf escape;
static uint32_t trapped_mxcsr;

static void on_sigfpe(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  trapped_mxcsr = ((ucontext_t *)context)->uc_mcontext.fpregs->mxcsr;
  siglongjmp(escape, 1);
}

#define X87_RUN(code)                                                                                        \
  uint8_t save[108];                                                                                         \
  uint8_t mem[16];                                                                                           \
  uint16_t control = i->control, status;                                                                     \
  uint8_t flags;                                                                                             \
  memset(mem, 0xee, sizeof mem);                                                                             \
  __asm__ volatile("fninit; fldt %[b]; fldt %[a]; fldcw %[cw];" code "; fnstsw %[sw]; lahf; fnsave %[save]"  \
                   : [sw] "=m"(status), [save] "=m"(save), [mem] "+m"(mem), "=&a"(flags)                     \
                   : [a] "m"(i->a), [b] "m"(i->b), [cw] "m"(control)                                         \
                   : "cc", "memory");

#define X87(name, code)                                        \
  static void op_##name(const struct in *i, struct out *o) {   \
    X87_RUN(code)                                              \
    memcpy(o->r0, save + 28, 10);                              \
    memcpy(o->r1, save + 38, 10);                              \
    memcpy(&o->extra, save + 8, 2);                            \
    o->status = status;                                        \
  }
#define X87_COMPARE(name, code)                                                              \
  static void op_##name(const struct in *i, struct out *o) {                                 \
    uint8_t save[108];                                                                       \
    uint16_t control = i->control, status;                                                   \
    uint32_t ah;                                                                             \
    __asm__ volatile("fninit; fldt %[b]; fldt %[a]; fldcw %[cw];" code                       \
                     "; fnstsw %[sw]; lahf; movzbl %%ah, %%eax; fnsave %[save]"              \
                     : [sw] "=m"(status), [save] "=m"(save), "=&a"(ah)                       \
                     : [a] "m"(i->a), [b] "m"(i->b), [cw] "m"(control)                       \
                     : "cc", "memory");                                                      \
    o->extra = ah;                                                                           \
    o->status = status;                                                                      \
  }
#define X87_STORE(name, code)                                  \
  static void op_##name(const struct in *i, struct out *o) {   \
    X87_RUN(code)                                              \
    memcpy(o->r0, mem, 16);                                    \
    o->status = status;                                        \
  }

X87(fadd, "fadd %%st(1)")
X87(fsub, "fsub %%st(1)")
X87(fmul, "fmul %%st(1)")
X87(fdiv, "fdiv %%st(1)")
X87(fadd32, "fadds %[b]")
X87(fsub32, "fsubs %[b]")
X87(fmul32, "fmuls %[b]")
X87(fdiv32, "fdivs %[b]")
X87(fadd64, "faddl %[b]")
X87(fsub64, "fsubl %[b]")
X87(fmul64, "fmull %[b]")
X87(fdiv64, "fdivl %[b]")
X87(fsqrt, "fsqrt")
X87(fprem, "fprem")
X87(fprem1, "fprem1")
X87(fscale, "fscale")
X87(fxtract, "fxtract")
X87(frndint, "frndint")
X87(fchs, "fchs")
X87(fabs, "fabs")
X87(fxam, "fxam")
X87(fcom, "fcom")
X87(fcom32, "fcoms %[b]")
X87(fcom64, "fcoml %[b]")
X87(fucom, "fucom")
X87(ftst, "ftst")
X87_COMPARE(fcomi, "fcomi %%st(1)")
X87_COMPARE(fucomi, "fucomi %%st(1)")
X87(fld32, "flds %[a]")
X87(fld64, "fldl %[a]")
X87(fild16, "filds %[a]")
X87(fild32, "fildl %[a]")
X87(fild64, "fildll %[a]")
X87(fbld, "fbld %[a]")
X87_STORE(fst32, "fstps %[mem]")
X87_STORE(fst64, "fstpl %[mem]")
X87_STORE(fist16, "fistps %[mem]")
X87_STORE(fist32, "fistpl %[mem]")
X87_STORE(fist64, "fistpll %[mem]")
X87_STORE(fisttp16, "fisttps %[mem]")
X87_STORE(fisttp32, "fisttpl %[mem]")
X87_STORE(fisttp64, "fisttpll %[mem]")
X87_STORE(fbstp, "fbstp %[mem]")
X87(fld1, "fld1")
X87(fldl2t, "fldl2t")
X87(fldl2e, "fldl2e")
X87(fldpi, "fldpi")
X87(fldlg2, "fldlg2")
X87(fldln2, "fldln2")
X87(fldz, "fldz")
X87(fsin, "fsin")
X87(fcos, "fcos")
X87(fsincos, "fsincos")
X87(fptan, "fptan")
X87(fpatan, "fpatan")
X87(f2xm1, "f2xm1")
X87(fyl2x, "fyl2x")
X87(fyl2xp1, "fyl2xp1")

/* The operation sees %0 (first operand and result) and %1 in xmm registers, %2 as a general register. */
#define SSE(name, code)                                                            \
  static void op_##name(const struct in *i, struct out *o) {                       \
    uint64_t a, b, g;                                                              \
    uint32_t quiet = 0x1f80, mxcsr = i->control, result = 0;                       \
    memcpy(&a, i->a, 8);                                                           \
    memcpy(&b, i->b, 8);                                                           \
    g = a;                                                                         \
    if (sigsetjmp(escape, 0)) {                                                    \
      __asm__ volatile("ldmxcsr %0" : : "m"(quiet));                               \
      o->status = trapped_mxcsr;                                                   \
      o->extra = 1;                                                                \
      return;                                                                      \
    }                                                                              \
    __asm__ volatile("movq %[a], %%xmm0; movq %[b], %%xmm1; ldmxcsr %[m];" code    \
                     "; stmxcsr %[r]; ldmxcsr %[q]; movq %%xmm0, %[a]"             \
                     : [a] "+r"(a), [r] "=m"(result), [g] "+a"(g)                  \
                     : [b] "r"(b), [m] "m"(mxcsr), [q] "m"(quiet)                  \
                     : "xmm0", "xmm1", "cc", "memory");                            \
    memcpy(o->r0, &a, 8);                                                          \
    memcpy(o->r1, &g, 8);                                                          \
    o->status = result;                                                            \
  }
#define SSE_BOTH(name, op) SSE(name##ss, op "ss %%xmm1, %%xmm0") SSE(name##sd, op "sd %%xmm1, %%xmm0")
#define SSE_IMM(name, op, imm) \
  SSE(name##ss_##imm, op "ss $" #imm ", %%xmm1, %%xmm0") SSE(name##sd_##imm, op "sd $" #imm ", %%xmm1, %%xmm0")
SSE_BOTH(add, "add")
SSE_BOTH(sub, "sub")
SSE_BOTH(mul, "mul")
SSE_BOTH(div, "div")
SSE_BOTH(min, "min")
SSE_BOTH(max, "max")
SSE(sqrtss, "sqrtss %%xmm0, %%xmm0")
SSE(sqrtsd, "sqrtsd %%xmm0, %%xmm0")
SSE(comiss, "comiss %%xmm1, %%xmm0; lahf")
SSE(comisd, "comisd %%xmm1, %%xmm0; lahf")
SSE(ucomiss, "ucomiss %%xmm1, %%xmm0; lahf")
SSE(ucomisd, "ucomisd %%xmm1, %%xmm0; lahf")
SSE_IMM(cmp, "cmp", 0)
SSE_IMM(cmp, "cmp", 1)
SSE_IMM(cmp, "cmp", 2)
SSE_IMM(cmp, "cmp", 3)
SSE_IMM(cmp, "cmp", 4)
SSE_IMM(cmp, "cmp", 5)
SSE_IMM(cmp, "cmp", 6)
SSE_IMM(cmp, "cmp", 7)
SSE(cvtss2sd, "cvtss2sd %%xmm0, %%xmm0")
SSE(cvtsd2ss, "cvtsd2ss %%xmm0, %%xmm0")
SSE(cvtsi2ss32, "cvtsi2ssl %%eax, %%xmm0")
SSE(cvtsi2sd32, "cvtsi2sdl %%eax, %%xmm0")
SSE(cvtsi2ss64, "cvtsi2ssq %%rax, %%xmm0")
SSE(cvtsi2sd64, "cvtsi2sdq %%rax, %%xmm0")
SSE(cvtss2si32, "cvtss2si %%xmm0, %%eax")
SSE(cvtsd2si32, "cvtsd2si %%xmm0, %%eax")
SSE(cvtss2si64, "cvtss2si %%xmm0, %%rax")
SSE(cvtsd2si64, "cvtsd2si %%xmm0, %%rax")
SSE(cvttss2si32, "cvttss2si %%xmm0, %%eax")
SSE(cvttsd2si32, "cvttsd2si %%xmm0, %%eax")
SSE(cvttss2si64, "cvttss2si %%xmm0, %%rax")
SSE(cvttsd2si64, "cvttsd2si %%xmm0, %%rax")
#define SSE_ROUND(imm)                               \
  SSE(roundss_##imm, "roundss $" #imm ", %%xmm0, %%xmm0") \
  SSE(roundsd_##imm, "roundsd $" #imm ", %%xmm0, %%xmm0")
SSE_ROUND(0)
SSE_ROUND(1)
SSE_ROUND(2)
SSE_ROUND(3)
SSE_ROUND(4)
SSE_ROUND(12)

#define E(name) {#name, op_##name},
#define E2(name) E(name##ss) E(name##sd)
#define E2I(name, imm) E(name##ss_##imm) E(name##sd_##imm)
static const struct {
  const char *name;
  void (*run)(const struct in *, struct out *);
} operations[] = {
    E(fadd) E(fsub) E(fmul) E(fdiv) E(fadd32) E(fsub32) E(fmul32) E(fdiv32) E(fadd64)
    E(fsub64) E(fmul64) E(fdiv64) E(fsqrt) E(fprem) E(fprem1) E(fscale) E(fxtract) E(frndint) E(fchs) E(fabs)
    E(fxam) E(fcom) E(fcom32) E(fcom64) E(fucom) E(ftst) E(fcomi) E(fucomi) E(fld32) E(fld64) E(fild16) E(fild32) E(fild64) E(fbld)
    E(fst32) E(fst64) E(fist16) E(fist32) E(fist64) E(fisttp16) E(fisttp32) E(fisttp64) E(fbstp) E(fld1) E(fldl2t)
    E(fldl2e) E(fldpi) E(fldlg2) E(fldln2) E(fldz) E(fsin) E(fcos) E(fsincos) E(fptan) E(fpatan) E(f2xm1) E(fyl2x)
    E(fyl2xp1)
    E2(add) E2(sub) E2(mul) E2(div) E2(min) E2(max) E2(sqrt) E2(comi) E2(ucomi) E2I(cmp, 0) E2I(cmp, 1)
    E2I(cmp, 2) E2I(cmp, 3) E2I(cmp, 4) E2I(cmp, 5) E2I(cmp, 6) E2I(cmp, 7) E(cvtss2sd) E(cvtsd2ss) E(cvtsi2ss32)
    E(cvtsi2sd32) E(cvtsi2ss64) E(cvtsi2sd64) E(cvtss2si32) E(cvtsd2si32) E(cvtss2si64) E(cvtsd2si64) E(cvttss2si32)
    E(cvttsd2si32) E(cvttss2si64) E(cvttsd2si64) E2I(round, 0) E2I(round, 1) E2I(round, 2) E2I(round, 3)
    E2I(round, 4) E2I(round, 12)
};

int main(int argc, char **argv) {
  struct sigaction action = {.sa_sigaction = on_sigfpe, .sa_flags = SA_SIGINFO | SA_NODEFER};
  struct in in;
  sigaction(SIGFPE, &action, NULL);
  for (size_t n = 0; argc > 1 && n < sizeof operations / sizeof *operations; n++) {
    if (strcmp(operations[n].name, argv[1]) != 0) continue;
    while (fread(&in, sizeof in, 1, stdin) == 1) {
      struct out out = {0};
      operations[n].run(&in, &out);
      fwrite(&out, sizeof out, 1, stdout);
    }
    return 0;
  }
  fprintf(stderr, "native: no operation %s\n", argc > 1 ? argv[1] : "given");
  return 2;
}
