; Code that changes itself, and REP interrupted by the timer.
%include "dos.inc"

main:
        ; An immediate patched right before it is used, 16 times: the sum of 0 to 15.
        xor     cx, cx
        xor     dx, dx
.loop:  mov     [.patched+1], cl
.patched:
        mov     al, 0FFh
        xor     ah, ah
        add     dx, ax
        inc     cx
        cmp     cx, 16
        jb      .loop
        PRINT   "immediate"
        PRINTHEX dx

        ; An opcode patched by a later part of the same straight run: INC BX becomes DEC BX in the second round.
        xor     bx, bx
        mov     cx, 4
.again: nop
.opcode:
        inc     bx
        inc     bx
        xor     byte [.opcode], 43h ^ 4Bh
        loop    .again                  ; +2 +0 +2 +0
        PRINT   " opcode"
        PRINTHEX bx
        NEWLINE

        ; A routine copied over another one, both called before and after.
        call    first
        PRINT   "routine"
        PRINTHEX ax
        mov     si, second
        mov     di, first
        mov     cx, second_end - second
        push    ds
        pop     es
        rep movsb
        call    first
        PRINTHEX ax

        ; REP STOSB with NOPs over the INCs that follow it.
        xor     bx, bx
        mov     di, .erased
        mov     al, 90h
        mov     cx, 3
        rep stosb
.erased:
        inc     bx
        inc     bx
        inc     bx
        inc     bx
        PRINT   " erased"
        PRINTHEX bx

        ; The same bytes executed from two starts: MOV AX, 0C031h holds XOR AX, AX.
        mov     bx, .overlap
        call    bx
        mov     si, ax
        lea     bx, [.overlap+1]
        call    bx
        PRINT   " overlap"
        PRINTHEX si
        PRINTHEX ax
        NEWLINE
        jmp     rep_test
.overlap:
        mov     ax, 0C031h
        ret

rep_test:
        ; 60000 bytes moved again and again with IRQ 0 every 10 us: an interrupt that comes in the middle of REP MOVSB
        ; returns to the instruction's first prefix.
        mov     ax, cs
        add     ax, 1000h
        mov     [segment_a], ax
        add     ax, 1000h
        mov     [segment_b], ax
        mov     es, [segment_a]
        xor     di, di
        mov     cx, 30000
        mov     ax, 1
.fill:  stosw
        imul    ax, 25173
        add     ax, 13849
        loop    .fill
        mov     ax, 3508h
        int     21h
        mov     [old08], bx
        mov     [old08+2], es
        mov     ax, 2508h
        mov     dx, on_tick
        int     21h
        cli
        mov     al, 34h
        out     43h, al
        mov     al, 12
        out     40h, al
        xor     al, al
        out     40h, al
        sti
        mov     bp, 1000
round:  mov     es, [segment_b]
        push    ds
        mov     ds, [segment_a]
        xor     si, si
        xor     di, di
        mov     cx, 60000
copy:   rep ds movsb
copy_end:
        pop     ds
        dec     bp
        jnz     round
        cli
        mov     al, 36h
        out     43h, al
        xor     al, al
        out     40h, al
        out     40h, al
        push    ds
        lds     dx, [old08]
        mov     ax, 2508h
        int     21h
        pop     ds
        sti
        push    ds
        mov     es, [segment_b]
        mov     ds, [segment_a]
        xor     si, si
        xor     di, di
        mov     cx, 30000
        repe cmpsw
        pop     ds
        PRINT   "differing"
        PRINTHEX cx
        PRINT   " in the middle"
        xor     ax, ax
        cmp     word [in_middle], 10
        seta    al
        PRINTHEX ax
        PRINT   " elsewhere in it"
        PRINTHEX word [astray]
        NEWLINE
        EXIT

on_tick:
        push    bp
        mov     bp, sp
        push    ax
        cmp     word [bp+2], copy
        jne     .over
        jcxz    .over
        cmp     cx, 60000
        je      .over
        inc     word [cs:in_middle]
.over:  cmp     word [bp+2], copy
        jbe     .not
        cmp     word [bp+2], copy_end
        jae     .not
        inc     word [cs:astray]
.not:   mov     al, 20h
        out     20h, al
        pop     ax
        pop     bp
        iret

first:  mov     ax, 1111h
        ret
second: mov     ax, 2222h
        ret
second_end:

old08:  dd      0
segment_a: dw   0
segment_b: dw   0
in_middle: dw   0
astray: dw      0
