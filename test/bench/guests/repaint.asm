; A boot sector that repaints a screen of 1024x768 in 32 bits a pixel, all of it, thirty times a second. The picture
; moves up by SCROLL rows each time: a page of coloured text, or with FILM=1 noise, of which no pixel is like its
; neighbours. Then pixel (0, 0) becomes the number of the repaint, and its lowest byte goes to COM1.
;
;   nasm -f bin -D FILM=0|1 -o repaint.img repaint.asm
        bits 16
        org 7C00h

COM1    equ 3F8h
HZ      equ 30
WIDTH   equ 1024
HEIGHT  equ 768
ROW     equ WIDTH * 4
PAGE    equ 1000000h            ; what is shown, twice as high as the screen, from 16 MiB on
SCROLL  equ 8
INFO    equ 8000h
FONT    equ 8200h
IDT     equ 9400h

start:  cli
        cld
        xor ax, ax
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov sp, 7C00h
        mov ax, 4F01h           ; where the frame buffer is
        mov cx, 4144h
        mov di, INFO
        int 10h
        mov ax, 4F02h
        mov bx, 4144h
        int 10h
        mov ax, 1130h           ; the font of 8x16
        mov bh, 6
        int 10h
        push es
        pop ds
        mov si, bp
        xor ax, ax
        mov es, ax
        mov di, FONT
        mov cx, 256 * 16
        rep movsb
        mov ds, ax
        cli
        mov al, 34h             ; the clock ticks HZ times a second and nothing else interrupts
        out 43h, al
        mov al, (1193182 / HZ) & 0FFh
        out 40h, al
        mov al, (1193182 / HZ) >> 8
        out 40h, al
        mov al, 0FEh
        out 21h, al
        lgdt [gdtr]
        lidt [idtr]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        jmp 08h:protected

        bits 32
protected:
        mov ax, 10h
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov dword [IDT + 8 * 8], 080000h + tick
        mov dword [IDT + 8 * 8 + 4], 8E00h

        mov edi, PAGE
        xor ebx, ebx            ; row
        mov edx, 12345678h
.row:   xor ecx, ecx            ; column
.pixel:
%if FILM
        mov eax, edx            ; xorshift
        shl eax, 13
        xor edx, eax
        mov eax, edx
        shr eax, 17
        xor edx, eax
        mov eax, edx
        shl eax, 5
        xor edx, eax
        mov eax, edx
%else
        mov eax, ebx            ; a letter that depends on its place
        shr eax, 4
        imul eax, eax, 37
        mov esi, ecx
        shr esi, 3
        imul esi, esi, 11
        add eax, esi
        and eax, 5Fh
        add eax, 20h
        shl eax, 4
        mov esi, ebx
        and esi, 15
        movzx eax, byte [FONT + eax + esi]
        mov esi, ecx
        and esi, 7
        xor esi, 7
        bt eax, esi
        mov eax, 0202830h
        jnc .put
        mov eax, ebx            ; a colour for each line
        shr eax, 4
        imul eax, eax, 123457h
        or eax, 808080h
.put:
%endif
        stosd
        inc ecx
        cmp ecx, WIDTH
        jb .pixel
        inc ebx
        cmp ebx, HEIGHT * 2
        jb .row

        mov dx, COM1 + 3        ; eight bits
        mov al, 3
        out dx, al
        xor ebp, ebp            ; number of the repaint
        xor ebx, ebx            ; first row
.next:  sti
        hlt
        cli
        mov esi, ebx
        imul esi, esi, ROW
        add esi, PAGE
        mov edi, [INFO + 28h]
        mov ecx, WIDTH * HEIGHT
        rep movsd
        inc ebp
        mov edi, [INFO + 28h]
        mov [edi], ebp
        mov eax, ebp
        mov dx, COM1
        out dx, al
        add ebx, SCROLL
        cmp ebx, HEIGHT
        jb .next
        xor ebx, ebx
        jmp .next

tick:   push eax
        mov al, 20h
        out 20h, al
        pop eax
        iret

        align 8
gdt:    dq 0
        dq 00CF9A000000FFFFh
        dq 00CF92000000FFFFh
gdtr:   dw $ - gdt - 1
        dd gdt
idtr:   dw 9 * 8 - 1
        dd IDT

        times 510 - ($ - $$) db 0
        dw 0AA55h
        times 1474560 - ($ - $$) db 0
