; A Multiboot kernel of the kind that gives its addresses in the header: says on port E9h what it was told.
        org 0x200000
        bits 32
        jmp start               ; the header need not come first
        align 4
header:
        dd 0x1badb002
        dd 0x00010003
        dd -(0x1badb002 + 0x00010003)
        dd header, $$, 0, bss_end, start
start:
        mov esp, stack
        call say_hex            ; the magic number
        mov esi, [ebx + 16]     ; the command line
        call say
        mov eax, [ebx + 8]      ; KiB above 1 MiB
        call say_hex
        mov edi, [ebx + 24]     ; modules: name and content
        mov ecx, [ebx + 20]
.module:
        jecxz .map
        mov esi, [edi + 8]
        call say
        mov esi, [edi]
        call say
        add edi, 16
        dec ecx
        jmp .module
.map:
        xor edx, edx            ; memory that is free, from the map
        mov esi, [ebx + 48]
        mov edi, [ebx + 44]
        add edi, esi
.entry:
        cmp dword [esi + 20], 1
        jne .next
        add edx, [esi + 12]
.next:
        add esi, [esi]
        add esi, 4
        cmp esi, edi
        jb .entry
        mov eax, edx
        call say_hex
        mov eax, [zeroed]       ; memory behind the file is cleared
        call say_hex
        mov esi, done
        call say
        hlt
%include "kernel.inc"
done:   db "END", 0
        section .bss
zeroed: resd 1
        resb 256
stack:
bss_end:
