; Real mode: interrupts and what they push, single step, faults, FLAGS, instructions that do not exist here.
; Intel SDM volume 3, chapters 6 and 21.
%include "real.inc"

EFLAGS_TF equ 0x100

start:
        cli
        mov     ax, cs
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, STACK_TOP
        call    open_output
%assign vector 0
%rep 8
        HOOK    vector
 %assign vector vector + 1
%endrep
%assign vector 9
%rep 7
        HOOK    vector
 %assign vector vector + 1
%endrep
        HOOK    0x60
        HOOK    0xff

; ---- software interrupts and exceptions: vector, pushed IP, pushed FLAGS
        CASE    "INT 60h"
        stc
        sti
        int     0x60
        DONE
        CASE    "INT FFh"
        std
        int     0xff
        DONE
        CASE    "INT3"
        int3
        DONE
        CASE    "INT 3 as CD 03"
        db      0xcd, 3
        DONE
        CASE    "INTO without overflow"
        into
        DONE
        CASE    "INTO with overflow"
        mov     al, 0x7f
        inc     al
        into
        DONE
        CASE    "DIV by zero"
        xor     bl, bl
        div     bl
        DONE
        CASE    "DIV overflow"
        mov     ax, 0x1000
        mov     bl, 0x10
        div     bl
        DONE
        CASE    "IDIV overflow at -129"
        mov     ax, -129
        mov     bl, 1
        idiv    bl
        DONE
        CASE    "IDIV at -128"
        mov     ax, -128
        mov     bl, 1
        idiv    bl
        SHOW    "ax", ax
        DONE
        CASE    "AAM 0"
        aam     0
        DONE
        CASE    "BOUND inside"
        mov     ax, 5
        bound   ax, [bounds]
        DONE
        CASE    "BOUND below"
        mov     ax, -6
        bound   ax, [bounds]
        DONE
        CASE    "BOUND above"
        mov     ax, 8
        bound   ax, [bounds]
        DONE

; ---- no such instruction
%macro UNDEFINED 2+
        CASE    %1
        db      %2
        DONE
%endmacro
        UNDEFINED "UD2", 0x0f, 0x0b
        UNDEFINED "UD1", 0x0f, 0xb9, 0xc0
        UNDEFINED "LOCK NOP", 0xf0, 0x90
        UNDEFINED "LOCK ADD AX, BX", 0xf0, 0x01, 0xd8
        UNDEFINED "LOCK CMP [BX], AX", 0xf0, 0x39, 0x07
        UNDEFINED "MOV CS, AX", 0x8e, 0xc8
        UNDEFINED "MOV AX, segment 6", 0x8c, 0xf0
        UNDEFINED "LES AX, BX", 0xc4, 0xc3
        UNDEFINED "LEA AX, BX", 0x8d, 0xc3
        UNDEFINED "FE /2", 0xfe, 0xd0
        UNDEFINED "FF /7", 0xff, 0xf8
        UNDEFINED "C6 /1", 0xc6, 0xc8, 0x00
        UNDEFINED "JMPF register", 0xff, 0xe8
        UNDEFINED "BOUND register", 0x62, 0xc3
        UNDEFINED "ARPL", 0x63, 0xc3
        UNDEFINED "SLDT", 0x0f, 0x00, 0xc0
        UNDEFINED "STR", 0x0f, 0x00, 0xc8
        UNDEFINED "LLDT", 0x0f, 0x00, 0xd0
        UNDEFINED "LTR", 0x0f, 0x00, 0xd8
        UNDEFINED "VERR", 0x0f, 0x00, 0xe0
        UNDEFINED "VERW", 0x0f, 0x00, 0xe8
        UNDEFINED "LAR", 0x0f, 0x02, 0xc3
        UNDEFINED "LSL", 0x0f, 0x03, 0xc3
        UNDEFINED "MOV CR1, EAX", 0x0f, 0x22, 0xc8
        UNDEFINED "RSM", 0x0f, 0xaa
        UNDEFINED "15 bytes", 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x90
        UNDEFINED "16 bytes", 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x26, 0x90

; ---- coprocessor absent or switched away: EM, MP, TS
%macro WITH_CR0 3+                      ; name, bits, instruction
        CASE    %1
        mov     eax, cr0
        mov     [saved_cr0], eax
        and     al, 0xf1
        or      al, %2
        mov     cr0, eax
        %3
        DONE
        mov     eax, [cs:saved_cr0]
        mov     cr0, eax
%endmacro
        WITH_CR0 "ESC with EM", 4, fninit
        WITH_CR0 "ESC with TS", 8, fninit
        WITH_CR0 "ESC with MP alone", 2, fninit
        WITH_CR0 "WAIT with EM alone", 4, wait
        WITH_CR0 "WAIT with TS alone", 8, wait
        WITH_CR0 "WAIT with MP and TS", 10, wait
        CASE    "CLTS"
        mov     eax, cr0
        or      al, 8
        mov     cr0, eax
        clts
        mov     eax, cr0
        and     ax, 8
        SHOW    "ts", ax
        DONE
        CASE    "LMSW cannot clear PE, may set TS"
        smsw    bx
        or      bx, 8
        lmsw    bx
        smsw    ax
        and     ax, 0xf
        SHOW    "msw", ax
        clts
        DONE

; ---- FLAGS
        CASE    "POPF takes what real mode has"
        push    word 0x7ed5
        popf
        SHOW_FLAGS
        push    word 2
        popf
        DONE
        CASE    "POPF of zero"
        push    word 0
        popf
        SHOW_FLAGS
        DONE
        CASE    "POPFD cannot set VM or RF"
        push    dword 0x00030002
        popfd
        pushfd
        pop     ax
        pop     ax
        and     ax, 3
        SHOW    "vm.rf", ax
        DONE
        CASE    "POPFD sets AC and ID"
        push    dword 0x00240002
        popfd
        pushfd
        pop     ax
        pop     ax
        push    dword 2
        popfd
        SHOW    "high", ax
        DONE
        CASE    "IRET takes 16 bits"
        push    word 0x0ed5
        push    cs
        push    word .iret16
        iret
.iret16:
        SHOW_FLAGS
        DONE
        CASE    "IRETD"
        push    dword 0x00200ad7
        push    dword LOAD_SEGMENT
        push    dword .iret32
        iretd
.iret32:
        SHOW_FLAGS
        push    dword 2
        popfd
        DONE
        CASE    "INT clears IF and TF alone"
        push    word 0x0ed7
        popf
        int     0x60
        DONE

; ---- single step: each + is the offset that interrupt 1 pushed
%macro STEPS 0
        mov     word [cs:counting], 1
        push    word EFLAGS_TF | 2
        popf
%endmacro
%macro NO_STEPS 0
        push    word 2
        popf
        mov     word [cs:counting], 0
%endmacro
        CASE    "step: POPF, NOPs"
        STEPS
        nop
        nop
        nop
        NO_STEPS
        DONE
        CASE    "step: MOV SS holds it back"
        mov     ax, ss
        STEPS
        nop
        mov     ss, ax
        nop
        nop
        NO_STEPS
        DONE
        CASE    "step: POP SS holds it back"
        push    ss
        STEPS
        nop
        pop     ss
        nop
        nop
        NO_STEPS
        DONE
        CASE    "step: MOV DS does not"
        mov     ax, ds
        STEPS
        mov     ds, ax
        nop
        NO_STEPS
        DONE
        CASE    "step: STI does not"
        in      al, 0x21
        mov     bl, al
        mov     al, 0xff
        out     0x21, al
        STEPS
        sti
        nop
        cli
        NO_STEPS
        mov     al, bl
        out     0x21, al
        DONE
        CASE    "step: each REP iteration"
        mov     cx, 3
        mov     si, scratch
        mov     di, scratch + 16
        STEPS
        rep     movsb
        nop
        NO_STEPS
        SHOW    "cx", cx
        DONE
        CASE    "step: taken and untaken jumps"
        xor     cx, cx
        STEPS
        jcxz    .near
        nop
.near:  jmp     short .far
        nop
.far:   call    .called
        nop
        NO_STEPS
        jmp     .over
.called: ret
.over:  DONE
        CASE    "step: INT runs its handler unstepped"
        mov     word [cs:counting], 1
        push    word EFLAGS_TF | 2
        popf
        int     0x60
        nop
        NO_STEPS
        DONE
        CASE    "step: IRET that sets TF steps after the next"
        mov     word [cs:counting], 1
        push    word EFLAGS_TF | 2
        push    cs
        push    word .after
        iret
.after: nop
        nop
        NO_STEPS
        DONE

; ---- limits of the interrupt table and of segments
        CASE    "INT beyond the IDT limit"
        lidt    [short_idt]
        int     0x60
        DONE
        lidt    [cs:full_idt]
        CASE    "word at FFFFh"
        mov     bx, 0xffff
        mov     ax, [bx]
        DONE
        CASE    "word written at FFFFh"
        mov     bx, 0xffff
        mov     [bx], ax
        DONE
        CASE    "dword at FFFDh"
        mov     bx, 0xfffd
        mov     eax, [bx]
        DONE
        CASE    "dword at FFFCh"
        mov     bx, 0xfffc
        mov     [bx], ebx
        mov     eax, [bx]
        SHOW    "ax", ax
        DONE
        CASE    "byte at 10000h"
        mov     ebx, 0x10000
        mov     al, [ebx]
        DONE
        CASE    "word at SS:FFFFh"
        mov     bp, 0xffff
        mov     ax, [bp]
        DONE
        CASE    "jump beyond the limit"
        push    ds
        push    word LOAD_SEGMENT + 0x1000
        pop     ds
        mov     word [0], 0x60cd        ; INT 60h, for a processor that does not look at the limit
        pop     ds
        mov     ebx, 0x10000
        jmp     ebx
        DONE
        CASE    "LODSW at FFFFh"
        mov     si, 0xffff
        lodsw
        DONE
        CASE    "REP LODSB with 32-bit addresses at 10000h"
        mov     byte [0xffff], 0x5a
        mov     esi, 0xfffe
        mov     ecx, 4
        a32 rep lodsb
        DONE

; ---- stack
        CASE    "PUSH SP"
        mov     bx, sp
        push    sp
        pop     ax
        sub     bx, ax
        SHOW    "below", bx
        DONE
        CASE    "POP SP"
        push    word 0x1234
        pop     sp
        SHOW    "sp", sp
        DONE
        CASE    "PUSHA, POPA skips SP"
        pusha
        mov     bp, sp
        mov     word [bp + 6], 0x5555
        mov     word [bp + 14], 0x4321
        popa
        SHOW    "ax", ax
        DONE
        CASE    "ENTER 8, 3"
        mov     bp, sp
        mov     bx, sp
        enter   8, 3
        sub     bx, sp
        SHOW    "frame", bx
        leave
        DONE
        CASE    "push wraps from 0"
        mov     sp, 2
        push    ax
        push    ax
        SHOW    "sp", sp
        mov     sp, [cs:case_stack]
        DONE

; ---- when a pending interrupt is taken: IRQ0 raised by the timer while IF is 0
irq_base equ 8
%macro WITH_IRQ 1
        CASE    %1
        HOOK    irq_base
        mov     al, 0xfe
        out     0x21, al
        mov     al, 0x30                ; channel 0, mode 0
        out     0x43, al
        mov     al, 16
        out     0x40, al
        mov     al, 0
        out     0x40, al
%%wait: mov     al, 0x0a                ; read IRR
        out     0x20, al
        in      al, 0x20
        test    al, 1
        jz      %%wait
        xor     ax, ax
        mov     word [case_start], %%armed
%%armed:
%endmacro
%macro IRQ_DONE 0
        DONE
        mov     al, 0x20
        out     0x20, al
%endmacro
        WITH_IRQ "irq: after the instruction behind STI"
        sti
        inc     ax
        inc     ax
        IRQ_DONE
        WITH_IRQ "irq: STI, CLI lets none in"
        sti
        cli
        nop
        DONE
        WITH_IRQ "irq: at once after POPF"
        push    word 0x202
        popf
        inc     ax
        IRQ_DONE
        WITH_IRQ "irq: at once after IRET"
        push    word 0x202
        push    cs
        push    word .irq_iret
        iret
.irq_iret:
        inc     ax
        IRQ_DONE
        WITH_IRQ "irq: wakes HLT, returns behind it"
        sti
        hlt
        inc     ax
        IRQ_DONE
        mov     al, 0xff
        out     0x21, al
        jmp     finish

bounds:    dw   -5, 7
short_idt: dw   0x60 * 4 - 1
           dd   0
full_idt:  dw   0x3ff
           dd   0
saved_cr0: dd   0
scratch:   times 64 db 0x5a
body_end:
BODY_SECTORS equ (body_end - entry + 511) / 512
