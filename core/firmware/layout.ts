/**
 * Where things are in the system ROM and in the extended BIOS data area, and the numbers of the call-outs.
 * Fixed ROM offsets: IBM Personal Computer AT Technical Reference (1985), section 5, "compatible entry points".
 */
export const ROM_SEGMENT = 0xf000;
export const ROM_SIZE_BYTES = 0x10000;
export const VIDEO_ROM_SEGMENT = 0xc000;

/** Entry points and tables whose offsets in segment F000h software relies on. */
export const ROM = {
  /** Ours: 32-bit services, and the BIOS32 structure that leads to them. */
  CODE_32: 0xdc00,
  BIOS32: 0xdef0,
  /** Ours, below the compatible entry points: descriptors for code that leaves real mode. */
  FLAT_GDT: 0xdf00,
  FLAT_GDT_POINTER: 0xdf20,
  COPYRIGHT: 0xe000,
  POST: 0xe05b,
  INT02: 0xe2c3,
  INT13_DISK: 0xe3fe,
  FIXED_DISK_TABLE: 0xe401,
  INT19: 0xe6f2,
  CONFIG_TABLE: 0xe6f5,
  INT14: 0xe739,
  INT16: 0xe82e,
  INT09: 0xe987,
  INT13: 0xec59,
  INT0E: 0xef57,
  DISKETTE_TABLE: 0xefc7,
  INT17: 0xefd2,
  INT10: 0xf065,
  VIDEO_PARAMETERS: 0xf0a4,
  INT12: 0xf841,
  INT11: 0xf84d,
  INT15: 0xf859,
  FONT_8X8: 0xfa6e,
  INT1A: 0xfe6e,
  INT08: 0xfea5,
  VECTOR_TABLE: 0xfef3,
  DUMMY_IRET: 0xff53,
  INT05: 0xff54,
  /** A word that stubs write to; the board turns the write into Bios.callout(value). */
  CALLOUT: 0xffe0,
  RESET: 0xfff0,
  DATE: 0xfff5,
  MODEL: 0xfffe,
} as const;

/** Selectors in ROM.FLAT_GDT: 4 GiB from 0. */
export const FLAT_CODE = 0x08;
export const FLAT_DATA = 0x10;

export const CALLOUT_PHYS_ADDR = 0xf0000 + ROM.CALLOUT;

/** Interrupt services use their vector as number; what is not one interrupt's service is numbered from 100h. */
export const CALLOUT = {
  INT09_READ: 0x109,
  INT09_TRANSLATE: 0x10a,
  INT09_END: 0x10b,
  INT09_PAUSED: 0x10c,
  INT10_MORE: 0x110,
  INT14_RETRY: 0x114,
  INT15_WAITING: 0x115,
  BOOT_FAILED: 0x118,
  BOOT_KEY: 0x119,
  BOOT_MENU: 0x11a,
  /** PCI BIOS, called in protected mode: registers alone. */
  PCI32: 0x11b,
  POST: 0x120,
  EOI_MASTER: 0x121,
  EOI_SLAVE: 0x122,
} as const;

/** The extended BIOS data area: the last KiB below 640 KiB. */
export const EBDA_SEGMENT = 0x9fc0;
export const EBDA_BASE = EBDA_SEGMENT << 4;

export const EBDA = {
  SIZE_KIB: 0x00,
  /** Pointing device: far handler, flag bytes, packet (IBM PS/2 BIOS layout). */
  MOUSE_HANDLER: 0x22,
  MOUSE_FLAGS1: 0x26,
  MOUSE_FLAGS2: 0x27,
  MOUSE_PACKET: 0x28,
  FIXED_DISK_0: 0x3d,
  FIXED_DISK_1: 0x4d,
  /** Position in the boot order that INT 18h goes on from. */
  BOOT_INDEX: 0x70,
  /** First hard disk's and floppy's number shifted by an El Torito emulation: see eltorito.ts. */
  CD_EMULATION: 0x80,
  /** What INT 15h AH=C2h set: resolution and rate codes, scaling. */
  MOUSE_RESOLUTION: 0xa0,
  MOUSE_RATE: 0xa1,
  MOUSE_SCALING2: 0xa2,
  /** INT 14h: when to give up, in milliseconds of virtual time modulo 2^32. */
  SERIAL_DEADLINE_MS: 0xa4,
  /** INT 10h AH=13h between two slices: characters written, cursor before the call. */
  STRING_DONE: 0xa8,
  STRING_CURSOR: 0xaa,
  /** Boot menu: how far it is, the number that was pressed, when to wait no longer (ms modulo 2^32). */
  MENU_STATE: 0xac,
  MENU_CHOICE: 0xad,
  /** Which disk is 80h: the one chosen in the boot menu changes numbers with the first. */
  FIRST_DISK: 0xae,
  MENU_DEADLINE_MS: 0xb0,
} as const;
