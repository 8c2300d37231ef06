; The FPU in a system: availability, pending exceptions by #MF and by IRQ13, images in real mode.
; Intel SDM volume 1, 8.1.10, 8.6, 8.7; volume 3, 2.5 and 9.2.
%include "real.inc"

CR0_NE equ 0x20
ZERO_DIVIDE_UNMASKED equ 0x037b

start:
        cli
        mov     ax, cs
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, STACK_TOP
        call    open_output
        HOOK    6
        HOOK    7
        HOOK    13
        HOOK    16                      ; #MF, and the BIOS's video calls that nobody makes here
        HOOK    0x75

%macro SET_NE 1
        mov     eax, cr0
        and     al, ~CR0_NE
        or      al, %1
        mov     cr0, eax
%endmacro
%macro SHOW_STATUS 0
        fnstsw  [word_area]
        SHOW    "sw", [cs:word_area]
%endmacro
%macro DIVIDE_BY_ZERO 0                 ; leaves an unmasked exception pending
        fninit
        fldcw   [unmasked]
        fld1
        fldz
        fdivp   st1, st0
%endmacro

        fnstcw  [word_area]
        CASE    "control word that the firmware leaves"
        SHOW    "cw", [word_area]
        DONE

; ---- CR0.NE set: #MF at the next instruction that waits
        SET_NE  CR0_NE
        CASE    "FNINIT"
        fninit
        fnstcw  [word_area]
        SHOW    "cw", [word_area]
        SHOW_STATUS
        DONE
        CASE    "pending: FLD1 reports it"
        DIVIDE_BY_ZERO
        mov     word [cs:case_start], .fld1
.fld1:  fld1
        DONE
        CASE    "pending: WAIT reports it"
        DIVIDE_BY_ZERO
        mov     word [cs:case_start], .wait
.wait:  wait
        DONE
        CASE    "pending: FLDCW reports it"
        DIVIDE_BY_ZERO
        mov     word [cs:case_start], .fldcw
.fldcw: fldcw   [unmasked]
        DONE
        CASE    "pending: reported before a memory fault"
        DIVIDE_BY_ZERO
        mov     word [cs:case_start], .fld
.fld:   fld     dword [dword 0xffff]
        DONE
        CASE    "pending: FNSTSW does not wait"
        DIVIDE_BY_ZERO
        SHOW_STATUS
        DONE
        CASE    "pending: FNCLEX clears it"
        DIVIDE_BY_ZERO
        fnclex
        fld1
        SHOW_STATUS
        DONE
        CASE    "pending: FNSTENV masks it"
        DIVIDE_BY_ZERO
        fnstenv [area]
        fld1
        SHOW    "stored", [area + 2]
        SHOW_STATUS
        DONE
        CASE    "pending: FLDCW can make it so"
        fninit
        fld1
        fldz
        fdivp   st1, st0
        fldcw   [unmasked]
        SHOW_STATUS
        fld1
        DONE
        fninit

; ---- before a memory operand is looked at: #NM
        CASE    "EM before a memory fault"
        mov     eax, cr0
        or      al, 4
        mov     cr0, eax
        fld     dword [dword 0xffff]
        DONE
        mov     eax, cr0
        and     al, 0xfb
        mov     cr0, eax
        CASE    "FST beyond the limit changes nothing"
        fninit
        fld1
        mov     word [cs:case_start], .fst
.fst:   fstp    dword [dword 0xfffd]
        DONE
        CASE    "and the register is still there"
        SHOW_STATUS
        DONE

; ---- images in real mode
        CASE    "FNSTENV of 14 bytes after FNINIT"
        fninit
        fnstenv [area]
        SHOW    "cw", [area]
        SHOW    "sw", [area + 2]
        SHOW    "tw", [area + 4]
        SHOW    "ip", [area + 6]
        SHOW    "op", [area + 8]
        SHOW    "dp", [area + 10]
        SHOW    "dp", [area + 12]
        DONE
        CASE    "tags"
        fninit
        fldz
        fld1
        fldpi
        fld     tword [denormal]
        fld     tword [infinity]
        ffree   st2
        fnstenv [area]
        SHOW    "tw", [area + 4]
        DONE
        CASE    "FNSAVE of 94 bytes initializes"
        fninit
        fld1
        fnsave  [area]
        SHOW    "tw", [area + 4]
        SHOW    "st0", [area + 14 + 8]
        SHOW    "sig", [area + 14 + 6]
        SHOW_STATUS
        fnstenv [area]
        SHOW    "tw", [area + 4]
        DONE
        CASE    "FNSAVE of 108 bytes, FRSTOR"
        fninit
        fldpi
        fld1
        o32 fnsave [area]
        o32 frstor [area]
        fstp    st0
        fstp    tword [area]
        SHOW    "se", [area + 8]
        SHOW    "sig", [area + 6]
        SHOW_STATUS
        DONE
        CASE    "FLDENV of 14 bytes"
        fldenv  [environment]
        SHOW_STATUS
        fnstenv [area]
        SHOW    "cw", [area]
        SHOW    "tw", [area + 4]
        SHOW    "ip", [area + 6]
        SHOW    "op", [area + 8]
        SHOW    "dp", [area + 10]
        SHOW    "dp", [area + 12]
        DONE
        fninit

; ---- CR0.NE clear: FERR# raises IRQ13, port F0h takes it back
        SET_NE  0
        CASE    "IRQ13"
        mov     al, 0xfb                ; the slave
        out     0x21, al
        mov     al, 0xdf
        out     0xa1, al
        DIVIDE_BY_ZERO
        mov     word [cs:case_start], .irq
        sti
        nop
.irq:   fld1
        nop
        DONE
        CASE    "IGNNE# lets go on"
        mov     al, 0
        out     0xf0, al
        fld1
        SHOW_STATUS
        DONE
        CASE    "IRQ13 is gone"
        mov     al, 0x0a
        out     0xa0, al
        in      al, 0xa0
        and     ax, 0x20
        SHOW    "irr", ax
        mov     al, 0x20
        out     0xa0, al
        out     0x20, al
        DONE
        CASE    "FNCLEX takes IGNNE# back"
        fnclex
        fld1
        fldz
        fdivp   st1, st0
        mov     word [cs:case_start], .again
        sti
        nop
.again: fld1
        nop
        DONE
        mov     al, 0xff
        out     0x21, al
        jmp     finish

unmasked:  dw   ZERO_DIVIDE_UNMASKED
word_area: dw   0
denormal:  dq   0x0000000000001000
           dw   0
infinity:  dq   0x8000000000000000
           dw   0x7fff
environment:
           dw   0x027f, 0x3a00, 0x0fff, 0x1234, 0x51e8, 0x5678, 0x9000
        align   16
area:      times 512 db 0xee
body_end:
BODY_SECTORS equ (body_end - entry + 511) / 512
