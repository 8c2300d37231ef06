; Virtual-8086 mode: entry, IOPL-sensitive instructions, INT n, I/O bitmap, segments, exits. SDM volume 3, chapter 21.
; Every snippet ends with UD2, which comes out whatever IOPL is. The line shows EAX, EFLAGS and the pushed selectors.
%include "prot.inc"
TSS_V     equ $ - gdt
        DESC    0, TSS_SIZE - 1, 0x89, 0
gdt_end:
        align   4
tss_v:  times TSS_SIZE db 0

V86_CODE  equ 0x2000
V86_STACK equ 0x3000
V86_SP    equ 0xff00
V86_DS    equ 0x2100
V86_ES    equ 0x2200
V86_FS    equ 0x2300
V86_GS    equ 0x2400
EFLAGS_IOPL3 equ 0x3000

%macro SNIPPET 3+                       ; name, IOPL bits, 16-bit code
        CASE    %1
        push    dword V86_GS
        push    dword V86_FS
        push    dword V86_DS
        push    dword V86_ES
        push    dword V86_STACK
        push    dword V86_SP
        push    dword EFLAGS_VM | (%2) | 2
        push    dword V86_CODE
        push    dword 0
        mov     esi, %%code
        jmp     run_snippet
        bits    16
%%code: %3
        ud2
        bits    32
%$end:
 %pop
%endmacro

run_snippet:                            ; ESI: code, at most 64 bytes
        mov     edi, V86_CODE * 16
        mov     ecx, 64
        rep     movsb
        mov     ecx, 0xc3c3c3c3
        mov     esi, 0x1000
        mov     edi, 0x2000
        iretd

start:
        mov     eax, TSS_V
        mov     ebx, tss_v
        call    set_base
        mov     edi, tss_main + TSS_SIZE
        mov     ecx, 0x2000
        mov     al, 0xff
        rep     stosb
        and     byte [tss_main + TSS_SIZE + 0x80 / 8], 0xfe
        mov     byte [idt + 0x30 * 8 + 5], 0xee
        mov     dword [V86_DS * 16], 0x44332211
        mov     word [(V86_CODE + 4) * 16], 0x0b0f      ; UD2, where far jumps lead

        SNIPPET "entry", 0, nop
        SNIPPET "entry with IOPL 3", EFLAGS_IOPL3, nop
        SNIPPET "iopl 0: CLI", 0, cli
        SNIPPET "iopl 0: STI", 0, sti
        SNIPPET "iopl 0: PUSHF", 0, pushf
        SNIPPET "iopl 0: POPF", 0, popf
        SNIPPET "iopl 0: PUSHFD", 0, pushfd
        SNIPPET "iopl 0: INT 30h", 0, int 0x30
        SNIPPET "iopl 0: INT3", 0, int3
        SNIPPET "iopl 0: INTO without overflow", 0, into
        SNIPPET "iopl 0: IRET", 0, iret
        SNIPPET "iopl 3: CLI", EFLAGS_IOPL3, cli
        SNIPPET "iopl 3: STI", EFLAGS_IOPL3, sti
        SNIPPET "iopl 3: INT 30h", EFLAGS_IOPL3, int 0x30
        SNIPPET "iopl 3: INT 41h, DPL 0", EFLAGS_IOPL3, int BREAK_GATE
        SNIPPET "HLT", EFLAGS_IOPL3, hlt
        SNIPPET "MOV from CR0", EFLAGS_IOPL3, mov eax, cr0
        SNIPPET "MOV to DR7", EFLAGS_IOPL3, mov dr7, eax
        SNIPPET "CLTS", EFLAGS_IOPL3, clts
        SNIPPET "LGDT", EFLAGS_IOPL3, lgdt [0]
        SNIPPET "LMSW", EFLAGS_IOPL3, lmsw ax
        SNIPPET "SLDT", EFLAGS_IOPL3, sldt ax
        SNIPPET "STR", EFLAGS_IOPL3, str ax
        SNIPPET "LLDT", EFLAGS_IOPL3, lldt ax
        SNIPPET "LAR", EFLAGS_IOPL3, lar ax, bx
        SNIPPET "VERR", EFLAGS_IOPL3, verr ax
        SNIPPET "ARPL", EFLAGS_IOPL3, arpl ax, bx
        SNIPPET "RDMSR", EFLAGS_IOPL3, rdmsr
        SNIPPET "WBINVD", EFLAGS_IOPL3, wbinvd
        SNIPPET "iopl 3: IN denied by the bitmap", EFLAGS_IOPL3, in al, 0x81
        SNIPPET "iopl 3: OUT allowed by the bitmap", EFLAGS_IOPL3, out 0x80, al
        SNIPPET "iopl 0: OUT allowed by the bitmap", 0, out 0x80, al
        SNIPPET "iopl 0: word half denied", 0, out 0x80, ax
        SNIPPET "iopl 0: INSB denied", 0, insb
        SNIPPET "memory through DS", 0, mov eax, [0]
        SNIPPET "memory through SS", 0, mov eax, [bp]
        SNIPPET "word at FFFFh", 0, mov ax, [0xffff]
        SNIPPET "word at SS:FFFFh", 0, mov ax, [ss:0xffff]
        SNIPPET "jump far", 0, jmp V86_CODE + 4:0
        SNIPPET "LDS", 0, lds ax, [0]
        SNIPPET "DIV by zero", 0, div word [8]
        SNIPPET "BOUND register", 0, db 0x62, 0xc0

%macro LONGER 2                         ; name, IOPL; the code follows up to LONGER_END
        CASE    %1
        push    dword V86_GS
        push    dword V86_FS
        push    dword V86_DS
        push    dword V86_ES
        push    dword V86_STACK
        push    dword V86_SP
        push    dword EFLAGS_VM | (%2) | 2
        push    dword V86_CODE
        push    dword 0
        mov     esi, %$code
        jmp     run_snippet
        bits    16
%$code:
%endmacro
%macro LONGER_END 0
        ud2
        bits    32
%$end:
 %pop
%endmacro
        LONGER  "iopl 3: PUSHF shows IOPL, not VM", EFLAGS_IOPL3
        pushfd
        pop     eax
        LONGER_END
        LONGER  "iopl 3: POPF changes IF, not IOPL", EFLAGS_IOPL3
        push    word 0x0ed7
        popf
        LONGER_END
        LONGER  "iopl 3: POPFD cannot clear VM", EFLAGS_IOPL3
        push    dword 2
        popfd
        LONGER_END
        LONGER  "iopl 3: IRET", EFLAGS_IOPL3
        push    word 0x0ed7
        push    word V86_CODE + 4
        push    word 0
        iret
        LONGER_END
        LONGER  "segment loads make bases", 0
        mov     ax, V86_DS - 1
        mov     es, ax
        mov     eax, [es:0x10]
        LONGER_END
        LONGER  "null segment is segment 0", 0
        xor     ax, ax
        mov     gs, ax
        mov     fs, ax
        LONGER_END
        LONGER  "far call pushes", 0
        call    V86_CODE + 4:0
        LONGER_END
        LONGER  "SMSW", 0
        smsw    ax
        and     ax, 1
        LONGER_END

        CASE    "entry by a task switch"
        mov     edi, tss_v
        mov     ecx, TSS_SIZE / 4
        xor     eax, eax
        rep     stosd
        mov     dword [tss_v + TSS_ESP0], STACK0
        mov     dword [tss_v + TSS_SS0], DATA0
        mov     dword [tss_v + TSS_FLAGS], EFLAGS_VM | 2
        mov     dword [tss_v + TSS_EAX], 0x0b0b0b0b
        mov     dword [tss_v + TSS_ESP], V86_SP
        mov     dword [tss_v + TSS_CS], V86_CODE
        mov     dword [tss_v + TSS_SS], V86_STACK
        mov     dword [tss_v + TSS_DS], V86_DS
        mov     dword [tss_v + TSS_ES], V86_ES
        mov     dword [tss_v + TSS_FS], V86_FS
        mov     dword [tss_v + TSS_GS], V86_GS
        mov     dword [tss_v + TSS_IOMAP], 0x680000
        mov     word [V86_CODE * 16], 0x0b0f    ; UD2
        jmp     TSS_V:0
        DONE
        and     byte [gdt + TSS_MAIN + 5], ~2
        mov     eax, TSS_MAIN
        ltr     ax

        CASE    "cpl 3: IRET cannot enter"
        ENTER3
        push    dword EFLAGS_VM | 2
        push    dword CODE3 | 3
        push    dword .still3
        iretd
.still3: mov    eax, cs
        DONE3
        jmp     finish
body_end:
BODY_SECTORS equ (body_end - entry + 511) / 512
