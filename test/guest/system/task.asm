; Task switches by JMP, CALL, INT, IRET, task gates; 32- and 16-bit TSS. Intel SDM volume 3, chapter 7.
%include "prot.inc"
TSS_B       equ $ - gdt
        DESC    0, TSS_SIZE - 1, 0x89, 0
TSS_B3      equ $ - gdt                 ; the same TSS with DPL 3
        DESC    0, TSS_SIZE - 1, 0xe9, 0
TSS_C       equ $ - gdt                 ; 80286
        DESC    0, 43, 0x81, 0
TSS_BAD     equ $ - gdt                 ; one byte short
        DESC    0, TSS_SIZE - 2, 0x89, 0
TSS_GONE    equ $ - gdt
        DESC    0, TSS_SIZE - 1, 0x09, 0
TASK_GATE   equ $ - gdt
        dw      0, TSS_B, 0xe500, 0
TASK_GATE_0 equ $ - gdt
        dw      0, TSS_B, 0x8500, 0
TASK_GATE_X equ $ - gdt                 ; to what is no TSS
        dw      0, DATA0, 0xe500, 0
TASK_GATE_N equ $ - gdt                 ; not present
        dw      0, TSS_B, 0x6500, 0
TASK_GATE_C equ $ - gdt
        dw      0, TSS_C, 0xe500, 0
CODE16      equ $ - gdt
        DESC    0, 0xffff, 0x9b, 0
STACK16     equ $ - gdt
        DESC    0, 0xffff, 0x93, 0
ABSENT3     equ $ - gdt
        DESC    0, 0xfffff, 0x73, 0xc
LDT         equ $ - gdt
        DESC    0, 0x17, 0x82, 0
LDT_GONE    equ $ - gdt
        DESC    0, 0x17, 0x02, 0
gdt_end:
SELECTOR_BEYOND equ gdt_end - gdt
        align   4
ldt:    dq      0, 0
        DESC    0, 0xfffff, 0xf3, 0xc
tss_b:  times TSS_SIZE db 0
tss_c:  times 44 db 0
TSS16_IP    equ 14
TSS16_FLAGS equ 16
TSS16_AX    equ 18
TSS16_SP    equ 26
TSS16_ES    equ 34
TSS16_CS    equ 36
TSS16_SS    equ 38
TSS16_DS    equ 40
STACK_B     equ 0x94000
STACK_B0    equ 0x96000
CODE16_BASE equ 0x20000

show_task:                              ; where we are: TR, back link of B, busy bits of A, B, C, NT, TS
        pushfd
        pop     dword [shown_flags]
        str     eax
        SHOW    "tr", eax
        movzx   eax, word [tss_b]
        SHOW    "link", eax
        mov     al, [gdt + TSS_MAIN + 5]
        mov     ah, [gdt + TSS_B + 5]
        shl     eax, 16
        mov     al, [gdt + TSS_C + 5]
        mov     ah, [gdt + TSS_B3 + 5]
        SHOW    "access", eax
        mov     eax, [shown_flags]
        shr     eax, 14
        and     eax, 1
        SHOW    "nt", eax
        mov     eax, cr0
        shr     eax, 3
        and     eax, 1
        SHOW    "ts", eax
        ret

; Fills TSS B: EAX = EIP. Ring 0, EFLAGS 2.
prepare:
        push    eax
        mov     edi, tss_b
        mov     ecx, TSS_SIZE / 4
        xor     eax, eax
        rep     stosd
        pop     dword [tss_b + TSS_EIP]
        mov     dword [tss_b + TSS_FLAGS], 2
        mov     dword [tss_b + TSS_ESP], STACK_B
        mov     dword [tss_b + TSS_ESP0], STACK_B0
        mov     dword [tss_b + TSS_SS0], DATA0
        mov     dword [tss_b + TSS_EAX], 0x0b0b0b0b
        mov     dword [tss_b + TSS_CS], CODE0
        mov     dword [tss_b + TSS_SS], DATA0
        mov     dword [tss_b + TSS_DS], DATA0
        mov     dword [tss_b + TSS_ES], DATA0
        mov     dword [tss_b + TSS_IOMAP], 0x680000
        mov     edi, tss_c
        mov     ecx, 44 / 4
        xor     eax, eax
        rep     stosd
        mov     word [tss_c + TSS16_FLAGS], 2
        mov     word [tss_c + TSS16_SP], 0xff00
        mov     word [tss_c + TSS16_CS], CODE16
        mov     word [tss_c + TSS16_SS], STACK16
        mov     word [tss_c + TSS16_DS], STACK16
        mov     word [tss_c + TSS16_ES], STACK16
        mov     word [tss_c + TSS16_AX], 0x0c0c
        ret
; As `prepare`, ring 3
prepare3:
        call    prepare
        mov     dword [tss_b + TSS_CS], CODE3 | 3
        mov     dword [tss_b + TSS_SS], DATA3 | 3
        mov     dword [tss_b + TSS_DS], DATA3 | 3
        mov     dword [tss_b + TSS_ES], DATA3 | 3
        ret
; Task A again, whatever happened; TS clear.
home:
        and     byte [gdt + TSS_MAIN + 5], ~2
        and     byte [gdt + TSS_B + 5], ~2
        and     byte [gdt + TSS_B3 + 5], ~2
        and     byte [gdt + TSS_C + 5], ~2
        mov     eax, TSS_MAIN
        ltr     ax
        clts
        ret
%macro TASK_CASE 2                      ; name, entry of task B
        call    home
        mov     eax, %2
        call    prepare
        CASE    %1
%endmacro
%macro TASK_CASE3 2
        call    home
        mov     eax, %2
        call    prepare3
        CASE    %1
%endmacro

; Bodies of task B
returns_by_jump:
        SHOW    "eax", eax
        call    show_task
        jmp     TSS_MAIN:0
returns_by_iret:
        SHOW    "eax", eax
        call    show_task
        iretd
        SHOW    "again", eax            ; a second entry goes on behind the IRET
        iretd
shows_error_code:
        pop     eax
        SHOW    "error", eax
        call    show_task
        add     dword [tss_main + TSS_EIP], 2
        iretd
clears_nt:
        push    dword 2
        popfd
        push    dword 2
        push    dword CODE0
        push    dword .same_task
        iretd
.same_task:
        call    show_task
        jmp     TSS_MAIN:0
user_body:
        mov     eax, ds
        int     RETURN_GATE

start:
        mov     eax, TSS_B
        mov     ebx, tss_b
        call    set_base
        mov     eax, TSS_B3
        call    set_base
        mov     eax, TSS_BAD
        call    set_base
        mov     eax, TSS_GONE
        call    set_base
        mov     eax, TSS_C
        mov     ebx, tss_c
        call    set_base
        mov     eax, CODE16
        mov     ebx, CODE16_BASE
        call    set_base
        mov     eax, STACK16
        call    set_base
        mov     eax, LDT
        mov     ebx, ldt
        call    set_base
        mov     eax, LDT_GONE
        call    set_base
        mov     esi, code16_start
        mov     edi, CODE16_BASE
        mov     ecx, code16_end - code16_start
        rep     movsb
        mov     word [idt + 0x52 * 8 + 2], TSS_B        ; task gates at 52h (DPL 3) and 53h (to C)
        mov     byte [idt + 0x52 * 8 + 5], 0xe5
        mov     word [idt + 0x53 * 8 + 2], TSS_C
        mov     byte [idt + 0x53 * 8 + 5], 0xe5

        TASK_CASE "JMP TSS", returns_by_jump
        jmp     TSS_B:0
        call    show_task
        DONE
        TASK_CASE "CALL TSS", returns_by_iret
        call    TSS_B:0
        call    show_task
        DONE
        TASK_CASE "JMP task gate", returns_by_jump
        jmp     TASK_GATE:0
        call    show_task
        DONE
        TASK_CASE "CALL task gate", returns_by_iret
        call    TASK_GATE:0
        call    show_task
        DONE
        TASK_CASE "INT task gate", returns_by_iret
        int     0x52
        call    show_task
        DONE
        TASK_CASE "CALL twice", returns_by_iret
        call    TSS_B:0
        call    TSS_B:0
        DONE
        TASK_CASE "registers are saved", returns_by_iret
        mov     eax, 0x11223344
        mov     ebp, 0x55667788
        stc
        call    TSS_B:0
        SHOW_FLAGS
        SHOW    "ebp", ebp
        mov     eax, [tss_main + TSS_EAX]
        SHOW    "saved", eax
        mov     eax, [tss_main + TSS_FLAGS]
        SHOW    "flags", eax
        DONE
        TASK_CASE "exception through a task gate brings its error code", shows_error_code
        mov     word [idt + 11 * 8 + 2], TSS_B
        mov     byte [idt + 11 * 8 + 5], 0x85
        mov     ebx, ABSENT3
        mov     fs, bx
        mov     word [idt + 11 * 8 + 2], CODE0
        mov     byte [idt + 11 * 8 + 5], 0x8e
        call    show_task
        DONE
        TASK_CASE "IRET without NT stays in the task", clears_nt
        call    TSS_B:0
        DONE

; ---- from ring 3
        TASK_CASE "cpl 3: JMP TSS of DPL 0", returns_by_jump
        ENTER3
        jmp     TSS_B:0
        DONE3
        TASK_CASE "cpl 3: JMP TSS of DPL 3", returns_by_jump
        or      byte [gdt + TSS_B3 + 5], 0
        ENTER3
        jmp     TSS_B3:0
        mov     eax, cs
        DONE3
        TASK_CASE "cpl 3: CALL task gate of DPL 3", returns_by_iret
        ENTER3
        call    TASK_GATE | 3:0
        mov     eax, cs
        DONE3
        TASK_CASE "cpl 3: CALL task gate of DPL 0", returns_by_iret
        ENTER3
        call    TASK_GATE_0:0
        DONE3
        TASK_CASE "cpl 3: INT task gate", returns_by_iret
        ENTER3
        int     0x52
        mov     eax, cs
        DONE3

; ---- refused before the switch
%macro REFUSED 2+
        TASK_CASE %1, returns_by_jump
        %2
        DONE
%endmacro
        REFUSED "JMP to the running task", jmp TSS_MAIN:0
        REFUSED "CALL to the running task", call TSS_MAIN:0
        REFUSED "JMP TSS not present", jmp TSS_GONE:0
        REFUSED "JMP TSS too short", jmp TSS_BAD:0
        REFUSED "JMP task gate to data", jmp TASK_GATE_X:0
        REFUSED "JMP task gate not present", jmp TASK_GATE_N:0
        REFUSED "JMP task gate of DPL 0, RPL 3", jmp TASK_GATE_0 | 3:0
        call    home
        CASE    "IRET, back link to an available TSS"
        mov     dword [tss_main], TSS_B
        push    dword 0x4002
        popfd
        iretd
        DONE
        CASE    "IRET, back link beyond the table"
        mov     dword [tss_main], SELECTOR_BEYOND
        push    dword 0x4002
        popfd
        iretd
        DONE

; ---- refused in the new task: a ring 3 task, so that its fault finds a stack
%macro FAULTY 3
        TASK_CASE3 %1, user_body
        mov     dword [tss_b + %2], %3
        jmp     TSS_B:0
        DONE
%endmacro
        TASK_CASE3 "new task in ring 3", user_body
        jmp     TSS_B:0
        DONE
        FAULTY  "new DS of DPL 0", TSS_DS, DATA0
        FAULTY  "new DS not present", TSS_DS, ABSENT3
        FAULTY  "new DS null", TSS_DS, 0
        FAULTY  "new DS beyond the table", TSS_DS, SELECTOR_BEYOND
        FAULTY  "new LDT", TSS_LDT, LDT
        TASK_CASE3 "new DS in the new LDT", user_body
        mov     dword [tss_b + TSS_LDT], LDT
        mov     dword [tss_b + TSS_DS], 0x10 | 4 | 3
        jmp     TSS_B:0
        DONE

; ---- 80286 TSS
        TASK_CASE "CALL 286 TSS", returns_by_iret
        mov     word [tss_c + TSS16_IP], task16_iret - code16_start
        call    TSS_C:0
        movzx   eax, word [tss_c + TSS16_AX]
        SHOW    "ax", eax
        movzx   eax, word [tss_c]
        SHOW    "link", eax
        call    show_task
        DONE
        TASK_CASE "JMP 286 TSS by task gate", returns_by_iret
        mov     word [tss_c + TSS16_IP], task16_jump - code16_start
        jmp     TASK_GATE_C:0
        movzx   eax, word [tss_c + TSS16_AX]
        SHOW    "ax", eax
        call    show_task
        DONE
        TASK_CASE "INT task gate to 286 TSS", returns_by_iret
        mov     word [tss_c + TSS16_IP], task16_iret - code16_start
        int     0x53
        movzx   eax, word [tss_c + TSS16_AX]
        SHOW    "ax", eax
        call    show_task
        DONE
        call    home
        jmp     finish

        bits    16
code16_start:
task16_iret:
        inc     ax
        iret
task16_jump:
        dec     ax
        jmp     TSS_MAIN:0
code16_end:
        bits    32
body_end:
BODY_SECTORS equ (body_end - entry + 511) / 512
