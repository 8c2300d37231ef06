; Executes cases as native.c does, in 32-bit protected mode at CPL 3 on a bare machine. A Multiboot kernel: the loader
; brings it into flat protected mode at CPL 0. Cases lie in RAM at HEADER and results are left there, in the layouts of
; stream.ts; qemu.ts reads them from the file that is the machine's RAM.
;
; The code page is full of INT3 around the case: the handlers of exceptions take it from there, and the end of the case
; is INT3 like any other place outside.
        cpu     p4
        bits    32
        org     0x100000

DATA      equ 0x8000
DATA_SIZE equ 0x2000
CODE_PAGE equ 0xc000
CODE_PAGE_SIZE equ 0x1000
INT3_BYTE equ 0xcc
EFLAGS_TF equ 0x100

; what qemu.ts puts there
HEADER      equ 0x1000000
RUNS        equ HEADER                  ; number of runs, each with an image of its own
RESULTS     equ HEADER + 4              ; address of the results
RESULTS_END equ HEADER + 8
FIRST_RUN   equ HEADER + 12

; struct test_case
C_EFLAGS  equ 32
C_START   equ 36
C_LENGTH  equ 40
C_PATCH_OFFSET equ 44
C_PATCH_LENGTH equ 48
C_CODE    equ 52
C_PATCH   equ 148
C_BYTES   equ 428
; struct test_result
R_CHANGES equ 52
R_BYTES   equ 56
R_MOST    equ R_BYTES + DATA_SIZE * 4

; RPL 3 selectors are those of a 64-bit Linux: the same case can be compared on both
CODE0   equ 0x08
DATA0   equ 0x10
TSS_SEL equ 0x18
DATA3   equ 0x28 | 3
CODE3   equ 0x30 | 3
VECTORS equ 32

EXIT_PORT equ 0xf4
DONE      equ 0                         ; isa-debug-exit: status 1
NO_SPACE  equ 1                         ; status 3
OWN_FAULT equ 2                         ; status 5

        align   4
header: dd      0x1badb002              ; Multiboot: magic, flags (addresses follow), checksum
        dd      0x00010000
        dd      -(0x1badb002 + 0x00010000)
        dd      header, header, image_end, bss_end, start

start:  cli
        cld
        mov     esp, stack0
        mov     al, 0xff                ; no interrupts
        out     0x21, al
        out     0xa1, al
        call    make_idt
        lgdt    [gdt_pointer]
        lidt    [idt_pointer]
        jmp     CODE0:.flat
.flat:  mov     ax, DATA0
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     ax, TSS_SEL
        ltr     ax
        mov     eax, cr0
        or      al, 0x20                ; NE
        mov     cr0, eax
        mov     edi, CODE_PAGE
        mov     ecx, CODE_PAGE_SIZE
        mov     al, INT3_BYTE
        rep     stosb
        mov     dword [stream], FIRST_RUN
        mov     eax, [RESULTS]
        mov     [result], eax

next_run:
        mov     al, DONE
        sub     dword [RUNS], 1
        jb      exit
        mov     esi, [stream]
        lodsd
        mov     [cases], eax
        mov     [image], esi
        mov     edi, DATA
        mov     ecx, DATA_SIZE / 4
        rep     movsd
        mov     [stream], esi
        mov     esi, selectors
        mov     edi, [result]
        mov     ecx, 3
        rep     movsd
        mov     [result], edi

next_case:
        sub     dword [cases], 1
        jb      next_run
        mov     eax, [result]
        add     eax, R_MOST
        cmp     eax, [RESULTS_END]
        mov     al, NO_SPACE
        ja      exit
        mov     ebx, [stream]
        lea     esi, [ebx + C_PATCH]    ; the patch, in the data and in what it is compared with
        mov     edi, [ebx + C_PATCH_OFFSET]
        add     edi, DATA
        mov     ecx, [ebx + C_PATCH_LENGTH]
        rep     movsb
        lea     esi, [ebx + C_PATCH]
        mov     edi, [ebx + C_PATCH_OFFSET]
        add     edi, [image]
        mov     ecx, [ebx + C_PATCH_LENGTH]
        rep     movsb
        lea     esi, [ebx + C_CODE]
        mov     edi, [ebx + C_START]
        mov     ecx, [ebx + C_LENGTH]
        rep     movsb

        mov     ax, DATA3
        mov     ds, ax
        mov     es, ax
        xor     eax, eax
        mov     fs, ax
        mov     gs, ax
        mov     esp, stack0
        push    dword DATA3
        push    dword [ebx + 16]        ; ESP
        mov     eax, [ebx + C_EFLAGS]
        and     eax, ~EFLAGS_TF
        push    eax
        push    dword CODE3
        push    dword [ebx + C_START]
        mov     eax, [ebx]
        mov     ecx, [ebx + 4]
        mov     edx, [ebx + 8]
        mov     ebp, [ebx + 20]
        mov     esi, [ebx + 24]
        mov     edi, [ebx + 28]
        mov     ebx, [ebx + 12]
        iretd

; Offsets from ESP in `caught`: PUSHAD's registers, then what the stub and the exception pushed.
S_EDI   equ 0
S_ESI   equ 4
S_EBP   equ 8
S_EBX   equ 16
S_EDX   equ 20
S_ECX   equ 24
S_EAX   equ 28
S_VECTOR equ 32
S_ERROR equ 36
S_EIP   equ 40
S_CS    equ 44
S_EFLAGS equ 48
S_ESP   equ 52

caught: pushad
        cld
        mov     ax, DATA0
        mov     ds, ax
        mov     es, ax
        test    byte [esp + S_CS], 3
        mov     al, OWN_FAULT
        jz      exit
        mov     edi, [result]
%macro  RESULT 1-*
 %rep %0
        mov     eax, [esp + %1]
        stosd
 %rotate 1
 %endrep
%endmacro
        RESULT  S_VECTOR, S_ERROR
        RESULT  S_EAX, S_ECX, S_EDX, S_EBX, S_ESP, S_EBP, S_ESI, S_EDI
        RESULT  S_EIP, S_EFLAGS
        xor     eax, eax                ; without paging no page faults
        stosd

        mov     ebx, [stream]
        add     dword [stream], C_BYTES
        mov     edi, [ebx + C_START]
        mov     ecx, [ebx + C_LENGTH]
        mov     al, INT3_BYTE
        rep     stosb

        mov     ebp, [result]           ; changes of memory, undone as they are found
        lea     edx, [ebp + R_BYTES]
        mov     dword [ebp + R_CHANGES], 0
        mov     esi, DATA
        mov     edi, [image]
        mov     ecx, DATA_SIZE / 4
        repe    cmpsd
        je      .end
        mov     esi, DATA
        mov     edi, [image]
        mov     ecx, DATA_SIZE
.next:  repe    cmpsb
        je      .end
        lea     eax, [esi - 1 - DATA]
        shl     eax, 8
        mov     al, [esi - 1]
        mov     [edx], eax
        add     edx, 4
        inc     dword [ebp + R_CHANGES]
        mov     al, [edi - 1]
        mov     [esi - 1], al
        test    ecx, ecx
        jnz     .next
.end:   mov     [result], edx
        jmp     next_case

exit:   out     EXIT_PORT, al
        hlt
        jmp     exit

make_idt:
        mov     edi, idt
        mov     eax, stubs
        mov     ecx, VECTORS
.gate:  mov     [edi], ax
        mov     word [edi + 2], CODE0
        mov     edx, eax
        mov     dx, 0x8e00
        mov     [edi + 4], edx
        add     eax, stubs.second - stubs
        add     edi, 8
        loop    .gate
        or      byte [idt + 3 * 8 + 5], 0x60 ; INT3 and INTO are for everyone
        or      byte [idt + 4 * 8 + 5], 0x60
        ret

; Stubs of equal size; those without an error code push 0.
stubs:
%assign vector 0
%rep VECTORS
 %if vector == 1
.second:
 %endif
 %if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17)
        nop
        nop
 %else
        push    byte 0
 %endif
        push    byte vector
        jmp     near caught
 %assign vector vector + 1
%endrep

selectors: dw   DATA3, CODE3, DATA3, DATA3, 0, 0 ; ES CS SS DS FS GS

        align   8
gdt:    dq      0
        dq      0x00cf9b000000ffff
        dq      0x00cf93000000ffff
        dw      TSS_LIMIT, tss - $$, (0x100000 >> 16) | 0x8900, 0
        dq      0
        dq      0x00cff3000000ffff
        dq      0x00cffb000000ffff
gdt_end:
gdt_pointer:
        dw      gdt_end - gdt - 1
        dd      gdt
idt_pointer:
        dw      VECTORS * 8 - 1
        dd      idt

        align   8
TSS_LIMIT equ 0x67
tss:    dd      0, stack0, DATA0
        times   22 dd 0
        dw      0, TSS_LIMIT + 1        ; no permission map
image_end:

        absolute image_end
stream: resd    1
result: resd    1
cases:  resd    1
image:  resd    1
idt:    resq    VECTORS
        resb    4096
stack0:
bss_end:
