; INT 16h: keystrokes with the shift flags, until Esc; then every code that port 60h delivers to an INT 09h of our own.
%include "dos.inc"

SCANCODES equ 39

main:
        mov     al, 'K'
        out     0E9h, al
.next:  mov     ah, 10h
        int     16h
        mov     bx, ax
        mov     ah, 2
        int     16h
        mov     cl, al
        xor     ch, ch
        PRINTHEX bx
        PRINTHEX cx
        NEWLINE
        cmp     bx, 011Bh
        jne     .next

        mov     ax, 3509h
        int     21h
        mov     [old09], bx
        mov     [old09+2], es
        mov     ax, 2509h
        mov     dx, on_key
        int     21h
        mov     al, 'S'
        out     0E9h, al
.wait:  hlt
        cmp     word [count], SCANCODES
        jb      .wait
        push    ds
        lds     dx, [old09]
        mov     ax, 2509h
        int     21h
        pop     ds
        mov     si, codes
        mov     cx, SCANCODES
.show:  lodsb
        xor     ah, ah
        PRINTHEX ax
        loop    .show
        NEWLINE
        EXIT

on_key: push    ax
        push    bx
        push    ds
        push    cs
        pop     ds
        in      al, 60h
        mov     bx, [count]
        cmp     bx, SCANCODES
        jae     .full
        mov     [codes+bx], al
        inc     word [count]
.full:  mov     al, 20h
        out     20h, al
        pop     ds
        pop     bx
        pop     ax
        iret

old09:  dd      0
count:  dw      0
codes:  times SCANCODES db 0
