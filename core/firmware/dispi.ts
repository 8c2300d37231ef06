/** Registers of the Bochs display interface and its two ports. Bochs, "VBE display extension". */
export const DISPI_INDEX = 0x1ce;
export const DISPI_DATA = 0x1cf;

export const DISPI = {
  ID: 0,
  XRES: 1,
  YRES: 2,
  BPP: 3,
  ENABLE: 4,
  BANK: 5,
  VIRT_WIDTH: 6,
  VIRT_HEIGHT: 7,
  X_OFFSET: 8,
  Y_OFFSET: 9,
  MEMORY_64K: 10,
} as const;
