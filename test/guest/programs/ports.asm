; COM1 through INT 14h and by the 16550's registers with its interrupt, LPT1 through INT 17h, the speaker.
%include "dos.inc"

main:
        mov     ax, 00E3h               ; 9600 8N1
        xor     dx, dx
        int     14h
        mov     si, hello
.int14: lodsb
        test    al, al
        jz      .direct
        mov     ah, 1
        xor     dx, dx
        int     14h
        test    ah, 80h
        jz      .int14
        PRINT   "INT 14h timed out"
        EXIT

.direct:
        ; The registers: 115200 baud, FIFO on, a line by polling the transmitter.
        mov     dx, 3FBh
        mov     al, 83h
        out     dx, al
        mov     dx, 3F8h
        mov     ax, 1
        out     dx, al
        inc     dx
        mov     al, ah
        out     dx, al
        mov     dx, 3FBh
        mov     al, 3
        out     dx, al
        dec     dx
        mov     al, 07h
        out     dx, al
        in      al, dx
        and     ax, 00F0h
        PRINT   "FIFO"
        PRINTHEX ax
        NEWLINE
        mov     si, polled
.send:  mov     dx, 3FDh
.full:  in      al, dx
        test    al, 20h
        jz      .full
        lodsb
        test    al, al
        jz      .receive
        mov     dx, 3F8h
        out     dx, al
        jmp     .send

.receive:
        ; Received bytes by IRQ 4, echoed with the case of letters turned, until a full stop.
        mov     ax, 350Ch
        int     21h
        mov     [old0c], bx
        mov     [old0c+2], es
        mov     ax, 250Ch
        mov     dx, on_byte
        int     21h
        mov     dx, 3FCh
        mov     al, 0Bh                 ; DTR, RTS, OUT2
        out     dx, al
        mov     dx, 3F9h
        mov     al, 1
        out     dx, al
        in      al, 21h
        and     al, 0EFh
        out     21h, al
        mov     al, 'R'
        out     0E9h, al
.wait:  hlt
        cmp     byte [done], 0
        je      .wait
        mov     dx, 3F9h
        xor     al, al
        out     dx, al
        push    ds
        lds     dx, [old0c]
        mov     ax, 250Ch
        int     21h
        pop     ds

        mov     ax, 0041h               ; a character to the printer that is not there
        xor     dx, dx
        int     17h
        PRINT   "printed"
        NEWLINE

        ; 1 kHz on the speaker; counter 2's output is seen to swing.
        mov     al, 0B6h
        out     43h, al
        mov     ax, 1193
        out     42h, al
        mov     al, ah
        out     42h, al
        in      al, 61h
        or      al, 3
        out     61h, al
        xor     bx, bx
        xor     cx, cx
        mov     si, 2000
.listen:
        mov     ax, 1
        call    wait_refresh            ; 2000 times 15 us: 30 periods of two swings
        in      al, 61h
        and     al, 20h
        cmp     al, bl
        je      .same
        mov     bl, al
        inc     cx
.same:  dec     si
        jnz     .listen
        PRINT   "swings"
        PRINTHEX cx
        STAGE   'P'
        in      al, 61h
        and     al, 0FCh
        out     61h, al
        EXIT

on_byte:
        push    ax
        push    dx
        mov     dx, 3FAh
        in      al, dx
.next:  mov     dx, 3FDh
        in      al, dx
        test    al, 1
        jz      .over
        mov     dx, 3F8h
        in      al, dx
        cmp     al, '.'
        jne     .letter
        mov     byte [cs:done], 1
        jmp     .echo
.letter:
        xor     al, 20h
.echo:  mov     dx, 3F8h
        out     dx, al
        jmp     .next
.over:  mov     al, 20h
        out     20h, al
        pop     dx
        pop     ax
        iret

old0c:  dd      0
done:   db      0
hello:  db      "by INT 14h", 13, 10, 0
polled: db      "by registers", 13, 10, 0
