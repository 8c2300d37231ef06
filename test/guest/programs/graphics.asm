; Graphics modes, one picture each: 13h with a palette, 12h planar, CGA 4, mode X, VBE 101h through its banks.
%include "dos.inc"

main:
        ; 13h: colour x xor y; DAC entries 1 to 3 pure red, green, blue.
        mov     ax, 13h
        int     10h
        mov     ax, 0A000h
        mov     es, ax
        xor     di, di
        xor     bx, bx
.row:   xor     cx, cx
.pixel: mov     al, cl
        xor     al, bl
        stosb
        inc     cx
        cmp     cx, 320
        jb      .pixel
        inc     bx
        cmp     bx, 200
        jb      .row
        mov     dx, 3C8h
        mov     al, 1
        out     dx, al
        inc     dx
        mov     si, primaries
        mov     cx, 9
.dac:   lodsb
        out     dx, al
        loop    .dac
        STAGE   'A'

        ; 12h: set/reset fills the screen with 2, a vertical line of 14 by the bit mask, an XOR box of 15.
        mov     ax, 12h
        int     10h
        mov     ax, 0A000h
        mov     es, ax
        mov     dx, 3CEh
        mov     ax, 0F01h               ; enable set/reset
        out     dx, ax
        mov     ax, 0200h               ; set/reset: 2
        out     dx, ax
        xor     di, di
        mov     cx, 80 * 480
        rep stosb
        mov     ax, 0E00h
        out     dx, ax
        mov     ax, 1008h               ; bit mask: column 3 of 8
        out     dx, ax
        mov     di, 10
        mov     cx, 480
.line:  mov     al, [es:di]             ; loads the latches
        mov     [es:di], al
        add     di, 80
        loop    .line
        mov     ax, 0FF08h
        out     dx, ax
        mov     ax, 1803h               ; XOR
        out     dx, ax
        mov     ax, 0F00h
        out     dx, ax
        mov     di, 80 * 100 + 20
        mov     cx, 10
.box:   mov     al, [es:di]
        mov     [es:di], al
        add     di, 80
        loop    .box
        mov     ax, 0003h
        out     dx, ax
        mov     ax, 0001h
        out     dx, ax
        mov     ah, 0Dh                 ; read back through the BIOS: the box is 2 xor 15
        xor     bh, bh
        mov     cx, 163
        mov     dx, 105
        int     10h
        out     0E9h, al
        STAGE   'B'

        ; CGA 4: pixels through the BIOS and by memory; palette 0, blue background.
        mov     ax, 4
        int     10h
        mov     ah, 0Bh
        mov     bx, 0100h
        int     10h
        mov     ah, 0Bh
        mov     bx, 0001h
        int     10h
        mov     ax, 0B800h
        mov     es, ax
        mov     byte [es:0], 00011011b          ; colours 0 1 2 3
        mov     byte [es:2000h], 11100100b      ; row 1: 3 2 1 0
        mov     ax, 0C02h               ; AH=0Ch, colour 2
        mov     cx, 319
        mov     dx, 199
        xor     bh, bh
        int     10h
        STAGE   'C'

        ; Mode X: 320x240, unchained; column x of the first row in colour x mod 4 + 1, by planes; then page two.
        mov     ax, 13h
        int     10h
        mov     dx, 3C4h
        mov     ax, 0604h               ; no chain 4
        out     dx, ax
        mov     ax, 0100h               ; synchronous reset
        out     dx, ax
        mov     dx, 3C2h
        mov     al, 0E3h                ; 480 lines
        out     dx, al
        mov     dx, 3C4h
        mov     ax, 0300h
        out     dx, ax
        mov     dx, 3D4h
        mov     al, 11h                 ; unprotect the CRTC
        out     dx, al
        inc     dx
        in      al, dx
        and     al, 7Fh
        out     dx, al
        dec     dx
        mov     si, crtc
        mov     cx, (crtc_end - crtc) / 2
.crtc:  lodsw
        out     dx, ax
        loop    .crtc
        mov     ax, 0A000h
        mov     es, ax
        mov     dx, 3C4h
        mov     ax, 0F02h
        out     dx, ax
        xor     di, di
        xor     ax, ax
        mov     cx, 8000h
        rep stosw
        mov     bx, 0101h               ; plane mask in BH, colour in BL
.plane: mov     ah, bh
        mov     al, 2
        out     dx, ax
        xor     di, di
        mov     al, bl
        mov     cx, 80
        rep stosb
        inc     bl
        shl     bh, 1
        cmp     bh, 10h
        jb      .plane
        mov     ax, 0802h               ; plane 3: the last pixel of row 239
        out     dx, ax
        mov     byte [es:80 * 240 - 1], 15
        mov     ax, 0F02h
        out     dx, ax
        mov     di, 80 * 240            ; page two: all of colour 4
        mov     al, 4
        mov     cx, 80 * 240
        rep stosb
        STAGE   'D'
        mov     dx, 3D4h
        mov     ax, 4B0Ch               ; start address 19200
        out     dx, ax
        mov     ax, 000Dh
        out     dx, ax
        STAGE   'E'

        ; VBE 101h: 640x480 in 256 colours through the 64 KiB window; a pixel of colour 12 in bank 4.
        mov     ax, 4F02h
        mov     bx, 101h
        int     10h
        cmp     ax, 004Fh
        jne     .novbe
        mov     ax, 4F05h
        xor     bx, bx
        mov     dx, 4
        int     10h
        mov     ax, 0A000h
        mov     es, ax
        mov     byte [es:(640 * 410 + 5) - 4 * 65536], 12
        mov     ax, 4F05h
        xor     bx, bx
        xor     dx, dx
        int     10h
        mov     byte [es:7], 14
        mov     ax, 4F05h
        mov     bx, 100h
        int     10h
        mov     al, dl
        add     al, '0'
        out     0E9h, al
.novbe: STAGE   'F'
        mov     ax, 3
        int     10h
        EXIT

primaries: db   63, 0, 0,  0, 63, 0,  0, 0, 63
crtc:   dw      0D06h, 3E07h, 4109h, 0EA10h, 0AC11h, 0DF12h, 0014h, 0E715h, 0616h, 0E317h
crtc_end:
