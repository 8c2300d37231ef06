; Memory above 1 MiB: INT 15h/88h, 87h and E820h, and unreal mode, with DOS still there afterwards.
%include "dos.inc"

main:
        mov     ah, 88h
        int     15h
        PRINT   "extended KiB"
        PRINTHEX ax
        NEWLINE

        ; 2 KiB to 2 MiB and back by INT 15h/87h.
        xor     di, di
        push    ds
        pop     es
        mov     di, source
        mov     cx, 1024
        mov     ax, 1234h
.fill:  stosw
        add     ax, 4321h
        loop    .fill
        mov     eax, ds
        shl     eax, 4
        lea     ebx, [eax + source]
        mov     edx, 200000h
        call    move
        PRINT   "out"
        movzx   ax, ah
        PRINTHEX ax
        mov     eax, ds
        shl     eax, 4
        lea     edx, [eax + target]
        mov     ebx, 200000h
        call    move
        PRINT   " in"
        movzx   ax, ah
        PRINTHEX ax
        mov     si, source
        mov     di, target
        mov     cx, 1024
        repe cmpsw
        PRINT   " left"
        PRINTHEX cx
        NEWLINE

        ; The map: entries until EBX is 0, and the last byte of usable memory.
        xor     ebx, ebx
        xor     si, si
.entry: mov     eax, 0E820h
        mov     edx, 534D4150h
        mov     ecx, 20
        mov     di, map
        int     15h
        jc      .mapped
        cmp     eax, 534D4150h
        jne     .mapped
        cmp     dword [map+16], 1
        jne     .skip
        mov     eax, [map]
        add     eax, [map+8]
        mov     [usable], eax
.skip:  test    ebx, ebx
        jnz     .entry
.mapped:
        PRINT   "usable below"
        PRINTHEX word [usable+2]
        PRINTHEX word [usable]
        NEWLINE

        ; Unreal mode: FS reaches 4 GiB after a visit to protected mode.
        in      al, 92h
        or      al, 2
        out     92h, al
        cli
        mov     eax, ds
        shl     eax, 4
        add     eax, gdt
        mov     [gdtr+2], eax
        lgdt    [gdtr]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     $+2
        mov     bx, 8
        mov     fs, bx
        and     al, 0FEh
        mov     cr0, eax
        jmp     $+2
        xor     bx, bx
        mov     fs, bx
        sti
        mov     edi, 300000h
        mov     dword [fs:edi], 0CAFE4711h
        mov     ax, 3000
        call    wait_refresh            ; ticks come and go
        mov     eax, [fs:edi]
        mov     [value], eax
        mov     edi, 200000h
        mov     eax, [fs:edi]     ; what 87h moved
        PRINT   "unreal"
        PRINTHEX word [value+2]
        PRINTHEX word [value]
        PRINTHEX ax
        NEWLINE
        EXIT

; EBX to EDX, 2 KiB.
move:   mov     [table+16+2], bx
        shr     ebx, 16
        mov     [table+16+4], bl
        mov     [table+24+2], dx
        shr     edx, 16
        mov     [table+24+4], dl
        mov     si, table
        mov     cx, 1024
        mov     ah, 87h
        int     15h
        ret

table:  times 16 db 0
        dw      0FFFFh, 0
        db      0, 93h
        dw      0
        dw      0FFFFh, 0
        db      0, 93h
        dw      0
        times 16 db 0
gdt:    dq      0
        dq      00CF92000000FFFFh
gdtr:   dw      15
        dd      0
value:  dd      0
usable: dd      0
map:    times 24 db 0
source: times 2048 db 0
target: times 2048 db 0
