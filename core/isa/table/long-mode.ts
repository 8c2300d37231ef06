/** What x86-64 added or redefined. AMD APM volume 3, appendices A and B; Intel SDM volume 2, appendix A. */
export const LONG_MODE_ROWS = `
63 | MOVSXD Gv Ez | only64
0F 01 /7 mod=3 rm=0 | SWAPGS | only64
0F 01 /7 mod=3 rm=1 | RDTSCP | rdtscp
0F 05 | SYSCALL | syscall
0F 07 | SYSRET | syscall
0F C7 /1 rexW=1 | CMPXCHG16B Mx | lock cx16
`;
