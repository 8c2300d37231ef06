; Files through INT 21h: create, write across clusters, seek, read back, append, rename, find, delete; errors too.
%include "dos.inc"

LENGTH  equ     5000

main:
        push    ds
        pop     es
        mov     di, buffer
        mov     cx, LENGTH
        mov     al, 7
.fill:  stosb
        add     al, 13
        rol     al, 1
        loop    .fill

        mov     ah, 3Ch
        xor     cx, cx
        mov     dx, name
        int     21h
        jc      .failed
        mov     bx, ax
        mov     ah, 40h
        mov     cx, LENGTH
        mov     dx, buffer
        int     21h
        jc      .failed
        PRINT   "written"
        PRINTHEX ax
        mov     ah, 3Eh
        int     21h

        mov     ax, 3D02h
        mov     dx, name
        int     21h
        jc      .failed
        mov     bx, ax
        mov     ax, 4200h               ; seek from the start
        xor     cx, cx
        mov     dx, 4000
        int     21h
        jc      .failed
        PRINT   " at"
        PRINTHEX ax
        mov     ah, 3Fh
        mov     cx, LENGTH
        mov     dx, back
        int     21h
        jc      .failed
        PRINT   " read"
        PRINTHEX ax
        mov     si, buffer + 4000
        mov     di, back
        mov     cx, LENGTH - 4000
        repe cmpsb
        PRINT   " left"
        PRINTHEX cx
        mov     ax, 4202h               ; the end
        xor     cx, cx
        xor     dx, dx
        int     21h
        PRINT   " end"
        PRINTHEX ax
        mov     ah, 40h
        mov     cx, 4
        mov     dx, tail
        int     21h
        mov     ah, 3Eh
        int     21h
        NEWLINE

        mov     ah, 56h                 ; rename
        mov     dx, name
        mov     di, renamed
        int     21h
        jc      .failed
        mov     ah, 3Ch
        xor     cx, cx
        mov     dx, name
        int     21h
        jc      .failed
        mov     bx, ax
        mov     ah, 3Eh
        int     21h
        mov     ah, 4Eh
        xor     cx, cx
        mov     dx, name
        int     21h
        jc      .failed
        mov     ah, 41h
        mov     dx, name
        int     21h
        jc      .failed
        mov     ax, 3D00h
        mov     dx, name
        int     21h
        jnc     .failed
        PRINT   "deleted: error"
        PRINTHEX ax
        mov     ah, 36h                 ; free space: the sector and cluster sizes
        xor     dl, dl
        int     21h
        PRINT   " cluster"
        mul     cx
        PRINTHEX ax
        NEWLINE
        EXIT
.failed:
        PRINT   "failed"
        PRINTHEX ax
        NEWLINE
        EXIT

name:   db      "DATA.BIN", 0
renamed: db     "KEPT.BIN", 0
tail:   db      "tail"
buffer: times LENGTH db 0
back:   times LENGTH db 0
