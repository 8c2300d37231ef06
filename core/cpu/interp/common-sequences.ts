/**
 * Instructions that follow each other often in tier 0, a sequence a line: of each its row's name and the key of its form
 * (`formKey`) in base 36. Made by scripts/common-sequences.mjs from runs of systems.
 */
export const COMMON_SEQUENCES = `
ADD Ev,Gv 1f6a; ADD Ev,Gv 1f6a
ADD Ev,Gv 1f6a; ADD Ev,Gv 1f6a; XOR Ev,Gv 1f6a
ADD Ev,Gv 1f6a; CALL Jz 1f6a
ADD Ev,Gv 1f6a; LEA Gv,M 1onm
ADD Ev,Gv 1f6a; MOV Ev,Gv 1f6a
ADD Ev,Gv 1f6a; MOV Ev,Gv 1f6a; MOV Gv,Ev 1ic2
ADD Ev,Gv 1f6a; MOV Ev,Gv 1ic2
ADD Ev,Gv 1f6a; MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2; XOR Ev,Gv 1f6a
ADD Ev,Gv 1f6a; MOV Ev,Gv 1ic2; XOR Ev,Gv 1f6a
ADD Ev,Gv 1f6a; MOV Gv,Ev 1ic2
ADD Ev,Gv 1f6a; MOV Gv,Ev 1ic2; ADD Ev,Gv 1f6a; XOR Ev,Gv 1f6a
ADD Ev,Gv 1f6a; MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2
ADD Ev,Gv 1f6a; MOV Gv,Ev 1ic2; XOR Ev,Gv 1f6a
ADD Ev,Gv 1f6a; XOR Ev,Gv 1f6a
ADD Ev,Gv 1f6a; XOR Ev,Gv 1f6a; MOV Ev,Gv 1f6a; MOV Gv,Ev 1ic2
ADD Ev,Gv 1f6a; XOR Ev,Gv 1f6a; MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2
ADD Ev,Gv 1ic2; ADC Ev,Gv 1ic2
ADD Ev,Gv 1ic2; MOV Gv,Ev 1ic2
ADD Ev,Ib 1f6a; ADD Ev,Ib 1f6a
ADD Ev,Ib 1f6a; CALL Jz 1f6a
ADD Ev,Ib 1f6a; CMP Ev,Gv 1f6a; JNZ Jb 24gi
ADD Ev,Ib 1f6a; MOV Ev,Gv 1f6a; POP Zv 1f6a; POP Zv 1f6a
ADD Ev,Ib 1f6a; MOV Ev,Gv 1ic2
ADD Ev,Ib 1f6a; POP Zv 1f6a; POP Zv 1f6a
ADD Gv,Ev 1ic2; ADC Gv,Ev 1ic2
AND Ev,Gv 1f6a; MOV Ev,Gv 1f6a; SHR Ev,Ib 1f6a; SHR Ev,Ib 1f6a
AND Ev,Gv 1f6a; MOV Gv,Ev 1ic2; OR Ev,Gv 1f6a
AND Ev,Gv 1f6a; OR Ev,Gv 1f6a
AND Ev,Gv 1f6a; XOR Ev,Gv 1f6a
AND Ev,Ib 1f6a; JNZ Jz 24gi
AND Ev,Ib 1f6a; JZ Jb 24gi
AND Ev,Ib 1f6a; MOV Ev,Gv 1ic2
AND Ev,Iz 1f6a; JZ Jb 24gi
BT Ev,Gv 1ic2; JNB Jb 24gi
CMOVNZ Gv,Ev 1f6a; CMOVNZ Gv,Ev 1f6a
CMP AL,Ib 1f6a; JNZ Jb 24gi
CMP AL,Ib 1f6a; JZ Jb 24gi
CMP AL,Ib 1f6a; JZ Jz 24gi
CMP Eb,Ib 1f6a; JNZ Jb 24gi
CMP Eb,Ib 1f6a; JZ Jb 24gi
CMP Eb,Ib 1f6a; JZ Jz 24gi
CMP Eb,Ib 1ic2; JNZ Jb 24gi
CMP Eb,Ib 1ic2; JNZ Jz 24gi
CMP Eb,Ib 1ic2; JZ Jb 24gi
CMP Eb,Ib 1ic2; JZ Jz 24gi
CMP Eb,Ib 1ic2; MOV Ev,Gv 1f6a
CMP Ev,Gv 1f6a; CMOVNBE Gv,Ev 1f6a
CMP Ev,Gv 1f6a; JB Jb 24gi
CMP Ev,Gv 1f6a; JB Jz 24gi
CMP Ev,Gv 1f6a; JNB Jb 24gi
CMP Ev,Gv 1f6a; JNB Jz 24gi
CMP Ev,Gv 1f6a; JNZ Jb 24gi
CMP Ev,Gv 1f6a; JNZ Jz 24gi
CMP Ev,Gv 1f6a; JZ Jb 24gi
CMP Ev,Gv 1f6a; JZ Jz 24gi
CMP Ev,Gv 1f6a; MOV Ev,Gv 1f6a
CMP Ev,Gv 1f6a; MOV Ev,Gv 1f6a; SBB Ev,Gv 1f6a
CMP Ev,Gv 1f6a; MOV Zv,Iv 1f6a
CMP Ev,Gv 1f6a; SBB Ev,Gv 1f6a
CMP Ev,Gv 1ic2; JB Jb 24gi
CMP Ev,Gv 1ic2; JB Jz 24gi
CMP Ev,Gv 1ic2; JNZ Jb 24gi
CMP Ev,Gv 1ic2; JNZ Jz 24gi
CMP Ev,Gv 1ic2; JZ Jb 24gi
CMP Ev,Gv 1ic2; JZ Jz 24gi
CMP Ev,Ib 1f6a; JB Jb 24gi
CMP Ev,Ib 1f6a; JBE Jb 24gi
CMP Ev,Ib 1f6a; JBE Jz 24gi
CMP Ev,Ib 1f6a; JNBE Jb 24gi
CMP Ev,Ib 1f6a; JNBE Jz 24gi
CMP Ev,Ib 1f6a; JNZ Jb 24gi
CMP Ev,Ib 1f6a; JNZ Jz 24gi
CMP Ev,Ib 1f6a; JZ Jb 24gi
CMP Ev,Ib 1f6a; JZ Jz 1f6a
CMP Ev,Ib 1f6a; JZ Jz 24gi
CMP Ev,Ib 1f6a; SBB Ev,Gv 1f6a
CMP Ev,Ib 1f6a; SBB Ev,Gv 1f6a; AND Ev,Iz 1f6a
CMP Ev,Ib 1ic2; JZ Jb 24gi
CMP Ev,Ib 1ic2; MOV Ev,Gv 1ic2
CMP Ev,Ib lt; JZ Jb 24gi
CMP Ev,Iz 1f6a; JZ Jb 24gi
CMP Ev,Iz 1f6a; JZ Jz 1f6a
CMP Gv,Ev 1ic2; JB Jb 24gi
CMP Gv,Ev 1ic2; JZ Jb 24gi
CMP rAX,Iz 1f6a; JNBE Jb 24gi
CMP rAX,Iz 1f6a; JZ Jb 24gi
DEC Ev 1uz6; JZ Jb 24gi
DEC Ev 1uz6; JZ Jz 24gi
IMUL Gv,Ev 1f6a; IMUL Gv,Ev 1f6a
LEA Gv,M 1ic2; ADD Ev,Ib 1f6a
LEA Gv,M 1ic2; AND Ev,Ib 1f6a
LEA Gv,M 1ic2; CALL Jz 1f6a
LEA Gv,M 1ic2; LEA Gv,M 1ic2
LEA Gv,M 1ic2; MOV Ev,Gv 1f6a
LEA Gv,M 1ic2; MOV Ev,Gv 1f6a; CALL Jz 1f6a
LEA Gv,M 1ic2; MOV Ev,Gv 1f6a; MOV Ev,Gv 1f6a
LEA Gv,M 1ic2; MOV Ev,Gv 1f6a; POP Zv 1f6a; POP Zv 1f6a
LEA Gv,M 1ic2; MOV Ev,Gv 1ic2
LEA Gv,M 1ic2; MOV Ev,Gv 1ic2; MOV Ev,Gv 1ic2
LEA Gv,M 1ic2; MOV Ev,Iz 1ic2
LEA Gv,M 1ic2; MOV Ev,Iz 1ic2; MOV Ev,Iz 1ic2
LEA Gv,M 1ic2; MOV Gv,Ev 1ic2
LEA Gv,M 1ic2; MOV Gv,Ev 1ic2; CALL Jz 1f6a
LEA Gv,M 1ic2; MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2
LEA Gv,M 1ic2; MOV Gv,Ev 1onm
LEA Gv,M 1ic2; MOV Zv,Iv 1f6a
LEA Gv,M 1ic2; MOV rAX,Ov 1uz6
LEA Gv,M 1ic2; NOP  1f6a
LEA Gv,M 1ic2; OR Ev,Gv 1f6a
LEA Gv,M 1ic2; POP Zv 1f6a; POP Zv 1f6a
LEA Gv,M 1ic2; PUSH Zv 1f6a
LEA Gv,M 1ic2; PUSH Zv 1f6a; MOV Ev,Gv 1f6a
LEA Gv,M 1ic2; PUSH Zv 1f6a; MOV Ev,Gv 1f6a; MOV Ev,Gv 1f6a
LEA Gv,M 1ic2; PUSH Zv 1f6a; MOV Ev,Gv 1f6a; PUSH Zv 1f6a
LEA Gv,M 1ic2; PUSH Zv 1f6a; MOV Gv,Ev 1ic2; MOV Ev,Gv 1f6a
LEA Gv,M 1ic2; PUSH Zv 1f6a; MOV Zv,Iv 1f6a; MOV Ev,Gv 1f6a
LEA Gv,M 1ic2; PUSH Zv 1f6a; XOR Ev,Gv 1f6a; MOV Ev,Gv 1f6a
LEA Gv,M 1ic2; SUB Ev,Ib 1f6a
LEA Gv,M 1ic2; TEST Ev,Gv 1f6a; JZ Jb 24gi
LEA Gv,M 1onm; LEA Gv,M 1onm
LEA Gv,M 1onm; MOV Ev,Gv 1f6a
LEA Gv,M 1onm; MOV Gv,Ev 1ic2; XOR Ev,Gv 1f6a
MOV Ev,Gv 1f6a; ADD Ev,Ib 1f6a
MOV Ev,Gv 1f6a; AND Ev,Ib 1f6a
MOV Ev,Gv 1f6a; AND Ev,Iz 1f6a
MOV Ev,Gv 1f6a; CALL Jz 1f6a
MOV Ev,Gv 1f6a; CALL Jz 24gi
MOV Ev,Gv 1f6a; JMP Jb 24gi
MOV Ev,Gv 1f6a; JMP Jz 24gi
MOV Ev,Gv 1f6a; LEA Gv,M 1ic2
MOV Ev,Gv 1f6a; LEA Gv,M 1ic2; CALL Jz 1f6a
MOV Ev,Gv 1f6a; LEA Gv,M 1onm
MOV Ev,Gv 1f6a; MOV Ev,Gv 1f6a
MOV Ev,Gv 1f6a; MOV Ev,Gv 1f6a; CALL Jz 1f6a
MOV Ev,Gv 1f6a; MOV Ev,Gv 1f6a; CALL Jz 24gi
MOV Ev,Gv 1f6a; MOV Ev,Gv 1f6a; MOV Gv,Ev 1ic2
MOV Ev,Gv 1f6a; MOV Ev,Gv 1f6a; SHR Ev,Ib 1f6a
MOV Ev,Gv 1f6a; MOV Ev,Gv 1ic2
MOV Ev,Gv 1f6a; MOV Ev,Iz 1ic2
MOV Ev,Gv 1f6a; MOV Gv,Ev 1ic2
MOV Ev,Gv 1f6a; MOV Gv,Ev 1ic2; MOV Ev,Gv 1f6a
MOV Ev,Gv 1f6a; MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2
MOV Ev,Gv 1f6a; MOV Zv,Iv 1f6a
MOV Ev,Gv 1f6a; MOVZX Gv,Eb 1f6a
MOV Ev,Gv 1f6a; MOVZX Gv,Ew 1f6a
MOV Ev,Gv 1f6a; MOVZX Gv,Ew 1f6a; SHR Ev,Ib 1f6a
MOV Ev,Gv 1f6a; POP Zv 1f6a; POP Zv 1f6a
MOV Ev,Gv 1f6a; PUSH Zv 1f6a
MOV Ev,Gv 1f6a; PUSH Zv 1f6a; PUSH Zv 1f6a
MOV Ev,Gv 1f6a; SBB Ev,Gv 1f6a
MOV Ev,Gv 1f6a; SBB Gv,Ev 1ic2
MOV Ev,Gv 1f6a; SHL Ev,Ib 1f6a
MOV Ev,Gv 1f6a; SHR Ev,Ib 1f6a
MOV Ev,Gv 1f6a; SHR Ev,Ib 1f6a; SHR Ev,Ib 1f6a
MOV Ev,Gv 1f6a; SUB Ev,Gv 1f6a
MOV Ev,Gv 1f6a; TEST Ev,Gv 1f6a; JNZ Jb 24gi
MOV Ev,Gv 1f6a; TEST Ev,Gv 1f6a; JNZ Jz 24gi
MOV Ev,Gv 1f6a; TEST Ev,Gv 1f6a; JZ Jb 24gi
MOV Ev,Gv 1f6a; TEST Ev,Gv 1f6a; JZ Jz 24gi
MOV Ev,Gv 1f6a; XOR Ev,Gv 1f6a
MOV Ev,Gv 1ic2; CALL Jz 1f6a
MOV Ev,Gv 1ic2; JMP Jb 24gi
MOV Ev,Gv 1ic2; JMP Jz 24gi
MOV Ev,Gv 1ic2; LEA Gv,M 1ic2
MOV Ev,Gv 1ic2; LEA Gv,M 1onm
MOV Ev,Gv 1ic2; MOV Ev,Gv 1f6a
MOV Ev,Gv 1ic2; MOV Ev,Gv 1f6a; CALL Jz 1f6a
MOV Ev,Gv 1ic2; MOV Ev,Gv 1f6a; MOV Ev,Gv 1f6a
MOV Ev,Gv 1ic2; MOV Ev,Gv 1f6a; MOV Gv,Ev 1ic2
MOV Ev,Gv 1ic2; MOV Ev,Gv 1ic2
MOV Ev,Gv 1ic2; MOV Ev,Gv 1ic2; CALL Jz 1f6a
MOV Ev,Gv 1ic2; MOV Ev,Gv 1ic2; MOV Ev,Gv 1f6a
MOV Ev,Gv 1ic2; MOV Ev,Gv 1ic2; MOV Ev,Gv 1ic2
MOV Ev,Gv 1ic2; MOV Ev,Gv 1ic2; MOV Ev,Gv 1ic2; MOV Ev,Gv 1ic2
MOV Ev,Gv 1ic2; MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2
MOV Ev,Gv 1ic2; MOV Ev,Iz 1ic2
MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2
MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2; CALL Jz 1f6a
MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2; LEA Gv,M 1onm
MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Gv 1f6a
MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2
MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2
MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Iz 1ic2
MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2
MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2; XOR Ev,Gv 1f6a
MOV Ev,Gv 1ic2; MOV Zv,Iv 1f6a
MOV Ev,Gv 1ic2; MOV rAX,Ov 1uz6; MOV Ev,Gv 1ic2; XOR Ev,Gv 1f6a
MOV Ev,Gv 1ic2; MOVZX Gv,Eb 1ic2
MOV Ev,Gv 1ic2; SHR Ev,Ib 1f6a
MOV Ev,Gv 1ic2; TEST Ev,Gv 1f6a; JZ Jb 24gi
MOV Ev,Gv 1ic2; TEST Ev,Gv 1f6a; JZ Jz 24gi
MOV Ev,Gv 1ic2; XOR Ev,Gv 1f6a
MOV Ev,Gv 1onm; ADD Ev,Ib 1f6a
MOV Ev,Gv 1onm; ADD Ev,Ib 1f6a; CMP Ev,Gv 1f6a; JB Jb 24gi
MOV Ev,Gv 1onm; ADD Ev,Ib 1f6a; CMP Ev,Gv 1f6a; JNZ Jb 24gi
MOV Ev,Gv 1onm; ADD Ev,Ib 1f6a; CMP Ev,Ib 1f6a; JB Jb 24gi
MOV Ev,Iz 1ic2; CALL Jz 1f6a
MOV Ev,Iz 1ic2; MOV Ev,Iz 1ic2
MOV Ev,Iz 1ic2; MOV Ev,Iz 1ic2; MOV Ev,Iz 1ic2
MOV Ev,Iz 1ic2; MOV Ev,Iz 1ic2; MOV Ev,Iz 1ic2; MOV Ev,Iz 1ic2
MOV Ev,Iz 1ic2; MOV Gv,Ev 1ic2
MOV Gv,Ev 1ic2; ADD Ev,Gv 1f6a
MOV Gv,Ev 1ic2; ADD Ev,Gv 1f6a; MOV Ev,Gv 1f6a
MOV Gv,Ev 1ic2; ADD Ev,Ib 1f6a
MOV Gv,Ev 1ic2; ADD Ev,Ib 1f6a; POP Zv 1f6a; POP Zv 1f6a
MOV Gv,Ev 1ic2; ADD Ev,Ib 1ic2
MOV Gv,Ev 1ic2; ADD Gv,Ev 1ic2
MOV Gv,Ev 1ic2; AND Ev,Ib 1f6a
MOV Gv,Ev 1ic2; AND rAX,Iz 1f6a
MOV Gv,Ev 1ic2; CALL Jz 1f6a
MOV Gv,Ev 1ic2; CALL Jz 24gi
MOV Gv,Ev 1ic2; CMP Ev,Gv 1f6a
MOV Gv,Ev 1ic2; CMP Ev,Gv 1f6a; JB Jb 24gi
MOV Gv,Ev 1ic2; CMP Ev,Gv 1f6a; JNB Jb 24gi
MOV Gv,Ev 1ic2; CMP Ev,Gv 1f6a; JZ Jb 24gi
MOV Gv,Ev 1ic2; CMP Ev,Gv 1f6a; JZ Jz 24gi
MOV Gv,Ev 1ic2; CMP Ev,Gv 1ic2
MOV Gv,Ev 1ic2; CMP Ev,Gv 1ic2; JZ Jb 24gi
MOV Gv,Ev 1ic2; CMP Ev,Iz 1f6a
MOV Gv,Ev 1ic2; JMP Jb 24gi
MOV Gv,Ev 1ic2; JMP Jz 24gi
MOV Gv,Ev 1ic2; LEA Gv,M 1ic2
MOV Gv,Ev 1ic2; LEA Gv,M 1ic2; AND Ev,Ib 1f6a
MOV Gv,Ev 1ic2; LEA Gv,M 1ic2; CALL Jz 1f6a
MOV Gv,Ev 1ic2; LEA Gv,M 1ic2; POP Zv 1f6a; POP Zv 1f6a
MOV Gv,Ev 1ic2; LEA Gv,M 1ic2; TEST AL,Ib 1f6a
MOV Gv,Ev 1ic2; LEA Gv,M 1ic2; TEST AL,Ib 1f6a; CMOVNZ Gv,Ev 1f6a
MOV Gv,Ev 1ic2; LEA Gv,M 1onm
MOV Gv,Ev 1ic2; MOV Ev,Gv 1f6a
MOV Gv,Ev 1ic2; MOV Ev,Gv 1f6a; AND Ev,Ib 1f6a
MOV Gv,Ev 1ic2; MOV Ev,Gv 1f6a; CALL Jz 1f6a
MOV Gv,Ev 1ic2; MOV Ev,Gv 1f6a; MOV Ev,Gv 1f6a
MOV Gv,Ev 1ic2; MOV Ev,Gv 1f6a; MOV Ev,Gv 1f6a; CALL Jz 1f6a
MOV Gv,Ev 1ic2; MOV Ev,Gv 1f6a; MOV Gv,Ev 1ic2
MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2
MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2; LEA Gv,M 1onm
MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2; MOV Ev,Gv 1ic2
MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2
MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2
MOV Gv,Ev 1ic2; MOV Ev,Iz 1ic2
MOV Gv,Ev 1ic2; MOV Ev,Iz 1ic2; MOV Ev,Iz 1ic2
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; ADD Ev,Ib 1f6a
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; ADD Gv,Ev 1onm
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; CALL Jz 1f6a
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; LEA Gv,M 1ic2
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Gv 1f6a
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Gv 1f6a; CALL Jz 1f6a
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2; MOV Ev,Gv 1f6a
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2; MOV Ev,Gv 1ic2
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Iz 1ic2
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; CALL Jz 1f6a
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Ev,Gv 1ic2
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; MOV Gv,Ev 1onm
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; TEST Ev,Gv 1f6a; JNZ Jb 24gi
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; TEST Ev,Gv 1f6a; JNZ Jz 24gi
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; TEST Ev,Gv 1f6a; JZ Jb 24gi
MOV Gv,Ev 1ic2; MOV Gv,Ev 1ic2; TEST Ev,Gv 1f6a; JZ Jz 24gi
MOV Gv,Ev 1ic2; MOV Gv,Ev 1onm
MOV Gv,Ev 1ic2; MOV Zv,Iv 1f6a
MOV Gv,Ev 1ic2; MOV Zv,Iv 1f6a; CALL Jz 1f6a
MOV Gv,Ev 1ic2; MOVZX Gv,Eb 1ic2
MOV Gv,Ev 1ic2; MOVZX Gv,Ew 1ic2
MOV Gv,Ev 1ic2; OR Ev,Gv 1f6a
MOV Gv,Ev 1ic2; POP Zv 1f6a
MOV Gv,Ev 1ic2; PUSH Ib 1f6a
MOV Gv,Ev 1ic2; RET  1f6a
MOV Gv,Ev 1ic2; SHL Ev,Ib 1f6a
MOV Gv,Ev 1ic2; SHR Ev,Ib 1f6a
MOV Gv,Ev 1ic2; SUB Ev,Gv 1f6a
MOV Gv,Ev 1ic2; SUB Gv,Ev 1uz6
MOV Gv,Ev 1ic2; SUB Gv,Ev 1uz6; JNZ Jb 24gi
MOV Gv,Ev 1ic2; SUB Gv,Ev 1uz6; JNZ Jz 24gi
MOV Gv,Ev 1ic2; TEST AL,Ib 1f6a
MOV Gv,Ev 1ic2; TEST AL,Ib 1f6a; JNZ Jb 24gi
MOV Gv,Ev 1ic2; TEST Eb,Ib 1f6a; JNZ Jb 24gi
MOV Gv,Ev 1ic2; TEST Ev,Gv 1f6a
MOV Gv,Ev 1ic2; TEST Ev,Gv 1f6a; JNZ Jb 24gi
MOV Gv,Ev 1ic2; TEST Ev,Gv 1f6a; JNZ Jz 24gi
MOV Gv,Ev 1ic2; TEST Ev,Gv 1f6a; JZ Jb 24gi
MOV Gv,Ev 1ic2; TEST Ev,Gv 1f6a; JZ Jz 24gi
MOV Gv,Ev 1ic2; TEST Ev,Iz 1f6a
MOV Gv,Ev 1ic2; TEST rAX,Iz 1f6a; JZ Jb 24gi
MOV Gv,Ev 1ic2; XOR Ev,Gv 1f6a
MOV Gv,Ev 1ic2; XOR Gv,Ev 1ic2
MOV Gv,Ev 1ic2; XOR Gv,Ev 1onm
MOV Gv,Ev 1onm; MOV Ev,Gv 1f6a
MOV Gv,Ev 1onm; XOR Gv,Ev 1onm
MOV Gv,Ev 1uz6; MOV Ev,Gv 1ic2; XOR Ev,Gv 1f6a
MOV Zv,Iv 1f6a; ADD Gv,Ev 1uz6
MOV Zv,Iv 1f6a; CALL Jz 1f6a
MOV Zv,Iv 1f6a; JMP Jz 24gi
MOV Zv,Iv 1f6a; MOV Ev,Gv 1f6a
MOV Zv,Iv 1f6a; MOV Ev,Gv 1f6a; CALL Jz 1f6a
MOV Zv,Iv 1f6a; MOV Zv,Iv 1f6a
MOV Zv,Iv 1f6a; SHL Ev,CL 1f6a
MOV rAX,Ov 1ic2; CALL Jz 1f6a
MOV rAX,Ov 1ic2; MOV Ev,Gv 1f6a; CALL Jz 1f6a
MOV rAX,Ov 1ic2; TEST Ev,Gv 1f6a; JNZ Jb 24gi
MOV rAX,Ov 1uz6; MOV Ev,Gv 1ic2
MOV rAX,Ov 1uz6; MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2
MOV rAX,Ov 1uz6; MOV Ev,Gv 1ic2; XOR Ev,Gv 1f6a
MOV rAX,Ov 1uz6; MOV Ev,Gv 1ic2; XOR Ev,Gv 1f6a; MOV Ev,Iz 1ic2
MOV rAX,Ov 1uz6; SUB Ev,Ib 1ic2
MOVZX Gv,Eb 1f6a; XOR Gv,Ev 1onm
MOVZX Gv,Eb 1ic2; ADD Ev,Ib 1f6a
MOVZX Gv,Eb 1ic2; MOV Eb,Gb 1ic2
MOVZX Gv,Eb 1ic2; MOV Ev,Gv 1f6a
MOVZX Gv,Eb 1ic2; MOVZX Gv,Ew 1ic2
MOVZX Gv,Eb 1ic2; SHR Ev,CL 1f6a
MOVZX Gv,Ew 1ic2; AND Ev,Ib 1f6a
NOT Ev 1f6a; AND Ev,Gv 1f6a
OR Ev,Gv 1f6a; JNZ Jb 24gi
POP Zv 1f6a; MOV Ev,Gv 1f6a
POP Zv 1f6a; POP Zv 1f6a
POP Zv 1f6a; POP Zv 1f6a; POP Zv 1f6a; RET  1f6a
POP Zv 1f6a; POP Zv 1f6a; RET  1f6a
POP Zv 1f6a; RET  1f6a
POP Zv 1f6a; XOR Ev,Gv 1f6a
PUSH Ev 1ic2; CALL Jz 1f6a
PUSH Ev 1ic2; PUSH Ev 1ic2
PUSH Ib 1f6a; CALL Jz 1f6a
PUSH Zv 1f6a; CALL Jz 1f6a
PUSH Zv 1f6a; MOV Ev,Gv 1f6a
PUSH Zv 1f6a; MOV Ev,Gv 1f6a; CALL Jz 1f6a
PUSH Zv 1f6a; MOV Ev,Gv 1f6a; CALL Jz 24gi
PUSH Zv 1f6a; MOV Ev,Gv 1f6a; MOV Ev,Gv 1f6a
PUSH Zv 1f6a; MOV Ev,Gv 1f6a; PUSH Zv 1f6a
PUSH Zv 1f6a; MOV Ev,Gv 1f6a; PUSH Zv 1f6a; MOV Ev,Gv 1f6a
PUSH Zv 1f6a; MOV Ev,Gv 1f6a; PUSH Zv 1f6a; PUSH Zv 1f6a
PUSH Zv 1f6a; MOV Ev,Gv 1f6a; PUSH Zv 1f6a; SUB Ev,Ib 1f6a
PUSH Zv 1f6a; MOV Ev,Gv 1f6a; SUB Ev,Ib 1f6a
PUSH Zv 1f6a; MOV Ev,Gv 1f6a; SUB Ev,Ib 1f6a; MOV Ev,Gv 1ic2
PUSH Zv 1f6a; MOV Zv,Iv 1f6a
PUSH Zv 1f6a; PUSH Zv 1f6a
PUSH Zv 1f6a; PUSH Zv 1f6a; MOV Ev,Gv 1f6a
PUSH Zv 1f6a; PUSH Zv 1f6a; PUSH Zv 1f6a
PUSH Zv 1f6a; PUSH Zv 1f6a; PUSH Zv 1f6a; MOV Ev,Gv 1f6a
PUSH Zv 1f6a; PUSH Zv 1f6a; PUSH Zv 1f6a; MOV Gv,Ev 1uz6
PUSH Zv 1f6a; PUSH Zv 1f6a; PUSH Zv 1f6a; PUSH Zv 1f6a
PUSH Zv 1f6a; PUSH Zv 1f6a; PUSH Zv 1f6a; SUB Ev,Ib 1f6a
PUSH Zv 1f6a; SUB Ev,Ib 1f6a
SHL Ev,Ib 1f6a; OR Ev,Gv 1f6a
SHR Ev,Ib 1f6a; AND Ev,Ib 1f6a
SHR Ev,Ib 1f6a; LEA Gv,M 1onm
SHR Ev,Ib 1f6a; XOR Ev,Gv 1f6a
SUB Ev,Gv 1f6a; MOV Ev,Gv 1ic2
SUB Ev,Gv 1f6a; MOV Gv,Ev 1ic2
SUB Ev,Ib 1f6a; CALL Jz 1f6a
SUB Ev,Ib 1f6a; JNZ Jb 24gi
SUB Ev,Ib 1f6a; MOV Ev,Gv 1ic2
SUB Ev,Ib 1f6a; MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2
SUB Ev,Ib 1f6a; MOV Gv,Ev 1ic2
SUB Ev,Ib 1f6a; MOV rAX,Ov 1uz6; MOV Ev,Gv 1ic2; XOR Ev,Gv 1f6a
SUB Gv,Ev 1ic2; SBB Gv,Ev 1ic2
TEST AL,Ib 1f6a; JNZ Jb 24gi
TEST AL,Ib 1f6a; JNZ Jz 24gi
TEST AL,Ib 1f6a; JZ Jb 24gi
TEST Eb,Gb 1f6a; JNZ Jb 24gi
TEST Eb,Gb 1f6a; JNZ Jz 24gi
TEST Eb,Gb 1f6a; JZ Jb 24gi
TEST Eb,Gb 1f6a; JZ Jz 24gi
TEST Eb,Ib 1f6a; CMOVNZ Gv,Ev 1f6a; CMOVNZ Gv,Ev 1f6a
TEST Eb,Ib 1f6a; JNZ Jb 24gi
TEST Eb,Ib 1f6a; JNZ Jz 24gi
TEST Eb,Ib 1f6a; JZ Jb 24gi
TEST Eb,Ib 1ic2; JNZ Jb 24gi
TEST Eb,Ib 1ic2; JNZ Jz 24gi
TEST Eb,Ib 1ic2; JZ Jb 24gi
TEST Eb,Ib 1ic2; JZ Jz 24gi
TEST Ev,Gv 1f6a; JLE Jb 24gi
TEST Ev,Gv 1f6a; JNZ Jb 24gi
TEST Ev,Gv 1f6a; JNZ Jz 1f6a
TEST Ev,Gv 1f6a; JNZ Jz 24gi
TEST Ev,Gv 1f6a; JS Jb 24gi
TEST Ev,Gv 1f6a; JS Jz 24gi
TEST Ev,Gv 1f6a; JZ Jb 24gi
TEST Ev,Gv 1f6a; JZ Jz 1f6a
TEST Ev,Gv 1f6a; JZ Jz 24gi
TEST rAX,Iz 1f6a; JNZ Jb 24gi
TEST rAX,Iz 1f6a; JNZ Jz 24gi
TEST rAX,Iz 1f6a; JZ Jb 24gi
XOR Ev,Gv 1f6a; CALL Jz 1f6a
XOR Ev,Gv 1f6a; JMP Jb 24gi
XOR Ev,Gv 1f6a; MOV Ev,Gv 1f6a
XOR Ev,Gv 1f6a; MOV Ev,Gv 1f6a; CALL Jz 1f6a
XOR Ev,Gv 1f6a; MOV Ev,Gv 1f6a; MOV Ev,Gv 1f6a; CALL Jz 1f6a
XOR Ev,Gv 1f6a; MOV Ev,Gv 1f6a; MOV Gv,Ev 1ic2
XOR Ev,Gv 1f6a; MOV Ev,Gv 1f6a; MOV Gv,Ev 1ic2; SHR Ev,Ib 1f6a
XOR Ev,Gv 1f6a; MOV Ev,Gv 1ic2; MOV Gv,Ev 1ic2
XOR Ev,Gv 1f6a; MOV Gv,Ev 1ic2
XOR Ev,Gv 1f6a; MOV Zv,Iv 1f6a
XOR Ev,Gv 1f6a; POP Zv 1f6a; POP Zv 1f6a
XOR Ev,Gv 1f6a; RET  1f6a
XOR Ev,Gv 1f6a; XOR Ev,Gv 1f6a
XOR Gv,Ev 1ic2; XOR Gv,Ev 1onm
`;
