; A boot sector that reads sector 100 of its disk, inverts it, writes it to sector 6000, and reads that back.
        bits 16
        org 7c00h
start:  xor ax, ax
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov sp, 7c00h
        mov [drive], dl
        mov dword [lba], 100
        mov ah, 42h
        call disk
        mov si, 8000h
        mov cx, 512
.flip:  not byte [si]
        inc si
        loop .flip
        mov dword [lba], 6000
        mov ax, 4300h
        call disk
        mov word [packet + 4], 9000h
        mov ah, 42h
        call disk
        mov si, 8000h
        mov di, 9000h
        mov cx, 256
        repe cmpsw
        jne fail
        mov si, good
        jmp print
disk:   mov dl, [drive]
        mov si, packet
        int 13h
        jc fail
        ret
fail:   mov si, bad
print:  lodsb
        test al, al
        jz done
        mov ah, 0eh
        mov bx, 7
        int 10h
        jmp print
done:   hlt
        jmp done
good:   db 'DISK-OK', 0
bad:    db 'DISK-FAILED', 0
drive:  db 0
        align 4
packet: db 16, 0
        dw 1, 8000h, 0
lba:    dq 0
        times 510 - ($ - $$) db 0
        dw 0aa55h
