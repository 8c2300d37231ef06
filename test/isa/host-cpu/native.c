/*
 * Executes instructions on the host's own processor, in user mode, and reports what they did. Reads a stream of cases
 * from standard input and writes a stream of results to standard output; the layouts are those of stream.ts. Compiled
 * with -m32 it takes 32-bit code, with -m64 what long-mode.ts makes of it: there the upper halves of registers are 0
 * before the case, and the lower halves are the result. `native --probe` ends with PROBE_STATUS: a kernel may refuse
 * 32-bit programs.
 *
 * Code and data lie in the low 64 KiB, so that 16-bit addresses and 16-bit instruction pointers reach them. The code
 * page is full of INT3 around the case: wherever it jumps to, it is caught. Falling out of the end is the common way
 * and costs no signal: a jump to `leave_case` stands there.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { DATA = 0x8000, DATA_SIZE = 0x2000, CODE_PAGE = 0xc000, CODE_PAGE_SIZE = 0x1000 };
enum { CODE_BYTES = 96, PATCH_BYTES = 32, INT3 = 0xcc, JMP_REL32 = 0xe9 };
enum { EFLAGS_TF = 1 << 8 };
/* FNSAVE's image in 32-bit protected mode. */
enum { FPU_BYTES = 108 };
/* XMM0 to XMM7, MXCSR. */
enum { SSE_BYTES = 132 };
enum { PROBE_STATUS = 42 };

struct test_case {
  uint32_t regs[8]; /* eax ecx edx ebx esp ebp esi edi */
  uint32_t eflags;
  uint32_t code_start, code_length; /* the start is an address in the code page */
  uint32_t patch_offset, patch_length;
  uint8_t code[CODE_BYTES];
  uint8_t patch[PATCH_BYTES];
  uint32_t has_fpu;
  uint8_t fpu[FPU_BYTES]; /* for FRSTOR */
  uint32_t has_sse;
  uint8_t sse[SSE_BYTES];
};

struct test_result {
  uint32_t vector; /* NO_VECTOR when the case fell out of its end */
  uint32_t error_code;
  uint32_t regs[8];
  uint32_t eip, eflags;
  uint32_t address; /* of a page fault */
  uint32_t changes; /* of memory: that many words offset << 8 | byte follow */
};
enum { PAGE_FAULT = 14, NO_VECTOR = 0xffffffff };

struct test_case current;
struct test_result result;
uint32_t has_sse;
uint8_t sse_before[SSE_BYTES], sse_after[SSE_BYTES];
uint32_t mxcsr_default = 0x1f80;
uint32_t has_fpu;
uint8_t fpu_before[FPU_BYTES], fpu_after[FPU_BYTES];
uintptr_t host_sp, case_entry;
void enter_case(void);
void leave_case(void);
void resume_host(void);

#ifdef __x86_64__
#define SAVE_REGISTERS "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
#define RESTORE_REGISTERS "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n"
#define SAVE_STACK_POINTER "  movq %rsp, host_sp\n"
#define RESTORE_STACK_POINTER "  movq host_sp, %rsp\n"
#define LOAD_FLAGS "  movl current+32, %eax\n  pushq %rax\n  popfq\n"
#define STORE_FLAGS "  pushfq\n  popq %rax\n  movl %eax, result+44\n  pushq $0x202\n  popfq\n"
enum { GREG_IP = REG_RIP, GREG_SP = REG_RSP };
static const int greg_order[8] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI};
#else
#define SAVE_REGISTERS "  pushal\n"
#define RESTORE_REGISTERS "  popal\n"
#define SAVE_STACK_POINTER "  movl %esp, host_sp\n"
#define RESTORE_STACK_POINTER "  movl host_sp, %esp\n"
#define LOAD_FLAGS "  pushl current+32\n  popfl\n"
#define STORE_FLAGS "  pushfl\n  popl result+44\n  pushl $0x202\n  popfl\n"
enum { GREG_IP = REG_EIP, GREG_SP = REG_ESP };
static const int greg_order[8] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI};
#endif

__asm__(
    ".text\n.globl enter_case, leave_case, resume_host\n"
    "enter_case:\n"
    SAVE_REGISTERS
    SAVE_STACK_POINTER
    "  cmpl $0, has_fpu\n"
    "  je 1f\n"
    "  frstor fpu_before\n"
    "1:\n"
    "  cmpl $0, has_sse\n"
    "  je 1f\n"
    "  movups sse_before+0, %xmm0\n"
    "  movups sse_before+16, %xmm1\n"
    "  movups sse_before+32, %xmm2\n"
    "  movups sse_before+48, %xmm3\n"
    "  movups sse_before+64, %xmm4\n"
    "  movups sse_before+80, %xmm5\n"
    "  movups sse_before+96, %xmm6\n"
    "  movups sse_before+112, %xmm7\n"
    "  ldmxcsr sse_before+128\n"
    "1:\n"
    LOAD_FLAGS
    "  movl current+0, %eax\n"
    "  movl current+4, %ecx\n"
    "  movl current+8, %edx\n"
    "  movl current+12, %ebx\n"
    "  movl current+16, %esp\n"
    "  movl current+20, %ebp\n"
    "  movl current+24, %esi\n"
    "  movl current+28, %edi\n"
    "  jmp *case_entry\n"
    "leave_case:\n"
    "  movl %eax, result+8\n"
    "  movl %ecx, result+12\n"
    "  movl %edx, result+16\n"
    "  movl %ebx, result+20\n"
    "  movl %esp, result+24\n"
    "  movl %ebp, result+28\n"
    "  movl %esi, result+32\n"
    "  movl %edi, result+36\n"
    RESTORE_STACK_POINTER
    STORE_FLAGS
    "resume_host:\n"
    "  cmpl $0, has_fpu\n"
    "  je 1f\n"
    "  fnsave fpu_after\n"
    "1:\n"
    "  fninit\n" /* an exception that is pending would be the next case's */
    "  cmpl $0, has_sse\n"
    "  je 1f\n"
    "  movups %xmm0, sse_after+0\n"
    "  movups %xmm1, sse_after+16\n"
    "  movups %xmm2, sse_after+32\n"
    "  movups %xmm3, sse_after+48\n"
    "  movups %xmm4, sse_after+64\n"
    "  movups %xmm5, sse_after+80\n"
    "  movups %xmm6, sse_after+96\n"
    "  movups %xmm7, sse_after+112\n"
    "  stmxcsr sse_after+128\n"
    "  ldmxcsr mxcsr_default\n"
    "1:\n"
    RESTORE_REGISTERS
    "  ret\n");

static void on_signal(int signal_number, siginfo_t *info, void *context) {
  (void)signal_number;
  greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
  for (int i = 0; i < 8; i++) result.regs[i] = (uint32_t)g[greg_order[i]];
  result.vector = (uint32_t)g[REG_TRAPNO];
  result.error_code = (uint32_t)g[REG_ERR];
  result.eip = (uint32_t)g[GREG_IP];
  result.eflags = (uint32_t)g[REG_EFL];
  if (result.vector == PAGE_FAULT) result.address = (uint32_t)(uintptr_t)info->si_addr;
  g[GREG_IP] = (greg_t)(uintptr_t)resume_host;
  g[GREG_SP] = (greg_t)host_sp;
  g[REG_EFL] = 0x202;
}

static void map_fixed(uintptr_t address, size_t size, int protection) {
  void *got = mmap((void *)address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (got == (void *)address) return;
  fprintf(stderr, "cannot map %#lx: run as root, or set vm.mmap_min_addr to 32768 or less\n", (unsigned long)address);
  exit(1);
}

static void must_read(void *target, size_t size) {
  if (fread(target, 1, size, stdin) == size) return;
  fprintf(stderr, "the stream of cases ends within a case\n");
  exit(1);
}

int main(int argument_count, char **arguments) {
  if (argument_count > 1 && strcmp(arguments[1], "--probe") == 0) return PROBE_STATUS;
  static uint8_t image[DATA_SIZE], signal_stack[65536];
  static uint32_t changes[DATA_SIZE];
  static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
  uint8_t *data = (uint8_t *)DATA;
  map_fixed(DATA, DATA_SIZE, PROT_READ | PROT_WRITE);
  map_fixed(CODE_PAGE, CODE_PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
  memset((void *)CODE_PAGE, INT3, CODE_PAGE_SIZE);

  stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);

#ifdef __x86_64__
  /* As 32-bit programs find them: the kernel gives 64-bit programs null selectors. */
  __asm__ volatile("mov %%ss, %%eax; mov %%eax, %%ds; mov %%eax, %%es" : : : "eax");
#endif
  uint16_t selectors[6];
  __asm__ volatile("mov %%es, %0; mov %%cs, %1; mov %%ss, %2"
                   : "=m"(selectors[0]), "=m"(selectors[1]), "=m"(selectors[2]));
  __asm__ volatile("mov %%ds, %0; mov %%fs, %1; mov %%gs, %2"
                   : "=m"(selectors[3]), "=m"(selectors[4]), "=m"(selectors[5]));
  fwrite(selectors, sizeof selectors, 1, stdout);

  uint32_t count;
  must_read(&count, sizeof count);
  must_read(image, sizeof image);
  memcpy(data, image, sizeof image);
  while (count-- > 0) {
    must_read(&current, sizeof current);
    memcpy(data + current.patch_offset, current.patch, current.patch_length);
    uint8_t *code = (uint8_t *)(uintptr_t)current.code_start;
    memcpy(code, current.code, current.code_length);
    uint8_t *end = code + current.code_length;
    int32_t distance = (int32_t)((uintptr_t)leave_case - (uintptr_t)(end + 5));
    end[0] = JMP_REL32;
    memcpy(end + 1, &distance, sizeof distance);
    current.eflags &= ~EFLAGS_TF;
    has_fpu = current.has_fpu;
    memcpy(fpu_before, current.fpu, FPU_BYTES);
    has_sse = current.has_sse;
    memcpy(sse_before, current.sse, SSE_BYTES);

    result.vector = NO_VECTOR;
    result.error_code = 0;
    result.address = 0;
    result.eip = (uint32_t)(uintptr_t)end;
    case_entry = current.code_start;
    enter_case();

    memset(code, INT3, CODE_BYTES + 5);
    /* Changes are against the image with the case's patch. */
    memcpy(image + current.patch_offset, current.patch, current.patch_length);
    result.changes = 0;
    if (memcmp(data, image, DATA_SIZE) != 0)
      for (uint32_t i = 0; i < DATA_SIZE; i++)
        if (data[i] != image[i]) {
          changes[result.changes++] = i << 8 | data[i];
          data[i] = image[i];
        }
    fwrite(&result, sizeof result, 1, stdout);
    fwrite(changes, sizeof *changes, result.changes, stdout);
    if (has_fpu) fwrite(fpu_after, sizeof fpu_after, 1, stdout);
    if (has_sse) fwrite(sse_after, sizeof sse_after, 1, stdout);
    /* The patch stays for later cases: native.ts keeps the same image. */
  }
  return fflush(stdout) == 0 ? 0 : 1;
}
