/**
 * From a pixel's value to a colour: attribute palette, Color Select, PEL mask, DAC. IBM VGA technical reference,
 * "Attribute Controller" and "Video DAC".
 */
import { DISPI_8BIT_DAC, DISPI_ENABLE } from './vga-dispi.ts';
import type { VgaState } from './vga-state.ts';

export class VgaColours {
  /** Four-bit values through the attribute palette. */
  readonly sixteen = new Uint32Array(16);
  /** Eight-bit values, straight into the DAC. */
  readonly all = new Uint32Array(256);
  overscan = 0xff000000;

  update(state: VgaState): void {
    const { ac, dac, dacMask } = state;
    const wide = (state.dispi[DISPI_ENABLE] & DISPI_8BIT_DAC) !== 0;
    const gun = (value: number): number => (wide ? value : ((value & 0x3f) << 2) | ((value & 0x3f) >> 4));
    const entry = (index: number): number => {
      const at = (index & dacMask) * 3;
      return (0xff000000 | (gun(dac[at + 2]) << 16) | (gun(dac[at + 1]) << 8) | gun(dac[at])) >>> 0;
    };
    for (let i = 0; i < 256; i++) this.all[i] = entry(i);
    const select = ac[0x14];
    for (let i = 0; i < 16; i++) {
      const colour = ac[i & ac[0x12]] & 0x3f;
      // AR10 bit 7: Color Select gives bits 4 and 5 too, not only 6 and 7.
      const index = ac[0x10] & 0x80 ? (colour & 0x0f) | ((select & 0x0f) << 4) : colour | ((select & 0x0c) << 4);
      this.sixteen[i] = entry(index);
    }
    this.overscan = entry(ac[0x11]);
  }
}
