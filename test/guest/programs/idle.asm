; Boot sector: says on COM1 that it runs, then waits for interrupts, as an operating system without work does.
        cpu     386
        bits    16
        org     7C00h

        xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, 7C00h
        mov     si, text
        xor     dx, dx
        mov     ax, 00E3h               ; COM1: 9600 8N1
        int     14h
        cld
.next:  lodsb
        test    al, al
        jz      idle
        mov     ah, 1
        int     14h
        jmp     .next
idle:   sti
        hlt
        jmp     idle

text:   db      "idle", 10, 0
        times 510 - ($ - $$) db 0
        dw      0AA55h
