; A Multiboot kernel that calls the BIOS32 directory and PCI BIOS in protected mode: says on port E9h what they answer.
        org 0x200000
        bits 32
        align 4
header:
        dd 0x1badb002
        dd 0x00010003
        dd -(0x1badb002 + 0x00010003)
        dd header, $$, 0, end + 256, start
start:
        mov esp, end + 256
        mov esi, 0xf0000
.find:
        cmp dword [esi], "_32_"
        je .found
        add esi, 16
        cmp esi, 0x100000
        jb .find
        hlt
.found:
        mov eax, [esi + 4]
        mov [target], eax
        mov word [target + 4], cs
        mov eax, "$XYZ"         ; a service that is not there
        xor ebx, ebx
        call far [target]
        call say_byte
        mov eax, "$PCI"
        xor ebx, ebx
        call far [target]
        call say_byte
        mov al, 10
        call put
        add edx, ebx
        mov [target], edx
        mov eax, 0xb101         ; is it there
        call far [target]
        jc failed
        mov eax, edx
        call say_hex
        mov eax, 0xb103         ; the IDE controller, by its class
        mov ecx, 0x010180
        xor esi, esi
        call far [target]
        jc failed
        movzx eax, bx
        call say_hex
        mov eax, 0xb10a         ; its identification
        xor edi, edi
        call far [target]
        mov eax, ecx
        call say_hex
        mov eax, 0xb102         ; a function that nobody has
        mov ecx, 0x1234
        mov edx, 0x5678
        call far [target]
        jnc failed
        mov al, ah
        call say_byte
        mov al, 10
        call put
failed:
        mov esi, done
        call say
        hlt
%include "kernel.inc"
done:   db "END", 0
target: times 6 db 0
end:
