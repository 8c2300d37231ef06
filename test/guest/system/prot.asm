; Protected mode: descriptor checks, limits, gates, privilege, I/O permission. Intel SDM volume 3, chapters 5, 6, 7.
; Tables first: everything the cases select.
%include "prot.inc"
CODE_NONCONF3 equ CODE3
NOT_PRESENT   equ $ - gdt
        DESC    0, 0xfffff, 0x13, 0xc
READ_ONLY     equ $ - gdt
        DESC    0, 0xfffff, 0x91, 0xc
EXEC_ONLY     equ $ - gdt
        DESC    0, 0xfffff, 0x99, 0xc
CONFORMING    equ $ - gdt
        DESC    0, 0xfffff, 0x9f, 0xc
CODE_ABSENT   equ $ - gdt
        DESC    0, 0xfffff, 0x1b, 0xc
SMALL         equ $ - gdt               ; bytes 0 to 0Fh of `window`
        DESC    0, 0x0f, 0x93, 4
DOWN          equ $ - gdt               ; expand-down: 10h to FFFFFFFFh of `window`
        DESC    0, 0x0f, 0x97, 4
DOWN16        equ $ - gdt               ; expand-down, B = 0: 10h to FFFFh
        DESC    0, 0x0f, 0x97, 0
SMALL_CODE    equ $ - gdt
        DESC    0, 0x0f, 0x9b, 4
SMALL_STACK   equ $ - gdt
        DESC    0, 0x3ff, 0x93, 4
LDT           equ $ - gdt
        DESC    0, 3 * 8 - 1, 0x82, 0
LDT_ABSENT    equ $ - gdt
        DESC    0, 3 * 8 - 1, 0x02, 0
TSS_AVAILABLE equ $ - gdt
        DESC    0, TSS_SIZE - 1, 0x89, 0
TSS_BUSY      equ $ - gdt
        DESC    0, TSS_SIZE - 1, 0x8b, 0
TSS_ABSENT    equ $ - gdt
        DESC    0, TSS_SIZE - 1, 0x09, 0
TSS_SHORT     equ $ - gdt
        DESC    0, TSS_SIZE - 2, 0x89, 0
CALL_GATE     equ $ - gdt               ; DPL 3 to ring 0
        GATE    CODE0, gate_target, 0xec, 0
CALL_GATE_2   equ $ - gdt               ; two parameters
        GATE    CODE0, gate_target_2, 0xec, 2
CALL_GATE_0   equ $ - gdt               ; DPL 0
        GATE    CODE0, gate_target, 0x8c, 0
CALL_GATE_NP  equ $ - gdt
        GATE    CODE0, gate_target, 0x6c, 0
CALL_GATE_BAD equ $ - gdt               ; to a data segment
        GATE    DATA0, gate_target, 0xec, 0
CALL_GATE_NUL equ $ - gdt
        GATE    0, gate_target, 0xec, 0
CALL_GATE_CNF equ $ - gdt               ; to conforming code: no stack switch
        GATE    CONFORMING, conforming_target, 0xec, 0
CALL_GATE_ABS equ $ - gdt
        GATE    CODE_ABSENT, gate_target, 0xec, 0
CALL_GATE_1   equ $ - gdt               ; to ring 1
        GATE    CODE1 | 1, gate_target_1, 0xec, 0
CALL_GATE_16  equ $ - gdt               ; 286 gate; its offset has 16 bits
        dw      0, CODE16
        db      1, 0xe4
        dw      0
CODE16        equ $ - gdt               ; ring 0, base `code16_start`
        DESC    0, 0xffff, 0x9b, 0
gdt_end:
SELECTOR_BEYOND equ gdt_end - gdt
        align   8
ldt:    dq      0
        DESC    0, 0xfffff, 0x93, 0xc
        DESC    0, 0xfffff, 0xf3, 0xc
window: times 64 db 0x5a
far_pointer: dd 0
             dw 0

gate_target:
        mov     eax, [esp + 4]          ; CS of the caller
        retf
gate_target_2:
        mov     eax, [esp + 8]          ; last parameter pushed
        shl     eax, 16
        mov     ax, [esp + 12]
        retf    8
gate_target_1:
        mov     eax, ss
        shl     eax, 16
        mov     ax, cs
        retf
conforming_target:
        mov     ax, cs
        retf
        bits    16
code16_start:
        mov     ax, [esp + 4]           ; the word parameter, above IP and CS
        int     RETURN_GATE             ; no way back: the gate pushed the low half of EIP only
        bits    32

start:
        %macro BASE 2
        mov     eax, %1
        mov     ebx, %2
        call    set_base
        %endmacro
        BASE    SMALL, window
        BASE    DOWN, window
        BASE    DOWN16, window
        BASE    SMALL_CODE, window
        BASE    SMALL_STACK, STACK0 - 0x1000
        BASE    LDT, ldt
        BASE    LDT_ABSENT, ldt
        BASE    TSS_AVAILABLE, tss_spare
        BASE    TSS_BUSY, tss_spare
        BASE    TSS_ABSENT, tss_spare
        BASE    TSS_SHORT, tss_spare
        BASE    CODE16, code16_start

; ---- loading data segments, at CPL 0 and 3
%macro LOAD 3                           ; name, register, selector
        CASE    %1
        mov     eax, %3
        mov     %2, ax
        DONE
%endmacro
%macro LOAD3 3
        CASE    %1
        ENTER3
        mov     eax, %3
        mov     %2, ax
        DONE3
%endmacro
        LOAD    "DS null", ds, 0
        LOAD    "DS null with RPL 3", ds, 3
        LOAD    "DS data", ds, DATA0
        LOAD    "DS data, RPL 3", ds, DATA0 | 3
        LOAD    "DS DPL 3 data, RPL 3", ds, DATA3 | 3
        LOAD    "DS read-only", ds, READ_ONLY
        LOAD    "DS readable code", ds, CODE0
        LOAD    "DS execute-only code", ds, EXEC_ONLY
        LOAD    "DS conforming code, RPL 3", ds, CONFORMING | 3
        LOAD    "DS not present", ds, NOT_PRESENT
        LOAD    "DS beyond the table", ds, SELECTOR_BEYOND
        LOAD    "DS last byte beyond the table", ds, SELECTOR_BEYOND + 0x7f00
        LOAD    "DS TSS", ds, TSS_AVAILABLE
        LOAD    "DS gate", ds, CALL_GATE
        LOAD    "DS from the LDT without one", ds, 8 | 4
        LOAD    "ES not present", es, NOT_PRESENT
        LOAD    "FS execute-only", fs, EXEC_ONLY
        LOAD    "GS null", gs, 0
        LOAD    "SS null", ss, 0
        LOAD    "SS data", ss, DATA0
        LOAD    "SS RPL 3", ss, DATA0 | 3
        LOAD    "SS DPL 3", ss, DATA3
        LOAD    "SS read-only", ss, READ_ONLY
        LOAD    "SS code", ss, CODE0
        LOAD    "SS not present", ss, NOT_PRESENT
        LOAD    "SS beyond the table", ss, SELECTOR_BEYOND
        LOAD3   "cpl 3: DS null", ds, 0
        LOAD3   "cpl 3: DS DPL 0", ds, DATA0
        LOAD3   "cpl 3: DS DPL 0, RPL 3", ds, DATA0 | 3
        LOAD3   "cpl 3: DS DPL 3, RPL 0", ds, DATA3
        LOAD3   "cpl 3: DS code 3", ds, CODE3
        LOAD3   "cpl 3: DS code 0", ds, CODE0
        LOAD3   "cpl 3: DS conforming code 0", ds, CONFORMING
        LOAD3   "cpl 3: DS not present", ds, NOT_PRESENT
        LOAD3   "cpl 3: SS DPL 3, RPL 3", ss, DATA3 | 3
        LOAD3   "cpl 3: SS DPL 3, RPL 0", ss, DATA3
        LOAD3   "cpl 3: SS null RPL 3", ss, 3
        LOAD3   "cpl 3: SS DPL 0", ss, DATA0
        CASE    "POP DS not present leaves ESP"
        mov     ebx, esp
        push    dword NOT_PRESENT
        pop     ds
        DONE
        CASE    "LDS not present"
        mov     word [far_pointer + 4], NOT_PRESENT
        lds     eax, [far_pointer]
        DONE
        CASE    "LSS null"
        mov     word [far_pointer + 4], 0
        lss     esp, [far_pointer]
        DONE
        CASE    "load sets the accessed bit"
        and     byte [gdt + DATA1 + 5], 0xfe
        mov     eax, DATA1
        mov     fs, ax
        movzx   eax, byte [gdt + DATA1 + 5]
        SHOW    "access", eax
        DONE

; ---- access: type and limit
        CASE    "null DS: read"
        xor     eax, eax
        mov     fs, ax
        mov     al, [fs:0]
        DONE
        CASE    "read-only: write"
        mov     eax, READ_ONLY
        mov     fs, ax
        mov     [fs:window], al
        DONE
        CASE    "code: write through CS"
        mov     [cs:window], al
        DONE
        CASE    "execute-only: read through CS"
        jmp     EXEC_ONLY:.in_exec_only
.in_exec_only:
        mov     al, [cs:window]
        DONE
%macro LIMIT 3+                         ; name, selector, instruction that uses FS
        CASE    %1
        mov     eax, %2
        mov     fs, ax
        %3
        SHOW    "eax", eax
        DONE
%endmacro
        LIMIT   "limit: last byte", SMALL, mov al, [fs:0xf]
        LIMIT   "limit: byte beyond", SMALL, mov al, [fs:0x10]
        LIMIT   "limit: last dword", SMALL, mov eax, [fs:0xc]
        LIMIT   "limit: dword half beyond", SMALL, mov eax, [fs:0xd]
        LIMIT   "limit: negative offset", SMALL, mov al, [fs:0xffffffff]
        LIMIT   "expand-down: first byte within", DOWN, mov al, [fs:0x10]
        LIMIT   "expand-down: last byte below", DOWN, mov al, [fs:0xf]
        LIMIT   "expand-down: dword half below", DOWN, mov eax, [fs:0xe]
        LIMIT   "expand-down 16: byte above FFFFh", DOWN16, mov al, [fs:0x10000]
        LIMIT   "limit: write half beyond", SMALL, mov [fs:0xe], eax
        CASE    "limit: stack"
        mov     eax, SMALL_STACK
        mov     ss, ax
        mov     esp, 0x400
        mov     eax, [ss:0x3fe]
        DONE
        CASE    "limit: jump beyond"
        jmp     SMALL_CODE:0x10
        DONE
        CASE    "limit: CMPXCHG8B half beyond"
        mov     eax, SMALL
        mov     fs, ax
        cmpxchg8b [fs:0xc]
        DONE

; ---- asking about selectors
%macro ASK 2
        CASE    %1
        mov     ebx, %2
        xor     ecx, ecx
        xor     edx, edx
        lar     ecx, ebx
        setz    dl
        xor     esi, esi
        lsl     esi, ebx
        setz    dh
        verr    bx
        setz    al
        verw    bx
        setz    ah
        and     ecx, 0x00f0ff00         ; bits 16 to 19 are undefined
        movzx   eax, ax
        SHOW    "lar", ecx
        SHOW    "lsl", esi
        SHOW    "lar.lsl", edx
        SHOW    "verr.verw", eax
        DONE
%endmacro
        ASK     "ask: null", 0
        ASK     "ask: code 0", CODE0
        ASK     "ask: data 0", DATA0
        ASK     "ask: data 0, RPL 3", DATA0 | 3
        ASK     "ask: data 3, RPL 3", DATA3 | 3
        ASK     "ask: not present", NOT_PRESENT
        ASK     "ask: read-only", READ_ONLY
        ASK     "ask: execute-only", EXEC_ONLY
        ASK     "ask: conforming, RPL 3", CONFORMING | 3
        ASK     "ask: byte limit", SMALL
        ASK     "ask: LDT", LDT
        ASK     "ask: TSS", TSS_AVAILABLE
        ASK     "ask: call gate", CALL_GATE
        ASK     "ask: 286 call gate", CALL_GATE_16
        ASK     "ask: beyond the table", SELECTOR_BEYOND
        CASE    "ARPL raises"
        mov     eax, 0x1230
        mov     ebx, 3
        arpl    ax, bx
        SHOW_FLAGS
        SHOW    "eax", eax
        DONE
        CASE    "ARPL leaves"
        mov     eax, 0x1233
        mov     ebx, 2
        arpl    ax, bx
        SHOW_FLAGS
        SHOW    "eax", eax
        DONE

; ---- LLDT, LTR, SLDT, STR
%macro ONE 2+
        CASE    %1
        %2
        DONE
%endmacro
%macro WITH_AX 3+
        CASE    %1
        mov     eax, %2
        %3
        DONE
%endmacro
        WITH_AX "LLDT null", 0, lldt ax
        WITH_AX "LLDT", LDT, lldt ax
        WITH_AX "LLDT not present", LDT_ABSENT, lldt ax
        WITH_AX "LLDT data", DATA0, lldt ax
        WITH_AX "LLDT from an LDT", LDT | 4, lldt ax
        WITH_AX "LLDT beyond", SELECTOR_BEYOND, lldt ax
        WITH_AX "LTR null", 0, ltr ax
        and     byte [gdt + TSS_MAIN + 5], ~2
        mov     eax, TSS_MAIN
        ltr     ax
        WITH_AX "LTR busy", TSS_BUSY, ltr ax
        WITH_AX "LTR not present", TSS_ABSENT, ltr ax
        WITH_AX "LTR data", DATA0, ltr ax
        WITH_AX "LTR LDT", LDT, ltr ax
        CASE    "SLDT, STR"
        mov     eax, LDT
        lldt    ax
        sldt    eax
        str     ebx
        SHOW    "ldt", eax
        SHOW    "tr", ebx
        DONE
        CASE    "LTR marks busy"
        mov     eax, TSS_AVAILABLE
        ltr     ax
        movzx   eax, byte [gdt + TSS_AVAILABLE + 5]
        SHOW    "access", eax
        and     byte [gdt + TSS_MAIN + 5], ~2
        mov     eax, TSS_MAIN
        ltr     ax
        DONE
        and     byte [gdt + TSS_AVAILABLE + 5], ~2
        CASE    "LDT selector"
        mov     eax, LDT
        lldt    ax
        mov     eax, 8 | 4
        mov     fs, ax
        mov     al, [fs:window]
        DONE
        CASE    "LDT selector beyond its limit"
        mov     eax, LDT
        lldt    ax
        mov     eax, 0x18 | 4
        mov     fs, ax
        DONE

; ---- far jumps and calls without gates
%macro FAR 2
        CASE    %1
        mov     word [far_pointer + 4], %2
        mov     dword [far_pointer], %%landed
        jmp     far dword [far_pointer]
%%landed:
        mov     eax, cs
        SHOW    "cs", eax
        DONE
%endmacro
%macro FAR3 2
        CASE    %1
        mov     word [far_pointer + 4], %2
        mov     dword [far_pointer], %%landed
        ENTER3
        jmp     far dword [far_pointer]
%%landed:
        mov     eax, cs
        DONE3
%endmacro
        FAR     "JMPF code 0", CODE0
        FAR     "JMPF null", 0
        FAR     "JMPF code 3", CODE3
        FAR     "JMPF code 0, RPL 3", CODE0 | 3
        FAR     "JMPF data", DATA0
        FAR     "JMPF code not present", CODE_ABSENT
        FAR     "JMPF conforming", CONFORMING
        FAR     "JMPF beyond the table", SELECTOR_BEYOND
        FAR     "JMPF LDT descriptor", LDT
        FAR     "JMPF busy TSS", TSS_BUSY
        FAR     "JMPF TSS not present", TSS_ABSENT
        FAR     "JMPF TSS too short", TSS_SHORT
        FAR3    "cpl 3: JMPF code 3", CODE3
        FAR3    "cpl 3: JMPF code 0", CODE0
        FAR3    "cpl 3: JMPF conforming keeps CPL", CONFORMING
        FAR3    "cpl 3: JMPF TSS of DPL 0", TSS_AVAILABLE
        FAR3    "cpl 3: JMPF gate of DPL 0", CALL_GATE_0
        FAR3    "cpl 3: JMPF gate to ring 0", CALL_GATE
        mov     eax, cr0
        and     al, ~8
        mov     cr0, eax

%macro CALL0 2
        CASE    %1
        mov     ebx, esp
        call    %2:0
        sub     ebx, esp
        SHOW    "eax", eax
        SHOW    "sunk", ebx
        DONE
%endmacro
%macro CALL3 2
        CASE    %1
        ENTER3
        push    dword 0x1111
        push    dword 0x2222
        call    %2:0
        DONE3
%endmacro
        CALL0   "CALLF gate", CALL_GATE
        CALL0   "CALLF gate of DPL 0", CALL_GATE_0
        CALL0   "CALLF gate of DPL 0, RPL 3", CALL_GATE_0 | 3
        CALL0   "CALLF gate not present", CALL_GATE_NP
        CALL0   "CALLF gate to data", CALL_GATE_BAD
        CALL0   "CALLF gate to null", CALL_GATE_NUL
        CALL0   "CALLF gate to absent code", CALL_GATE_ABS
        CALL0   "CALLF gate to less privilege", CALL_GATE_1
        CALL3   "cpl 3: CALLF gate", CALL_GATE | 3
        CALL3   "cpl 3: CALLF gate with two parameters", CALL_GATE_2 | 3
        CALL3   "cpl 3: CALLF gate of DPL 0", CALL_GATE_0
        CALL3   "cpl 3: CALLF gate not present", CALL_GATE_NP | 3
        CALL3   "cpl 3: CALLF gate to data", CALL_GATE_BAD | 3
        CALL3   "cpl 3: CALLF gate to null", CALL_GATE_NUL | 3
        CALL3   "cpl 3: CALLF gate to conforming code", CALL_GATE_CNF | 3
        CALL3   "cpl 3: CALLF gate to absent code", CALL_GATE_ABS | 3
        CALL3   "cpl 3: CALLF gate to ring 1", CALL_GATE_1 | 3
        CALL3   "cpl 3: CALLF 286 gate", CALL_GATE_16 | 3
        CALL3   "cpl 3: CALLF code 0", CODE0
%macro CALL3_WITH_SS 4                  ; name, gate, where in the TSS, SS
        push    dword [tss_main + %3]
        mov     dword [tss_main + %3], %4
        CALL3   %1, %2
        pop     dword [tss_main + %3]
%endmacro
        CALL3_WITH_SS "cpl 3: gate to ring 1, its SS null", CALL_GATE_1 | 3, TSS_SS1, 0
        CALL3_WITH_SS "cpl 3: gate to ring 1, its SS of DPL 0", CALL_GATE_1 | 3, TSS_SS1, DATA0
        CALL3_WITH_SS "cpl 3: gate to ring 1, its SS not present", CALL_GATE_1 | 3, TSS_SS1, NOT_PRESENT | 1
        CALL3_WITH_SS "cpl 3: gate to ring 1, its SS beyond", CALL_GATE_1 | 3, TSS_SS1, SELECTOR_BEYOND | 1

; ---- returns
%macro RETF_TO 3                        ; name, CS, SS
        CASE    %1
        push    dword %3
        push    dword STACK3
        push    dword %2
        push    dword %%landed
        retf
%%landed:
        mov     eax, ds                 ; a segment that CPL may not have is cleared
        shl     eax, 16
        mov     ax, cs
        int     RETURN_GATE
%$end:
 %pop
%endmacro
        RETF_TO "RETF to ring 3", CODE3 | 3, DATA3 | 3
        RETF_TO "RETF to ring 1", CODE1 | 1, DATA1 | 1
        RETF_TO "RETF to null", 0, 0
        RETF_TO "RETF RPL 3 to code 0", CODE0 | 3, DATA3 | 3
        RETF_TO "RETF RPL 3 to conforming", CONFORMING | 3, DATA3 | 3
        RETF_TO "RETF to absent code", CODE_ABSENT, 0
        RETF_TO "RETF to data", DATA0, 0
        RETF_TO "RETF to ring 3, SS null", CODE3 | 3, 0
        RETF_TO "RETF to ring 3, SS RPL 0", CODE3 | 3, DATA3
        RETF_TO "RETF to ring 3, SS DPL 0", CODE3 | 3, DATA0 | 3
        RETF_TO "RETF to ring 3, SS not present", CODE3 | 3, NOT_PRESENT | 3
        RETF_TO "RETF to ring 3, SS code", CODE3 | 3, CODE3 | 3
        CASE    "cpl 3: RETF to ring 0"
        ENTER3
        push    dword CODE0
        push    dword gate_target
        retf
        DONE3
        CASE    "RETF 4 releases both stacks"
        push    dword DATA3 | 3
        push    dword STACK3
        push    dword 0
        push    dword CODE3 | 3
        push    dword .retf4
        retf    4
.retf4: mov     eax, STACK3
        sub     eax, esp
        DONE3
%macro IRET_TO 4                        ; name, CS, SS, EFLAGS
        CASE    %1
        push    dword %3
        push    dword STACK3
        push    dword %4
        push    dword %2
        push    dword %%landed
        iretd
%%landed:
        pushfd
        pop     eax
        int     RETURN_GATE
%$end:
 %pop
%endmacro
        IRET_TO "IRET to ring 3", CODE3 | 3, DATA3 | 3, 0x3002
        IRET_TO "IRET to ring 3 with IOPL 0, IF", CODE3 | 3, DATA3 | 3, 0x0ad7
        IRET_TO "IRET to null", 0, 0, 2
        IRET_TO "IRET to absent code", CODE_ABSENT, 0, 2
        IRET_TO "IRET to ring 3, SS null", CODE3 | 3, 0, 2
        IRET_TO "IRET to ring 3, SS DPL 0", CODE3 | 3, DATA0 | 3, 2
        IRET_TO "IRET to ring 0", CODE0, DATA0, 0x3002
        CASE    "cpl 3: IRET cannot change IOPL or IF"
        mov     dword [iopl], 2
        ENTER3
        push    dword 0x3ed7
        push    dword CODE3 | 3
        push    dword .iret3
        iretd
.iret3: pushfd
        pop     eax
        DONE3
        CASE    "cpl 3: IRET to ring 0"
        ENTER3
        push    dword 2
        push    dword CODE0
        push    dword gate_target
        iretd
        DONE3
        CASE    "IRET with NT, back link null"
        mov     dword [tss_main], 0
        push    dword 0x4002
        popfd
        iretd
        DONE

; ---- interrupts through gates
%macro GATE_AT 2                        ; vector, access byte
        mov     byte [idt + (%1) * 8 + 5], %2
%endmacro
        ONE     "INT 41h, DPL 0", int BREAK_GATE
        CASE    "cpl 3: INT 41h, DPL 0"
        ENTER3
        int     BREAK_GATE
        DONE3
        CASE    "cpl 3: INT3"
        ENTER3
        int3
        DONE3
        CASE    "cpl 3: UD2"
        ENTER3
        ud2
        DONE3
        GATE_AT BREAK_GATE, 0x0e
        ONE     "INT through a gate not present", int BREAK_GATE
        GATE_AT BREAK_GATE, 0x8c
        ONE     "INT through a call gate", int BREAK_GATE
        GATE_AT BREAK_GATE, 0x8e
        mov     word [idt + BREAK_GATE * 8 + 2], DATA0
        ONE     "INT to data", int BREAK_GATE
        mov     word [idt + BREAK_GATE * 8 + 2], 0
        ONE     "INT to null", int BREAK_GATE
        mov     word [idt + BREAK_GATE * 8 + 2], CODE_ABSENT
        ONE     "INT to absent code", int BREAK_GATE
        mov     word [idt + BREAK_GATE * 8 + 2], CODE3
        ONE     "INT to less privilege", int BREAK_GATE
        mov     word [idt + BREAK_GATE * 8 + 2], CODE0
        lidt    [short_idt]
        ONE     "INT beyond the IDT", int 0x60
        lidt    [idt_pointer]

        CASE    "interrupt gate clears IF, trap gate does not"
        mov     eax, 0x50
        mov     ebx, flags_target
        mov     ecx, 0x8e
        call    set_gate
        mov     eax, 0x51
        mov     ebx, flags_target
        mov     ecx, 0x8f
        call    set_gate
        sti
        int     0x50
        mov     ebx, eax
        int     0x51
        cli
        SHOW    "interrupt", ebx
        SHOW    "trap", eax
        DONE
        jmp     privileged
flags_target:
        pushfd
        pop     eax
        and     eax, 0x4300             ; NT, IF, TF
        iretd
short_idt: dw   0x50 * 8 - 1
           dd   idt

; ---- what CPL and IOPL forbid
privileged:
        mov     edi, tss_main + TSS_SIZE
        mov     ecx, 0x2000
        mov     al, 0xff
        rep     stosb
%macro USER 2+
        CASE    %1
        mov     dword [iopl], 2
        ENTER3
        %2
        DONE3
%endmacro
%macro USER_IOPL3 2+
        CASE    %1
        mov     dword [iopl], 0x3002
        ENTER3
        %2
        DONE3
        mov     dword [iopl], 2
%endmacro
        USER    "cpl 3: HLT", hlt
        USER    "cpl 3: LGDT", lgdt [gdt_pointer]
        USER    "cpl 3: LIDT", lidt [idt_pointer]
        USER    "cpl 3: LLDT", lldt ax
        USER    "cpl 3: LTR", ltr ax
        USER    "cpl 3: LMSW", lmsw ax
        USER    "cpl 3: CLTS", clts
        USER    "cpl 3: MOV from CR0", mov eax, cr0
        USER    "cpl 3: MOV to CR3", mov cr3, eax
        USER    "cpl 3: MOV from DR7", mov eax, dr7
        USER    "cpl 3: INVLPG", invlpg [window]
        USER    "cpl 3: WBINVD", wbinvd
        USER    "cpl 3: RDMSR", rdmsr
        USER    "cpl 3: STR", str eax
        USER    "cpl 3: CLI", cli
        USER    "cpl 3: STI", sti
        USER    "cpl 3: IN", in al, 0x80
        USER    "cpl 3: OUT", out 0x80, al
        USER    "cpl 3: INSB", insb
        USER    "cpl 3: OUTSB", outsb
        USER_IOPL3 "iopl 3: CLI", cli
        USER_IOPL3 "iopl 3: STI, CLI", sti
        USER_IOPL3 "iopl 3: HLT", hlt
        USER_IOPL3 "iopl 3: OUT", out 0x80, al
        CASE    "cpl 3: POPF changes neither IOPL nor IF"
        ENTER3
        push    dword 0x3ed7
        popfd
        pushfd
        pop     eax
        DONE3
        CASE    "iopl 3: POPF changes IF, not IOPL"
        mov     dword [iopl], 0x3002
        ENTER3
        push    dword 0x0ed7
        popfd
        pushfd
        pop     eax
        DONE3
        mov     dword [iopl], 2

; ---- I/O permission bitmap
%macro MAP_PORT 2                       ; port, 0 allowed or 1 denied
 %if %2
        or      byte [tss_main + TSS_SIZE + (%1) / 8], 1 << ((%1) & 7)
 %else
        and     byte [tss_main + TSS_SIZE + (%1) / 8], ~(1 << ((%1) & 7)) & 0xff
 %endif
%endmacro
        MAP_PORT 0x80, 0
        MAP_PORT 0x84, 0
        MAP_PORT 0x85, 0
        MAP_PORT 0x86, 0
        USER    "bitmap: OUT allowed", out 0x80, al
        USER    "bitmap: OUT denied", out 0x81, al
        USER    "bitmap: word half denied", out 0x80, ax
        USER    "bitmap: word allowed", out 0x84, ax
        USER    "bitmap: dword quarter denied", out 0x84, eax
        MAP_PORT 0x87, 0
        USER    "bitmap: dword allowed", out 0x84, eax
        mov     word [tss_main + TSS_IOMAP], TSS_SIZE + 0x2000
        USER    "bitmap: beyond the TSS limit", out 0x80, al
        mov     word [tss_main + TSS_IOMAP], TSS_SIZE

; ---- control registers
        CASE    "CR0: NW without CD"
        mov     eax, cr0
        or      eax, 0x20000000
        and     eax, ~0x40000000
        mov     cr0, eax
        DONE
        CASE    "CR1"
        db      0x0f, 0x20, 0xc8
        DONE
        CASE    "LMSW cannot leave protected mode"
        xor     eax, eax
        lmsw    ax
        smsw    ax
        and     eax, 1
        SHOW    "pe", eax
        DONE
        CASE    "RDMSR of none"
        mov     ecx, 0x12345678
        rdmsr
        DONE
        jmp     finish
        align   16
tss_spare: times TSS_SIZE db 0
body_end:
BODY_SECTORS equ (body_end - entry + 511) / 512
