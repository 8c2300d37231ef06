; Text modes: direct writes to B800h with attributes, cursor, scrolling, 80x50, 40x25, a font of one's own.
%include "dos.inc"

main:
        mov     ax, 3
        int     10h
        mov     ax, 0B800h
        mov     es, ax
        ; Full blocks, one of each colour, in row 1; a blank of each background in row 2.
        mov     di, 160
        mov     ax, 00DBh
        mov     cx, 16
.row1:  stosw
        inc     ah
        loop    .row1
        mov     di, 320
        mov     ax, 0020h
        mov     cx, 8
.row2:  stosw
        add     ah, 10h
        loop    .row2
        mov     ah, 1                   ; no cursor
        mov     cx, 2000h
        int     10h
        STAGE   'A'

        ; Teletype up to the right margin and beyond, at a place set by AH=02h.
        mov     ah, 2
        xor     bh, bh
        mov     dx, 174Ch               ; row 23, column 76
        int     10h
        mov     si, edge
        mov     cx, 6
.tty:   lodsb
        mov     ah, 0Eh
        mov     bl, 7
        int     10h
        loop    .tty
        mov     ah, 3
        xor     bh, bh
        int     10h
        push    dx
        ; A window of rows 1 to 5, columns 0 to 39, up by one with green blanks.
        mov     ax, 0601h
        mov     bh, 20h
        mov     cx, 0100h
        mov     dx, 0527h
        int     10h
        pop     dx
        mov     ax, dx
        mov     dh, 10
        mov     dl, 0
        push    ax
        mov     ah, 2
        xor     bh, bh
        int     10h
        pop     ax
        PRINT   "cursor"
        PRINTHEX ax
        STAGE   'B'

        mov     ax, 3                   ; 50 rows of the 8x8 font
        int     10h
        mov     ax, 1112h
        xor     bl, bl
        int     10h
        mov     ah, 2
        xor     bh, bh
        mov     dx, 3100h               ; row 49
        int     10h
        PRINT   "last row"
        STAGE   'C'

        mov     ax, 1
        int     10h
        PRINT   "forty columns"
        ; A character of one's own: 'forty' with a solid box for 'o'.
        push    ds
        pop     es
        mov     ax, 1100h
        mov     bx, 1000h
        mov     cx, 1
        mov     dx, 'o'
        mov     bp, box
        int     10h
        STAGE   'D'

        mov     ax, 3
        int     10h
        mov     ax, 1003h               ; bright backgrounds in place of blinking
        xor     bl, bl
        int     10h
        mov     ax, 0B800h
        mov     es, ax
        mov     word [es:160], 0C020h
        mov     dx, 3D4h                ; the screen starts one row down
        mov     ax, 000Ch
        out     dx, ax
        mov     ax, 500Dh
        out     dx, ax
        STAGE   'E'

        mov     ax, 3
        int     10h
        EXIT

edge:   db      "abcdef"
box:    times 16 db 0FFh
