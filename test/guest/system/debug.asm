; Debug registers: instruction, data and I/O breakpoints, single step, general detect, task switches; RF; ICEBP.
; SDM volume 3, chapter 17. Every #DB adds " db@EIP:DR6" to the line, with ":rf" when the pushed image has RF; its handler
; clears DR6, sets RF and returns.
%include "prot.inc"
        cpu     p4
TSS_T     equ $ - gdt
        DESC    0, TSS_SIZE - 1, 0x89, 0
gdt_end:
        align   4
tss_t:  times TSS_SIZE db 0
        align   16
cell:   times 64 db 0
source: db      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
stack_selector: dd DATA0
text_db: db     " db@", 0
text_rf: db     ":rf", 0

EFLAGS_TF  equ 0x100
EFLAGS_RF  equ 0x10000
CR4_DE     equ 8
EXECUTE    equ 0
WRITE      equ 1
IO         equ 2
ACCESS     equ 3
; length field: 1, 2 and 4 bytes
L1         equ 0 << 2
L2         equ 1 << 2
L4         equ 3 << 2

%macro ARM 3                            ; register, address, kind and length
        mov     eax, %2
        mov     dr%1, eax
        mov     eax, dr7
        and     eax, ~(15 << (16 + %1 * 4))
        or      eax, ((%3) << (16 + %1 * 4)) | (2 << (%1 * 2))
        mov     dr7, eax
%endmacro
%macro CR4_SET 1
        mov     eax, cr4
        or      eax, %1
        mov     cr4, eax
%endmacro
%macro CR4_CLEAR 1
        mov     eax, cr4
        and     eax, ~(%1)
        mov     cr4, eax
%endmacro
%macro OFF 0
        push    eax
        xor     eax, eax
        mov     dr7, eax
        pop     eax
%endmacro

on_debug:                               ; EIP, CS, EFLAGS
        pushad
        push    ds
        mov     ax, DATA0
        mov     ds, ax
        ; watched data must not be watched here
        mov     edx, dr7
        xor     eax, eax
        mov     dr7, eax
        mov     esi, text_db
        call    put_text
        mov     eax, [esp + 36]
        sub     eax, [case_start]
        call    put_hex16
        mov     al, ':'
        call    put_char
        mov     eax, dr6
        call    put_hex16
        test    dword [esp + 44], EFLAGS_RF
        jz      .no_rf
        mov     esi, text_rf
        call    put_text
.no_rf: xor     eax, eax
        mov     dr6, eax
        mov     dr7, edx
        or      dword [esp + 44], EFLAGS_RF
        cmp     dword [keep_tf], 0
        jne     .out
        and     dword [esp + 44], ~EFLAGS_TF
.out:   pop     ds
        popad
        iretd
keep_tf: dd     0

start:
        mov     eax, 1
        mov     ebx, on_debug
        mov     ecx, 0x8e
        call    set_gate
        mov     eax, TSS_T
        mov     ebx, tss_t
        call    set_base

        CASE    "registers after reset"
        mov     eax, dr6
        mov     ebx, dr7
        SHOW    "dr6", eax
        SHOW    "dr7", ebx
        DONE
        CASE    "reserved bits of DR6 and DR7"
        xor     eax, eax
        mov     dr6, eax
        mov     eax, dr6
        mov     ebx, 0xffff1000
        mov     dr6, ebx
        mov     ecx, dr6
        SHOW    "dr6", eax
        SHOW    "dr6", ecx
        xor     eax, eax
        mov     dr6, eax
        mov     eax, 0xd800
        mov     dr7, eax
        mov     ebx, dr7
        OFF
        SHOW    "dr7", ebx
        DONE
        CASE    "DR4 and DR5 are DR6 and DR7"
        mov     eax, 0x4000
        mov     dr6, eax
        db      0x0f, 0x21, 0xe3                ; mov ebx, dr4
        db      0x0f, 0x21, 0xe9                ; mov ecx, dr5
        xor     eax, eax
        mov     dr6, eax
        SHOW    "dr4", ebx
        SHOW    "dr5", ecx
        DONE
        CASE    "DR4 with CR4.DE"
        CR4_SET CR4_DE
        db      0x0f, 0x21, 0xe3
        DONE
        CR4_CLEAR CR4_DE

        CASE    "execute"
        ARM     0, %$at, EXECUTE
        nop
%$at:    nop
        nop
        OFF
        DONE
        CASE    "execute: jump to it"
        ARM     1, %$at, EXECUTE
        jmp     %$at
        nop
%$at:    inc     ebx
        OFF
        DONE
        CASE    "execute: each round of a loop"
        ARM     2, %$at, EXECUTE
        mov     ecx, 3
%$at:    loop    %$at
        OFF
        DONE
        CASE    "execute: two on one instruction"
        ARM     0, %$at, EXECUTE
        ARM     3, %$at, EXECUTE
%$at:    nop
        OFF
        DONE
        CASE    "execute: in the middle of an instruction"
        ARM     0, %$at + 1, EXECUTE
%$at:    mov     ebx, 0x90909090
        OFF
        DONE
        CASE    "execute: once for a repeated instruction"
        ARM     0, %$at, EXECUTE
        mov     esi, source
        mov     edi, cell
        mov     ecx, 4
%$at:    rep     movsb
        OFF
        DONE
        CASE    "execute: disabled"
        ARM     0, %$at, EXECUTE
        OFF
%$at:    nop
        DONE
        CASE    "execute: IRET with RF passes"
        ARM     0, %$at, EXECUTE
        push    dword EFLAGS_RF | 2
        push    dword CODE0
        push    dword %$at
        iretd
%$at:    nop
        OFF
        DONE
        CASE    "execute: POPF cannot set RF"
        ARM     0, %$at, EXECUTE
        push    dword EFLAGS_RF | 2
        popfd
%$at:    nop
        OFF
        DONE
        CASE    "execute: RF lasts one instruction"
        ARM     0, %$at, EXECUTE
        push    dword EFLAGS_RF | 2
        push    dword CODE0
        push    dword %$before
        iretd
%$before: nop
%$at:    nop
        OFF
        DONE
        CASE    "execute: at ring 3"
        ARM     0, %$at, EXECUTE
        ENTER3
        nop
%$at:    nop
        mov     eax, 0x33
        DONE3
        OFF

        CASE    "write of one byte"
        ARM     0, cell + 1, WRITE | L1
        mov     byte [cell], 1
        mov     byte [cell + 1], 2
        nop
        mov     byte [cell + 2], 3
        mov     dword [cell], 4
        nop
        mov     al, [cell + 1]
        OFF
        DONE
        CASE    "write of two bytes"
        ARM     1, cell + 2, WRITE | L2
        mov     byte [cell + 1], 1
        mov     byte [cell + 3], 2
        nop
        mov     word [cell + 3], 3
        nop
        mov     dword [cell - 1], 4
        nop
        mov     dword [cell + 4], 4
        OFF
        DONE
        CASE    "write of four bytes"
        ARM     2, cell + 4, WRITE | L4
        mov     byte [cell + 3], 1
        mov     byte [cell + 7], 2
        nop
        mov     byte [cell + 8], 2
        mov     dword [cell + 1], 3
        nop
        OFF
        DONE
        CASE    "an address that is not aligned"
        ARM     0, cell + 3, WRITE | L4
        mov     byte [cell], 1
        nop
        mov     byte [cell + 4], 1
        OFF
        DONE
        CASE    "read and write"
        ARM     3, cell, ACCESS | L4
        mov     eax, [cell]
        nop
        mov     [cell], eax
        nop
        cmp     byte [cell + 3], 0
        nop
        OFF
        DONE
        CASE    "read, modify, write"
        ARM     0, cell, WRITE | L4
        inc     dword [cell]
        nop
        xchg    [cell], eax
        nop
        lock add [cell], ebx
        nop
        OFF
        DONE
        CASE    "a failed CMPXCHG writes"
        ARM     0, cell, WRITE | L4
        mov     dword [cell], 0
        mov     eax, 1
        cmpxchg [cell], ebx
        nop
        OFF
        DONE
        CASE    "two at once"
        ARM     0, cell, WRITE | L2
        ARM     1, cell + 2, ACCESS | L2
        mov     dword [cell], 0
        nop
        mov     ax, [cell]
        OFF
        DONE
        CASE    "movsd from watched to watched"
        ARM     0, source, ACCESS | L4
        ARM     1, cell, WRITE | L4
        mov     esi, source
        mov     edi, cell
        movsd
        nop
        OFF
        DONE
        CASE    "repeated: after its element"
        ARM     0, cell + 2, WRITE | L1
        mov     esi, source
        mov     edi, cell
        mov     ecx, 5
        rep     movsb
        nop
        OFF
        SHOW    "ecx", ecx
        DONE
        CASE    "repeated: the last element"
        ARM     0, cell + 4, WRITE | L1
        mov     edi, cell
        mov     ecx, 5
        rep     stosb
        nop
        OFF
        DONE
        CASE    "PUSH and CALL"
        mov     ebp, esp
        and     ebp, ~3
        sub     ebp, 4
        ARM     0, ebp, WRITE | L4
        push    ebx
        nop
        pop     ebx
        call    %$next
%$next:  nop
        OFF
        add     esp, 4
        DONE
        CASE    "at ring 3"
        ARM     0, cell, WRITE | L4
        ENTER3
        mov     dword [cell], 3
        nop
        DONE3
        OFF
        CASE    "x87 and SSE operands"
        mov     eax, cr4
        or      eax, 0x600
        mov     cr4, eax
        fninit
        ARM     0, cell + 8, ACCESS | L4
        fld     qword [cell + 8]
        nop
        fstp    tword [cell]
        nop
        movups  xmm0, [cell]
        nop
        movups  [cell + 5], xmm0
        nop
        OFF
        DONE

        CASE    "single step"
        mov     dword [keep_tf], 1
        push    dword EFLAGS_TF | 2
        popfd
        nop
        inc     ebx
        push    dword 2
        popfd
        nop
        mov     dword [keep_tf], 0
        DONE
        CASE    "single step: over INT"
        mov     dword [keep_tf], 1
        mov     eax, 0x42
        mov     ebx, plain_return
        mov     ecx, 0x8e
        call    set_gate
        push    dword EFLAGS_TF | 2
        popfd
        int     0x42
        nop
        push    dword 2
        popfd
        mov     dword [keep_tf], 0
        DONE
        CASE    "single step: a repeated instruction"
        mov     dword [keep_tf], 1
        mov     edi, cell
        mov     ecx, 3
        push    dword EFLAGS_TF | 2
        popfd
        rep     stosb
        push    dword 2
        popfd
        mov     dword [keep_tf], 0
        DONE
        CASE    "single step: after a load of SS"
        mov     dword [keep_tf], 1
        mov     ax, ss
        push    dword EFLAGS_TF | 2
        popfd
        mov     ss, ax
        nop
        nop
        push    dword 2
        popfd
        mov     dword [keep_tf], 0
        DONE
        CASE    "single step and a watched write"
        ARM     0, cell, WRITE | L4
        push    dword EFLAGS_TF | 2
        popfd
        mov     [cell], eax
        nop
        OFF
        DONE
        CASE    "a watched load of SS"
        ARM     0, stack_selector, ACCESS | L2
        mov     ss, [stack_selector]
        nop
        nop
        OFF
        DONE

        CASE    "I/O"
        CR4_SET CR4_DE
        ARM     0, 0x80, IO | L1
        out     0x80, al
        nop
        in      al, 0x80
        nop
        mov     dx, 0x7f
        in      al, dx
        in      ax, dx
        nop
        OFF
        CR4_CLEAR CR4_DE
        DONE
        CASE    "I/O: four ports"
        CR4_SET CR4_DE
        ARM     1, 0x80, IO | L4
        out     0x83, al
        nop
        out     0x84, al
        mov     esi, source
        mov     ecx, 2
        mov     dx, 0x82
        rep     outsb
        nop
        OFF
        CR4_CLEAR CR4_DE
        DONE

        CASE    "general detect"
        mov     eax, 0x2000
        mov     dr7, eax
%$at:    mov     ebx, dr0
        nop
        mov     ecx, dr7
        SHOW    "dr7", ecx
        DONE
        CASE    "general detect: write"
        mov     eax, 0x2000
        mov     dr7, eax
        xor     eax, eax
        mov     dr6, eax
        nop
        DONE
        OFF

        CASE    "ICEBP"
        db      0xf1
        nop
        DONE
        CASE    "ICEBP at ring 3"
        ENTER3
        db      0xf1
        nop
        DONE3
        CASE    "INT 1 leaves GD"
        mov     byte [idt + 8 + 5], 0x8e
        int     1
        nop
        DONE

        CASE    "task switch with the T bit"
        mov     dword [tss_t + TSS_TRAP], 0x680001
        call    fill_task
        mov     dword [tss_t + TSS_EIP], %$in_task
        jmp     TSS_T:0
%$in_task:
        nop
        DONE
        and     byte [gdt + TSS_MAIN + 5], ~2
        mov     eax, TSS_MAIN
        ltr     ax
        CASE    "task switch ends local breakpoints"
        and     byte [gdt + TSS_T + 5], ~2
        mov     dword [tss_t + TSS_TRAP], 0x680000
        call    fill_task
        mov     dword [tss_t + TSS_EIP], %$in_task
        mov     eax, cell
        mov     dr0, eax
        mov     dr1, eax
        mov     eax, (WRITE | L4) << 16 | (WRITE | L4) << 20 | 1 | 8
        mov     dr7, eax
        mov     [cell], eax
        nop
        jmp     TSS_T:0
%$in_task:
        mov     [cell], eax
        nop
        mov     ebx, dr7
        OFF
        SHOW    "dr7", ebx
        DONE
        and     byte [gdt + TSS_MAIN + 5], ~2
        mov     eax, TSS_MAIN
        ltr     ax

        CASE    "faults push RF"
        mov     ebx, on_fault
        mov     eax, 6
        mov     ecx, 0x8e
        call    set_gate
        ud2
        SHOW    "rf", [fault_rf]

        DONE
        CASE    "software interrupts do not"
        mov     ebx, on_trap
        mov     eax, 0x42
        mov     ecx, 0x8e
        call    set_gate
        int     0x42
        SHOW    "rf", [fault_rf]
        DONE
        jmp     finish

fill_task:
        mov     dword [tss_t + TSS_FLAGS], 2
        mov     eax, esp
        add     eax, 4
        mov     [tss_t + TSS_ESP], eax
        mov     dword [tss_t + TSS_CS], CODE0

        mov     dword [tss_t + TSS_SS], DATA0
        mov     dword [tss_t + TSS_DS], DATA0
        mov     dword [tss_t + TSS_ES], DATA0
        mov     dword [tss_t + TSS_LDT], 0
        ret
plain_return:
        iretd
on_fault:
        add     dword [esp], 2
on_trap:
        push    eax
        mov     eax, [esp + 12]
        and     eax, EFLAGS_RF
        mov     [fault_rf], eax
        pop     eax
        iretd
fault_rf: dd    0
body_end:
BODY_SECTORS equ (body_end - entry + 511) / 512
