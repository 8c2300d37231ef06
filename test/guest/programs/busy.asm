; Asks for no key during 27 ticks of the BIOS (18.2 a second), as a program does that has much to do; then prints KEYS keys.
%include "dos.inc"

KEYS    equ 36

main:
        push    40h
        pop     es
        mov     bx, [es:6Ch]
        mov     al, 'B'
        out     0E9h, al
.wait:  hlt
        mov     ax, [es:6Ch]
        sub     ax, bx
        cmp     ax, 27
        jb      .wait
        mov     cx, KEYS
.next:  mov     ah, 10h
        int     16h
        mov     dl, al
        mov     ah, 2
        int     21h
        loop    .next
        NEWLINE
        EXIT
