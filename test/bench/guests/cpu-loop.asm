; A boot sector that counts: five instructions over registers and memory, ITERATIONS times, between two markers that go
; to the text screen and to COM1. The second marker carries the sum, so that nobody is timed for work not done.
;
;   nasm -f bin -D ITERATIONS=1000000 -D BITS32=0|1 -o cpu-loop.img cpu-loop.asm
        bits 16
        org 7C00h

COM1    equ 3F8h
DATA    equ 10000h              ; a page of its own, away from the code

start:  cli
        cld
        xor ax, ax
        mov ds, ax
        mov ss, ax
        mov sp, 7C00h
        mov ax, 0B800h
        mov es, ax
        mov ax, 3               ; 80x25 text, cleared
        int 10h
        cli
        xor di, di
        mov si, started
        call print

%if BITS32
        lgdt [gdtr]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        jmp 08h:protected
        bits 32
protected:
        mov ax, 10h
        mov ds, ax
        mov ebx, DATA
        mov dword [ebx], 0
        mov ecx, ITERATIONS
        align 16
.loop:  mov eax, [ebx]
        add eax, ecx
        mov [ebx], eax
        dec ecx
        jnz .loop
        mov edx, [ebx]
        jmp 18h:leave
        bits 16
leave:  mov ax, 20h
        mov ds, ax
        mov eax, cr0
        and al, 0FEh
        mov cr0, eax
        jmp 0:real
real:   xor ax, ax
        mov ds, ax
%else
        mov ax, DATA >> 4
        mov ds, ax
        xor bx, bx
        mov word [bx], 0
        mov ecx, ITERATIONS
        align 16
.loop:  mov ax, [bx]
        add ax, cx
        mov [bx], ax
        dec ecx
        jnz .loop
        movzx edx, word [bx]
        xor ax, ax
        mov ds, ax
%endif

        mov di, 160
        mov si, done
        call print
        mov cx, 8
.digit: rol edx, 4
        mov al, dl
        and al, 0Fh
        cmp al, 10
        jb .decimal
        add al, 'a' - '0' - 10
.decimal:
        add al, '0'
        call put
        loop .digit
        mov al, 13
        call send
        mov al, 10
        call send
.halt:  hlt
        jmp .halt

print:  lodsb
        test al, al
        jz .end
        call put
        jmp print
.end:   ret

put:    mov ah, 07h
        stosw
send:   push dx
        push ax
        mov dx, COM1 + 5
.wait:  in al, dx               ; LSR.THRE; an absent port reads FFh
        test al, 20h
        jz .wait
        pop ax
        mov dx, COM1
        out dx, al
        pop dx
        ret

started: db 'LOOP-START ', 0
done:    db 'LOOP-DONE ', 0

        align 8
gdt:    dq 0
        dq 00CF9A000000FFFFh    ; 08h: flat code
        dq 00CF92000000FFFFh    ; 10h: flat data
        dq 00009A000000FFFFh    ; 18h: 16-bit code
        dq 000092000000FFFFh    ; 20h: 16-bit data
gdtr:   dw $ - gdt - 1
        dd gdt

        times 510 - ($ - $$) db 0
        dw 0AA55h
        times 1474560 - ($ - $$) db 0
