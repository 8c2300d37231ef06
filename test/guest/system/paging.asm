; Paging: faults with error codes and CR2, accessed and dirty bits, WP, U/S, 4 MiB pages, INVLPG. SDM volume 3, chapter 4.
%include "prot.inc"
gdt_end:
PAGE_DIR   equ 0x100000
PAGE_TABLE equ 0x101000                 ; linear 0 to 4 MiB, identity, user
TEST_PAGE  equ 0x300000
TEST_PTE   equ PAGE_TABLE + (TEST_PAGE >> 12) * 4
P equ 1
RW equ 2
US equ 4
ACCESSED equ 0x20
DIRTY equ 0x40
PS equ 0x80
CR0_WP equ 1 << 16
CR0_PG equ 1 << 31
CR4_PSE equ 1 << 4

%macro MAP 1                            ; attributes of the test page
        mov     dword [TEST_PTE], TEST_PAGE | (%1)
        invlpg  [TEST_PAGE]
%endmacro
%macro PAGE_CASE 3+                     ; name, attributes, ring 0 code
        MAP     %2
        CASE    %1
        %3
        mov     eax, [TEST_PTE]
        SHOW    "pte", eax
        DONE
%endmacro
%macro USER_CASE 3+                     ; name, attributes, ring 3 code
        MAP     %2
        CASE    %1
        ENTER3
        %3
        mov     eax, [TEST_PTE]
        DONE3
%endmacro
%macro SET_WP 1
        mov     eax, cr0
 %if %1
        or      eax, CR0_WP
 %else
        and     eax, ~CR0_WP
 %endif
        mov     cr0, eax
%endmacro

start:
        mov     edi, PAGE_DIR
        mov     ecx, 1024
        xor     eax, eax
        rep     stosd
        mov     dword [PAGE_DIR], PAGE_TABLE | P | RW | US
        mov     edi, PAGE_TABLE
        mov     ecx, 1024
        mov     eax, P | RW | US
.fill:  stosd
        add     eax, 0x1000
        loop    .fill
        mov     dword [TEST_PAGE], 0x0b0f0b0f   ; UD2
        mov     eax, PAGE_DIR
        mov     cr3, eax
        mov     eax, cr4
        or      eax, CR4_PSE
        mov     cr4, eax
        mov     eax, cr0
        or      eax, CR0_PG
        and     eax, ~CR0_WP
        mov     cr0, eax

        PAGE_CASE "read sets A", P | RW, mov al, [TEST_PAGE]
        PAGE_CASE "write sets A and D", P | RW, mov [TEST_PAGE + 8], al
        PAGE_CASE "read-modify-write", P | RW, add byte [TEST_PAGE + 8], 1
        PAGE_CASE "read not present", RW, mov al, [TEST_PAGE + 0x123]
        PAGE_CASE "write not present", RW, mov [TEST_PAGE + 0x123], al
        PAGE_CASE "read-modify-write not present", RW, inc byte [TEST_PAGE + 4]
        PAGE_CASE "dword into an absent page", RW, mov eax, [TEST_PAGE - 2]
        PAGE_CASE "fetch not present", RW, jmp TEST_PAGE
        PAGE_CASE "ring 0 writes read-only without WP", P, mov [TEST_PAGE + 8], al
        SET_WP 1
        PAGE_CASE "ring 0 writes read-only with WP", P, mov [TEST_PAGE + 8], al
        PAGE_CASE "ring 0 writes a user's read-only page with WP", P | US, mov [TEST_PAGE + 8], al
        PAGE_CASE "CMPXCHG needs write access even unequal", P, cmpxchg [TEST_PAGE + 8], ebx
        PAGE_CASE "XCHG read-only", P, xchg [TEST_PAGE + 8], eax
        PAGE_CASE "PUSH to an absent page", RW, push dword [TEST_PAGE]
        SET_WP 0
        USER_CASE "cpl 3: read", P | RW | US, mov al, [TEST_PAGE]
        USER_CASE "cpl 3: write", P | RW | US, mov [TEST_PAGE + 8], al
        USER_CASE "cpl 3: read supervisor page", P | RW, mov al, [TEST_PAGE]
        USER_CASE "cpl 3: write supervisor page", P | RW, mov [TEST_PAGE + 8], al
        USER_CASE "cpl 3: write read-only", P | US, mov [TEST_PAGE + 8], al
        USER_CASE "cpl 3: read not present", RW | US, mov al, [TEST_PAGE]
        USER_CASE "cpl 3: write not present", RW | US, mov [TEST_PAGE + 8], al
        USER_CASE "cpl 3: fetch supervisor page", P | RW, jmp TEST_PAGE
        USER_CASE "cpl 3: fetch", P | RW | US, jmp TEST_PAGE

; ---- rights of directory and table combine
        and     dword [PAGE_DIR], ~RW
        mov     eax, cr3
        mov     cr3, eax
        USER_CASE "cpl 3: directory read-only", P | RW | US, mov [TEST_PAGE + 8], al
        or      dword [PAGE_DIR], RW
        mov     eax, cr3
        mov     cr3, eax

; ---- the TLB
        MAP     P | RW
        CASE    "INVLPG makes a change seen"
        mov     al, [TEST_PAGE]
        mov     dword [TEST_PTE], 0
        invlpg  [TEST_PAGE]
        mov     al, [TEST_PAGE]
        DONE
        MAP     P | RW
        CASE    "CR3 makes a change seen"
        mov     al, [TEST_PAGE]
        mov     dword [TEST_PTE], 0
        mov     eax, cr3
        mov     cr3, eax
        mov     al, [TEST_PAGE]
        DONE
        MAP     P | RW
        CASE    "another page at the same address"
        mov     dword [TEST_PAGE + 0x1000], 0x12345678
        mov     eax, [TEST_PAGE]
        mov     dword [TEST_PTE], (TEST_PAGE + 0x1000) | P
        invlpg  [TEST_PAGE]
        mov     eax, [TEST_PAGE]
        SHOW    "eax", eax
        DONE
        MAP     P | RW

; ---- 4 MiB pages
        mov     dword [PAGE_DIR + 8], P | RW | PS       ; 8 MiB -> 0
        CASE    "4 MiB page: read"
        mov     eax, [0x800000 + TEST_PAGE]
        SHOW    "eax", eax
        mov     eax, [PAGE_DIR + 8]
        SHOW    "pde", eax
        DONE
        CASE    "4 MiB page: write"
        mov     [0x800000 + TEST_PAGE + 8], eax
        mov     eax, [PAGE_DIR + 8]
        SHOW    "pde", eax
        DONE
        CASE    "4 MiB page: cpl 3"
        ENTER3
        mov     eax, [0x800000 + TEST_PAGE]
        DONE3
        CASE    "directory entry not present"
        mov     eax, [0xc00000]
        DONE
        CASE    "fault keeps string registers"
        mov     dword [TEST_PTE + 4], 0
        invlpg  [TEST_PAGE + 0x1000]
        mov     edi, TEST_PAGE + 0xff8
        mov     ecx, 16
        mov     [saved_edi], edi
        xor     eax, eax
        rep     stosd
        DONE
        mov     dword [TEST_PTE + 4], (TEST_PAGE + 0x1000) | P | RW
        invlpg  [TEST_PAGE + 0x1000]
        jmp     finish
saved_edi: dd 0
body_end:
BODY_SECTORS equ (body_end - entry + 511) / 512
