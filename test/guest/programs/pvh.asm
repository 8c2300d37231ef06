; A 32-bit ELF kernel with a PVH entry: says on port E9h what it was told.
        bits 32
        org 0x200000
elf:
        db 0x7f, "ELF", 1, 1, 1
        times 9 db 0
        dw 2, 3                 ; executable, i386
        dd 1, 0xffffffff, segments - $$, 0, 0   ; the ELF entry point is not the PVH one
        dw 52, 32, 2, 0, 0, 0
segments:
        dd 1, 0, $$, $$, end - $$, end - $$ + 256, 7, 0x1000
        dd 4, note - $$, note, note, start - note, start - note, 4, 4
note:
        dd 4, 4, 18
        db "Xen", 0
        dd start
start:
        mov esp, end + 256
        mov eax, [ebx]
        call say_hex            ; the magic number
        mov esi, [ebx + 24]     ; the command line
        call say
        mov edi, [ebx + 16]     ; modules: name and content
        mov ecx, [ebx + 12]
.module:
        jecxz .root
        mov esi, [edi + 16]
        call say
        mov esi, [edi]
        call say
        add edi, 32
        dec ecx
        jmp .module
.root:
        mov esi, [ebx + 32]     ; the root pointer of ACPI
        mov eax, [esi]
        call say_hex
        mov esi, [ebx + 40]     ; memory that is free, from the map
        mov ecx, [ebx + 48]
        xor eax, eax
.entry:
        cmp dword [esi + 16], 1
        jne .next
        add eax, [esi + 8]
.next:
        add esi, 24
        loop .entry
        call say_hex
        mov esi, done
        call say
        hlt
%include "kernel.inc"
done:   db "END", 0
end:
