; What random programs run under: tables, and handlers that put a program back on its feet whatever it did.
;
; Every exception is mixed into a running hash. Most then start the next entry point of the program in the mode that is
; set; page faults in lazy pages map the page and repeat the instruction; #DB, #NM, #MF, #XM and interrupts return.
; Services for the program, from any mode:
;   INT 30h  AL: go on in this mode      INT 31h  unmap the lazy pages      INT 32h  nothing but the way there and back
;   INT 33h  AL: go on with this kind of paging (0 none, 1 of 32-bit entries, 2 PAE)
; Memory below 64 KiB is the same in every mode; mailbox.ts has the addresses.
        cpu     p4
        org     0x1000

MODE_PM32_0 equ 0
MODE_PM32_3 equ 1
MODE_PM16_0 equ 2
MODE_PM16_3 equ 3
MODE_V86    equ 4
MODE_REAL   equ 5
MODES       equ 6

count   equ 0x500
hash    equ 0x504
mode    equ 0x508
paging  equ 0x50c
flags   equ 0x510                       ; EFLAGS to start with
control equ 0x514                       ; CR0 bits to add: WP, AM, TS
debug7  equ 0x518                       ; DR7, with DR0 to DR3 behind it
traps   equ 0x52c
resume16 equ 0x600                      ; 16 offsets of 16-bit code, then as many of 32-bit code
resume32 equ 0x640
registers equ 0x680                     ; EDI ESI EBP - EBX EDX ECX EAX, 16-bit code's first
ENTRIES equ 16

STACK0  equ 0x7f00
STACK_DF equ 0x6f00
STACK   equ 0xffe0
PD      equ 0x1f0000
PT      equ 0x1f1000
PDPT    equ 0x1f2000
PT_PAE  equ 0x1f4000
LAZY1   equ 0xd                         ; pages that are mapped when they are touched
LAZY2   equ 0x18
LAZY2_END equ 0x1c

CR0_PE  equ 1
CR0_NE  equ 0x20
CR0_PG  equ 0x80000000
CR4_PSE equ 0x10
CR4_PAE equ 0x20
CR4_OSFXSR equ 0x600
TSS_LIMIT equ 0x68 + 0x20                ; with a permission map for ports 0 to FFh
EFLAGS_TF equ 0x100
EFLAGS_VM equ 0x20000
IOPL3   equ 0x3000

        bits    16
start:  cli
        xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, STACK
        jmp     enter_protected

; For world.ts, which fills the tables in: what needs arithmetic on addresses that nasm's flat binaries do not do.
        align   16
exports: dd     stubs16, STUB16, stubs32, STUB32, idt, gdt, tss_main, tss_df, TSS_MAIN, TSS_DF, CODE0, DATA0, STACK0
        align   8
gdt:    dq      0
%macro  DESC 4                          ; base, limit, access, flags
        dw      (%2) & 0xffff, (%1) & 0xffff
        db      ((%1) >> 16) & 0xff, %3, (((%2) >> 16) & 15) | ((%4) << 4), ((%1) >> 24) & 0xff
%endmacro
CODE0   equ $ - gdt
        DESC    0, 0xfffff, 0x9b, 0xc
DATA0   equ $ - gdt
        DESC    0, 0xfffff, 0x93, 0xc
CODE3   equ ($ - gdt) | 3
        DESC    0, 0xfffff, 0xfb, 0xc
DATA3   equ ($ - gdt) | 3
        DESC    0, 0xfffff, 0xf3, 0xc
CODE16_0 equ $ - gdt
        DESC    0, 0xffff, 0x9b, 0
DATA16_0 equ $ - gdt
        DESC    0, 0xffff, 0x93, 0
CODE16_3 equ ($ - gdt) | 3
        DESC    0, 0xffff, 0xfb, 0
DATA16_3 equ ($ - gdt) | 3
        DESC    0, 0xffff, 0xf3, 0
TSS_MAIN equ $ - gdt
        DESC    0, TSS_LIMIT, 0x89, 0
TSS_DF  equ $ - gdt
        DESC    0, 0x67, 0x89, 0
        DESC    0x10, 0xefff, 0xf3, 0   ; 50h: all but flat
        DESC    0, 0x7fff, 0xf7, 4      ; 58h: expand-down, 8000h up
        DESC    0x20, 0xefff, 0x9f, 4   ; 60h: conforming code
        dw      0, CODE0                ; 68h: call gate, DPL 3
        db      0, 0xec
        dw      0
        DESC    0, 0xfffff, 0xf1, 0xc   ; 70h: read-only
        DESC    0, 0xfffff, 0x13, 0xc   ; 78h: not present
gdt_end:
gdtr:   dw      gdt_end - gdt - 1
        dd      gdt
idtr:   dw      256 * 8 - 1
        dd      idt
idtr_real: dw   0x3ff
        dd      0

; --- real mode --------------------------------------------------------------------------------------------------------------
        bits    16
stubs16:
%assign vector 0
%rep 256
        push    strict word vector
        jmp     near interrupted16
 %assign vector vector + 1
%endrep
STUB16  equ 6

interrupted16:                          ; vector, IP, CS, FLAGS
        pushad
        push    ds
        push    es
        xor     bx, bx
        mov     ds, bx
        mov     bp, sp
        mov     ebx, [hash]
        rol     ebx, 5
        add     ebx, [bp + 36]
        add     ebx, [bp + 40]
        mov     [hash], ebx
        mov     bx, [bp + 36]
        cmp     bl, 0x30
        je      .mode
        cmp     bl, 0x33
        je      .paging
        cmp     bl, 1
        je      .debug
        cmp     bl, 7
        je      .available
        cmp     bl, 0x10
        je      .x87
        cmp     bl, 0x13
        je      .simd
        cmp     bl, 0x20
        je      .tick
        cmp     bl, 3
        je      .back
        cmp     bl, 4
        je      .back
        cmp     bl, 0x31
        je      .back
        cmp     bl, 0x32
        je      .back
        jmp     launch16
.mode:  xor     ah, ah
        mov     bl, MODES
        div     bl
        mov     [mode], ah
        jmp     .leave
.paging: xor    ah, ah
        mov     bl, 3
        div     bl
        mov     [paging], ah
.leave: cmp     byte [mode], MODE_REAL
        je      launch16
        jmp     enter_protected
.tick:  inc     word [traps]
        test    byte [traps], 3
        jnz     .back
        jmp     launch16
.debug: mov     eax, dr6
        add     [hash], eax
        xor     eax, eax
        mov     dr6, eax
        inc     word [traps]
        test    byte [traps], 7
        jnz     .back
        and     word [bp + 42], ~EFLAGS_TF
        jmp     .back
.available:
        clts
        jmp     .back
.x87:   fnclex
        jmp     .back
.simd:  ldmxcsr [mxcsr_default]
.back:  pop     es
        pop     ds
        popad
        add     sp, 2
        iret

launch16:
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        mov     sp, STACK
        lidt    [idtr_real]
        inc     dword [count]
        mov     bx, [count]
        and     bx, ENTRIES - 1
        shl     bx, 2
        push    word [flags]
        push    ax
        push    word [resume16 + bx]
        mov     edi, [registers]
        mov     esi, [registers + 4]
        mov     ebp, [registers + 8]
        mov     ebx, [registers + 16]
        mov     edx, [registers + 20]
        mov     ecx, [registers + 24]
        mov     eax, [registers + 28]
        iret

enter_protected:
        cli
        xor     ax, ax
        mov     ds, ax
        lgdt    [gdtr]
        lidt    [idtr]
        mov     eax, cr0
        or      al, CR0_PE
        mov     cr0, eax
        jmp     dword CODE0:launch

leave_protected:                        ; 16-bit code segment, paging off
        mov     ax, DATA16_0
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        mov     eax, cr0
        and     al, ~CR0_PE
        mov     cr0, eax
        jmp     0:launch16

; --- protected mode -----------------------------------------------------------------------------------------------------------
        bits    32
stubs32:
%assign vector 0
%rep 256
 %if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17)
        times 5 nop
 %else
        push    strict dword 0
 %endif
        push    strict dword vector
        jmp     near interrupted
 %assign vector vector + 1
%endrep
STUB32  equ 15

FRAME   equ 40                          ; after PUSHAD, DS, ES: vector, error, EIP, CS, EFLAGS, ESP, SS

interrupted:
        pushad
        push    ds
        push    es
        mov     bx, DATA0
        mov     ds, bx
        mov     es, bx
        cld
        mov     ebx, [hash]
%assign offset 0
%rep 5
        rol     ebx, 5
        add     ebx, [esp + FRAME + offset]
 %assign offset offset + 4
%endrep
        mov     [hash], ebx
        mov     ebx, [esp + FRAME]
        cmp     bl, 14
        je      .page
        cmp     bl, 0x30
        je      .mode
        cmp     bl, 0x33
        je      .paging
        cmp     bl, 0x31
        je      .unmap
        cmp     bl, 1
        je      .debug
        cmp     bl, 7
        je      .available
        cmp     bl, 16
        je      .x87
        cmp     bl, 19
        je      .simd
        cmp     bl, 17
        je      .alignment
        cmp     bl, 0x20
        je      .tick
        cmp     bl, 3
        je      .back
        cmp     bl, 4
        je      .back
        cmp     bl, 0x32
        je      .back
        jmp     launch
.mode:  xor     ah, ah
        mov     bl, MODES
        div     bl
        mov     [mode], ah
        jmp     launch
.paging:
        xor     ah, ah
        mov     bl, 3
        div     bl
        mov     [paging], ah
        jmp     launch
.tick:  inc     word [traps]
        test    byte [traps], 3
        jnz     .back
        jmp     launch
.debug: mov     eax, dr6
        add     [hash], eax
        xor     eax, eax
        mov     dr6, eax
        or      dword [esp + FRAME + 16], 0x10000
        inc     word [traps]
        test    byte [traps], 7
        jnz     .back
        and     dword [esp + FRAME + 16], ~EFLAGS_TF
        jmp     .back
.alignment:
        and     dword [esp + FRAME + 16], ~0x40000
        jmp     .back
.available:
        clts
        jmp     .back
.x87:   fnclex
        jmp     .back
.simd:  ldmxcsr [mxcsr_default]
.back:  pop     es
        pop     ds
        popad
        add     esp, 8
        iretd
.unmap: mov     eax, LAZY1
        call    unmap
        mov     eax, LAZY2
.unmap_next:
        call    unmap
        inc     eax
        cmp     eax, LAZY2_END
        jb      .unmap_next
        mov     eax, cr3
        mov     cr3, eax
        jmp     .back
.page:  mov     eax, cr2
        add     [hash], eax
        mov     edx, eax
        test    byte [esp + FRAME + 4], 1
        jnz     launch
        shr     eax, 12
        cmp     eax, LAZY1
        je      .map
        cmp     eax, LAZY2
        jb      launch
        cmp     eax, LAZY2_END
        jae     launch
.map:   or      byte [PT + eax * 4], 1
        or      byte [PT_PAE + eax * 8], 1
        invlpg  [edx]
        jmp     .back
unmap:  and     byte [PT + eax * 4], ~0x61
        and     byte [PT_PAE + eax * 8], ~0x61
        ret

; A double fault comes here as a task of its own: the old one is left behind.
df_entry:
        mov     byte [gdt + TSS_MAIN + 5], 0x89
        mov     byte [gdt + TSS_DF + 5], 0x89
        add     dword [hash], 0xdf
        mov     ax, TSS_MAIN
        ltr     ax
        pop     eax                     ; error code

launch:
        mov     ax, DATA0
        mov     ds, ax
        mov     ss, ax
        mov     esp, STACK0
        push    dword 2
        popfd
        ; debug registers off while the supervisor works
        xor     eax, eax
        mov     dr7, eax
        cmp     word [tss_loaded], 0
        jne     .loaded
        mov     word [tss_loaded], 1
        mov     ax, TSS_MAIN
        ltr     ax
        fninit
.loaded:
        lidt    [idtr]
        xor     eax, eax
        lldt    ax
        inc     dword [count]
        mov     ecx, [count]
        and     ecx, ENTRIES - 1
        mov     eax, cr0
        and     eax, ~CR0_PG
        mov     cr0, eax
        mov     eax, cr4
        and     eax, ~CR4_PAE
        or      eax, CR4_OSFXSR | CR4_PSE
        mov     cr4, eax
        cmp     byte [mode], MODE_REAL
        je      .real
        cmp     byte [paging], 0
        je      .unpaged
        mov     edx, PD
        cmp     byte [paging], 1
        je      .paged
        or      eax, CR4_PAE
        mov     cr4, eax
        mov     edx, PDPT
.paged: mov     cr3, edx
        mov     eax, CR0_PE | CR0_NE | CR0_PG
        jmp     .control
.unpaged:
        mov     eax, CR0_PE | CR0_NE
.control:
        or      eax, [control]
        mov     cr0, eax
        mov     eax, [debug7 + 4]
        mov     dr0, eax
        mov     eax, [debug7 + 8]
        mov     dr1, eax
        mov     eax, [debug7 + 12]
        mov     dr2, eax
        mov     eax, [debug7 + 16]
        mov     dr3, eax
        mov     eax, [debug7]
        mov     dr7, eax
        movzx   eax, byte [mode]
        jmp     [.modes + eax * 4]
.modes: dd      .pm32_0, .pm32_3, .pm16_0, .pm16_3, .v86
.pm32_0:
        mov     esp, STACK
        push    dword [flags]
        push    dword CODE0
        push    dword [resume32 + ecx * 4]
        mov     bx, DATA0
        jmp     .enter32
.pm32_3:
        push    dword DATA3
        push    dword STACK
        push    dword [flags]
        push    dword CODE3
        push    dword [resume32 + ecx * 4]
        mov     bx, DATA3
        jmp     .enter32
.pm16_0:
        mov     bx, DATA16_0
        mov     ss, bx
        mov     esp, STACK
        push    dword [flags]
        push    dword CODE16_0
        push    dword [resume16 + ecx * 4]
        jmp     .enter16
.pm16_3:
        push    dword DATA16_3
        push    dword STACK
        push    dword [flags]
        push    dword CODE16_3
        push    dword [resume16 + ecx * 4]
        mov     bx, DATA16_3
        jmp     .enter16
.v86:   xor     ebx, ebx
        push    ebx
        push    ebx
        push    ebx
        push    ebx
        push    ebx
        push    dword STACK
        mov     eax, [flags]
        or      eax, EFLAGS_VM
        push    eax
        push    ebx
        push    dword [resume16 + ecx * 4]
        jmp     .enter16
.enter32:
        mov     ds, bx
        mov     es, bx
        mov     fs, bx
        mov     gs, bx
%macro LOAD_REGISTERS 1
        mov     edi, [cs:registers + %1]
        mov     esi, [cs:registers + %1 + 4]
        mov     ebp, [cs:registers + %1 + 8]
        mov     ebx, [cs:registers + %1 + 16]
        mov     edx, [cs:registers + %1 + 20]
        mov     ecx, [cs:registers + %1 + 24]
        mov     eax, [cs:registers + %1 + 28]
%endmacro
        LOAD_REGISTERS 32
        iretd
.enter16:
        mov     ds, bx
        mov     es, bx
        mov     fs, bx
        mov     gs, bx
        LOAD_REGISTERS 0
        iretd
.real:  xor     eax, eax
        mov     cr3, eax
        jmp     dword CODE16_0:leave_protected

        align   16
mxcsr_default: dd 0x1f80
tss_loaded: dd  0
tss_df: dd      0
        times 6 dd 0
        dd      PD, df_entry, 2
        times 4 dd 0
        dd      STACK_DF
        times 3 dd 0
        dd      DATA0, CODE0, DATA0, DATA0, DATA0, DATA0, 0
        dd      0x680000
        align   16
tss_main: times 0x68 db 0
        times 0x20 db 0xf0
        db      0xff
        align   16
idt:    times 256 * 8 db 0
supervisor_end:
