; Into 32-bit protected mode with an IDT and IRQ 0 handled there, and back to DOS; three times.
%include "dos.inc"

VECTOR  equ     20h

main:
        mov     eax, ds
        shl     eax, 4
        mov     [base], eax
        mov     [gdt+8+2], ax
        mov     [gdt+16+2], ax
        mov     [gdt+24+2], ax
        mov     [gdt+32+2], ax
        shr     eax, 16
        mov     [gdt+8+4], al
        mov     [gdt+16+4], al
        mov     [gdt+24+4], al
        mov     [gdt+32+4], al
        mov     eax, [base]
        add     eax, gdt
        mov     [gdtr+2], eax
        mov     eax, [base]
        add     eax, idt
        mov     [idtr+2], eax
        mov     word [idt + VECTOR * 8], on_tick
        mov     word [idt + VECTOR * 8 + 2], 8
        mov     word [idt + VECTOR * 8 + 4], 8E00h
        mov     word [idt + VECTOR * 8 + 6], 0
        mov     word [idt + 13 * 8], on_fault
        mov     word [idt + 13 * 8 + 2], 8
        mov     word [idt + 13 * 8 + 4], 8E00h
        mov     word [idt + 13 * 8 + 6], 0
        mov     [back_segment], cs

        mov     cx, 3
again: push    cx
        cli
        mov     al, VECTOR
        call    set_master_vector
        in      al, 21h
        mov     [mask], al
        mov     al, 0FEh                ; the timer alone
        out     21h, al
        sidt    [real_idtr]
        lgdt    [gdtr]
        lidt    [idtr]
        mov     [real_sp], sp
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     dword 8:protected
        bits    32
protected:
        mov     ax, 16
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        movzx   esp, word [real_sp]
        mov     dword [ticks], 0
        sti
.wait:  hlt
        cmp     dword [ticks], 3
        jb      .wait
        cli
        mov     ax, 40                  ; outside the GDT: #GP with the selector as its code
        mov     fs, ax
        nop
        jmp     24:leaving
        bits    16
leaving:
        mov     ax, 32
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     eax, cr0
        and     al, 0FEh
        mov     cr0, eax
        db      0EAh
        dw      real
back_segment:
        dw      0
real:   mov     ax, cs
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, [real_sp]
        lidt    [real_idtr]
        mov     al, 8
        call    set_master_vector
        mov     al, [mask]
        out     21h, al
        sti
        PRINT   "ticks"
        PRINTHEX word [ticks]
        PRINT   " fault"
        PRINTHEX word [fault]
        PRINT   " mode"
        smsw    ax
        and     ax, 1
        PRINTHEX ax
        NEWLINE
        pop     cx
        dec     cx
        jnz     again
        EXIT

set_master_vector:
        mov     ah, al
        mov     al, 11h
        out     20h, al
        mov     al, ah
        out     21h, al
        mov     al, 4
        out     21h, al
        mov     al, 1
        out     21h, al
        ret

        bits    32
on_tick:
        push    eax
        inc     dword [ticks]
        mov     al, 20h
        out     20h, al
        pop     eax
        iretd

on_fault:
        pop     dword [fault]
        add     dword [esp], 2          ; behind MOV FS, AX
        iretd

        align   8
gdt:    dq      0
        dq      00409A000000FFFFh       ; 8: 32-bit code
        dq      004092000000FFFFh       ; 16: 32-bit data
        dq      00009A000000FFFFh       ; 24: 16-bit code
        dq      000092000000FFFFh       ; 32: 16-bit data
gdtr:   dw      39
        dd      0
idtr:   dw      (VECTOR + 1) * 8 - 1
        dd      0
real_idtr: times 6 db 0
base:   dd      0
ticks:  dd      0
fault:  dd      0
real_sp: dw     0
mask:   db      0
        align   8
idt:    times (VECTOR + 1) * 8 db 0
