; INT 08h, INT 1Ch, INT 1Ah, INT 15h/86h and counter 0 of the 8254 at a rate of its own.
%include "dos.inc"

main:
        ; Half a second of INT 15h/86h, against INT 1Ah and the user's tick.
        mov     ax, 351Ch
        int     21h
        mov     [old1c], bx
        mov     [old1c+2], es
        mov     ax, 251Ch
        mov     dx, user_tick
        int     21h
        xor     ah, ah
        int     1Ah
        mov     [before], dx
        mov     word [user_ticks], 0
        mov     ah, 86h
        mov     cx, 500000 >> 16
        mov     dx, 500000 & 0FFFFh
        int     15h
        setc    [failed]
        xor     ah, ah
        int     1Ah
        sub     dx, [before]
        mov     ax, [user_ticks]
        PRINT   "half a second: ticks"
        PRINTHEX dx
        PRINT   " user"
        PRINTHEX ax
        PRINT   " failed"
        movzx   ax, byte [failed]
        PRINTHEX ax
        NEWLINE
        push    ds
        lds     dx, [old1c]
        mov     ax, 251Ch
        int     21h
        pop     ds

        ; Counter 0 at 1 kHz (1193), IRQ 0 taken over, a tenth of a second by the refresh toggle.
        mov     ax, 3508h
        int     21h
        mov     [old08], bx
        mov     [old08+2], es
        mov     ax, 2508h
        mov     dx, fast_tick
        int     21h
        cli
        mov     al, 34h
        out     43h, al
        mov     ax, 1193
        out     40h, al
        mov     al, ah
        out     40h, al
        mov     word [fast_ticks], 0
        sti
        mov     ax, 6629
        call    wait_refresh
        cli
        mov     ax, [fast_ticks]
        ; Two latched counts in a row: the second is lower by little.
        xor     bx, bx
        call    latch
        mov     bx, cx
        call    latch
        sub     bx, cx
        jnc     .counted
        add     bx, 1193
.counted:
        cmp     bx, 1193 / 2
        setb    [counts_down]
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
        PRINT   "100 ms at 1 kHz:"
        PRINTHEX word [fast_ticks]
        PRINT   " counts down"
        movzx   ax, byte [counts_down]
        PRINTHEX ax
        NEWLINE

        ; The date and time of the RTC through INT 1Ah.
        mov     ah, 4
        int     1Ah
        PRINT   "date"
        PRINTHEX cx
        PRINTHEX dx
        mov     ah, 2
        int     1Ah
        PRINT   " hour and minute"
        PRINTHEX cx
        NEWLINE
        EXIT

latch:
        xor     al, al
        out     43h, al
        in      al, 40h
        mov     cl, al
        in      al, 40h
        mov     ch, al
        ret

user_tick:
        inc     word [cs:user_ticks]
        iret

fast_tick:
        push    ax
        inc     word [cs:fast_ticks]
        mov     al, 20h
        out     20h, al
        pop     ax
        iret

old1c:  dd      0
old08:  dd      0
before: dw      0
user_ticks: dw  0
fast_ticks: dw  0
failed: db      0
counts_down: db 0
