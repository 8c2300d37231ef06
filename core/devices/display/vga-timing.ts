/**
 * Where the beam is: a frame's length follows from the CRTC's totals and the dot clock, its phase from virtual time.
 * IBM VGA technical reference, "CRT Controller"; FreeVGA "Video timing".
 */
import type { VgaState } from './vga-state.ts';

const DOT_CLOCK_HZ = [25_175_000, 28_322_000, 25_175_000, 25_175_000] as const;

export interface VgaTiming {
  readonly lineNs: number;
  readonly frameNs: number;
  readonly displayLines: number;
  /** Part of a line in which characters are shown. */
  readonly displayNs: number;
  readonly retraceStart: number;
  /** Scan lines of vertical retrace, 1 to 16. */
  readonly retraceLines: number;
}

/** Visible scan lines: CR12 with its overflow bits. */
export function verticalDisplayEnd(crtc: Uint8Array): number {
  return (crtc[0x12] | ((crtc[7] & 0x02) << 7) | ((crtc[7] & 0x40) << 3)) + 1;
}

export function vgaTiming(state: VgaState): VgaTiming {
  const { crtc, seq, misc } = state;
  const dotNs = (1e9 / DOT_CLOCK_HZ[(misc >> 2) & 3]) * (seq[1] & 8 ? 2 : 1);
  const charNs = dotNs * (seq[1] & 1 ? 8 : 9);
  const lineNs = charNs * (crtc[0] + 5);
  const lines = (crtc[6] | ((crtc[7] & 0x01) << 8) | ((crtc[7] & 0x20) << 4)) + 2;
  const retraceStart = crtc[0x10] | ((crtc[7] & 0x04) << 6) | ((crtc[7] & 0x80) << 2);
  const scale = crtc[0x17] & 4 ? 2 : 1; // CR17 bit 2: the line counter runs at half speed
  return {
    lineNs,
    frameNs: lineNs * lines * scale,
    displayLines: verticalDisplayEnd(crtc) * scale,
    displayNs: charNs * (crtc[1] + 1),
    retraceStart: retraceStart * scale,
    // The end is given modulo 16; an end equal to the start means sixteen lines.
    retraceLines: ((crtc[0x11] - retraceStart) & 15 || 16) * scale,
  };
}

export interface BeamStatus {
  readonly verticalRetrace: boolean;
  readonly displayEnabled: boolean;
}

export function beamAt(timing: VgaTiming, nowNs: number): BeamStatus {
  const phaseNs = nowNs % timing.frameNs;
  const line = Math.floor(phaseNs / timing.lineNs);
  const verticalRetrace = line >= timing.retraceStart && line < timing.retraceStart + timing.retraceLines;
  const displayEnabled = line < timing.displayLines && phaseNs - line * timing.lineNs < timing.displayNs;
  return { verticalRetrace, displayEnabled };
}

/** Number of vertical retraces begun since time 0. */
export function retracesBegun(timing: VgaTiming, nowNs: number): number {
  return Math.floor((nowNs - timing.retraceStart * timing.lineNs) / timing.frameNs) + 1;
}
