import { describe, expect, it } from 'vitest';
import { IoBus, ManualClock } from '../../bus/index.ts';
import { loadState, saveState } from '../../state/index.ts';
import { Vga, VGA_WINDOW } from './index.ts';
import { Chance, VgaFixture } from './vga.fixture.ts';

describe('the VGA ports', () => {
  it('move between 3Bxh and 3Dxh with Miscellaneous Output bit 0', () => {
    const fixture = new VgaFixture();
    fixture.out(0x3c2, 0x67);
    fixture.out(0x3d4, 0x0a0e, 2);
    expect(fixture.in(0x3d5)).toBe(0x0a);
    expect(fixture.in(0x3b5)).toBe(0xff);
    fixture.out(0x3c2, 0x66);
    expect(fixture.in(0x3d5)).toBe(0xff);
    fixture.out(0x3b5, 0x55);
    expect(fixture.in(0x3b4)).toBe(0x0e);
    expect(fixture.in(0x3b5)).toBe(0x55);
    expect(fixture.in(0x3cc)).toBe(0x66);
  });

  it('take index and data in one word', () => {
    const fixture = new VgaFixture();
    fixture.out(0x3c4, 0x0502, 2);
    fixture.out(0x3ce, 0x3c08, 2);
    expect([fixture.vga.state.seq[2], fixture.vga.state.gc[8]]).toEqual([0x05, 0x3c]);
    expect(fixture.in(0x3c4, 2)).toBe(0x0502);
    expect(fixture.in(0x3ce, 2)).toBe(0x3c08);
  });

  it('protect CR0 to CR7 but for the line compare bit', () => {
    const fixture = new VgaFixture();
    fixture.setMode(3);
    fixture.crtc(0x11, 0x8e);
    fixture.crtc(0, 0x11);
    fixture.crtc(7, 0x00);
    expect([fixture.vga.state.crtc[0], fixture.vga.state.crtc[7]]).toEqual([0x5f, 0x0f]);
  });

  it('alternate 3C0h between index and data until Input Status 1 is read', () => {
    const fixture = new VgaFixture();
    fixture.out(0x3c2, 0x67);
    fixture.in(0x3da);
    fixture.out(0x3c0, 0x05);
    fixture.in(0x3da);
    fixture.out(0x3c0, 0x06);
    fixture.out(0x3c0, 0x2a);
    fixture.out(0x3c0, 0x26);
    expect(fixture.vga.state.ac[6]).toBe(0x2a);
    expect(fixture.in(0x3c1)).toBe(0x2a);
    expect(fixture.in(0x3c0)).toBe(0x26);
    fixture.out(0x3d4, 0x24);
    expect(fixture.in(0x3d5)).toBe(0x80);
  });

  it('write a DAC entry when its third component arrives, and read on from any index', () => {
    const fixture = new VgaFixture();
    fixture.out(0x3c8, 0x10);
    fixture.out(0x3c9, 0xff);
    fixture.out(0x3c9, 0x20);
    expect(fixture.vga.state.dac[0x30]).toBe(0);
    fixture.out(0x3c9, 0x01);
    expect(fixture.in(0x3c8)).toBe(0x11);
    expect(fixture.in(0x3c7)).toBe(0);
    fixture.out(0x3c7, 0x10);
    expect([fixture.in(0x3c9), fixture.in(0x3c9), fixture.in(0x3c9)]).toEqual([0x3f, 0x20, 0x01]);
    expect(fixture.in(0x3c7)).toBe(3);
  });

  it('read the latch through CR22', () => {
    const fixture = new VgaFixture();
    fixture.setMode(0x12);
    fixture.vga.state.vram.set([0x11, 0x22, 0x33, 0x44], 8);
    fixture.peek(0xa0002);
    fixture.gc(4, 2);
    fixture.out(0x3d4, 0x22);
    expect(fixture.in(0x3d5)).toBe(0x33);
  });

  it('leave the parallel port alone', () => {
    const fixture = new VgaFixture();
    const bus = new IoBus();
    fixture.vga.mapPorts(bus);
    bus.write(0x3c2, 1, 0x67);
    bus.write(0x1ce, 2, 4);
    bus.write(0x1cf, 2, 0x20);
    expect(bus.read(0x3cc, 1)).toBe(0x67);
    expect(bus.read(0x1d0, 2)).toBe(0x20);
    expect(bus.read(0x3bc, 1)).toBe(0xff);
    bus.write(0x3bc, 4, 0x12345678);
    expect(bus.read(0x3cc, 1)).toBe(0x67);
  });
});

describe('Input Status 1', () => {
  /** Seconds in which a bit of 3DAh is set, sampled through one second; and how often it rises. */
  const sample = (fixture: VgaFixture, bit: number): { share: number; rises: number } => {
    let set = 0;
    let rises = 0;
    let before = true;
    const steps = 200_000;
    for (let i = 0; i < steps; i++) {
      fixture.clock.nowNs = (i * 1e9) / steps;
      const now = (fixture.in(fixture.crtcPort + 6) & bit) !== 0;
      if (now) set++;
      if (now && !before) rises++;
      before = now;
    }
    return { share: set / steps, rises };
  };

  it('shows 70 vertical retraces of two lines a second in 400-line modes and 60 in 480-line ones', () => {
    const fixture = new VgaFixture();
    fixture.setMode(3);
    const text = sample(fixture, 8);
    expect(text.rises).toBeGreaterThanOrEqual(69);
    expect(text.rises).toBeLessThanOrEqual(71);
    expect(text.share).toBeCloseTo(2 / 449, 3);
    fixture.setMode(0x12);
    const graphics = sample(fixture, 8);
    expect(graphics.rises).toBeGreaterThanOrEqual(59);
    expect(graphics.rises).toBeLessThanOrEqual(61);
  });

  it('shows display disabled in the blank part of lines and frames', () => {
    const fixture = new VgaFixture();
    fixture.setMode(3);
    const { share } = sample(fixture, 1);
    expect(1 - share).toBeCloseTo((80 / 100) * (400 / 449), 2);
  });
});

describe('the vertical interrupt latch', () => {
  it('is set by the next retrace once armed and cleared by CR11 bit 4', () => {
    const fixture = new VgaFixture();
    fixture.setMode(3);
    fixture.clock.nowNs = 1e6;
    fixture.crtc(0x11, 0x1e);
    expect(fixture.in(0x3c2) & 0x80).toBe(0);
    fixture.clock.nowNs += 15e6;
    expect(fixture.in(0x3c2) & 0x80).toBe(0x80);
    fixture.crtc(0x11, 0x0e);
    expect(fixture.in(0x3c2) & 0x80).toBe(0);
  });
});

describe('the dispi registers', () => {
  it('identify themselves and tell their limits', () => {
    const fixture = new VgaFixture();
    expect(fixture.dispiIn(0)).toBe(0xb0c5);
    fixture.dispi(0, 0xb0c0);
    expect(fixture.dispiIn(0)).toBe(0xb0c0);
    fixture.dispi(0, 0x1234);
    expect(fixture.dispiIn(0)).toBe(0xb0c0);
    fixture.dispi(4, 2);
    expect([fixture.dispiIn(1), fixture.dispiIn(2), fixture.dispiIn(3)]).toEqual([2560, 1600, 32]);
    expect(fixture.dispiIn(10)).toBe(16);
  });

  it('clear the picture at a mode set unless told not to', () => {
    const fixture = new VgaFixture();
    fixture.vga.state.vram.fill(0xaa);
    const set = (enable: number): void => {
      fixture.dispi(4, 0);
      fixture.dispi(1, 320);
      fixture.dispi(2, 200);
      fixture.dispi(3, 8);
      fixture.dispi(4, enable);
    };
    set(0xc1);
    expect(fixture.vga.state.vram[100]).toBe(0xaa);
    set(0x41);
    expect(fixture.vga.state.vram[320 * 200 - 1]).toBe(0);
    expect(fixture.vga.state.vram[320 * 200]).toBe(0xaa);
  });

  it('keep the picture within VRAM whatever is asked for', () => {
    const fixture = new VgaFixture(0x100000);
    fixture.dispi(1, 2560);
    fixture.dispi(2, 1600);
    fixture.dispi(3, 32);
    fixture.dispi(4, 1);
    expect(fixture.dispiIn(2)).toBe(Math.floor(0x100000 / (2560 * 4)));
    fixture.dispi(9, 5000);
    fixture.dispi(8, 5000);
    expect([fixture.dispiIn(8), fixture.dispiIn(9)]).toEqual([0, 0]);
    expect(() => fixture.vga.refresh()).not.toThrow();
  });

  it('keep the colours when the DAC changes its width', () => {
    const fixture = new VgaFixture();
    fixture.dac(5, [0x3f, 0x10, 0x01]);
    fixture.dispi(4, 0x20);
    expect(Array.from(fixture.vga.state.dac.subarray(15, 18))).toEqual([0xfc, 0x40, 0x04]);
    fixture.dac(6, [0xff, 0x80, 0x01]);
    fixture.dispi(4, 0);
    expect(Array.from(fixture.vga.state.dac.subarray(15, 21))).toEqual([0x3f, 0x10, 0x01, 0x3f, 0x20, 0x00]);
  });
});

describe('saving and loading', () => {
  it('restores registers and memory, and the screen with them', () => {
    const one = new VgaFixture();
    one.setMode(3);
    one.write(3, 2, 'restored', 0x1e);
    one.vga.refresh();
    const image = saveState(one.vga.spec, one.vga.state);
    const two = new VgaFixture();
    two.setMode(0x13);
    two.vga.refresh();
    expect(loadState(two.vga.spec, two.vga.state, image).ok).toBe(true);
    two.vga.postLoad();
    two.vga.refresh();
    expect(two.vga.text()![2].slice(0, 14)).toBe('   restored   ');
    expect(Buffer.from(two.vga.frame.pixels).equals(Buffer.from(one.vga.frame.pixels))).toBe(true);
    expect(Buffer.from(saveState(two.vga.spec, two.vga.state)).equals(image)).toBe(true);
    expect(image.length).toBeLessThan(60_000);
  });

  it('refuses a picture of another size of memory', () => {
    const image = saveState(new VgaFixture(0x40000).vga.spec, new VgaFixture(0x40000).vga.state);
    const other = new VgaFixture(0x80000).vga;
    expect(loadState(other.spec, other.state, image)).toMatchObject({ ok: false, error: { code: 'state.kind' } });
  });

  it('draws a loaded state whose dispi registers no guest could have written', () => {
    const fixture = new VgaFixture();
    fixture.vga.state.dispi.set([0xb0c5, 65535, 65535, 77, 1, 65535, 65535, 65535, 65535, 65535]);
    fixture.vga.state.acIndex = 0x20;
    fixture.vga.postLoad();
    fixture.vga.refresh();
    expect(fixture.vga.frame.width).toBeLessThanOrEqual(2560);
  });
});

describe('a guest that writes anything anywhere', () => {
  it('never makes the adapter throw', () => {
    const chance = new Chance(7);
    const fixture = new VgaFixture(0x40000);
    fixture.setMode(3);
    for (let round = 0; round < 300; round++) {
      for (let i = 0; i < 40; i++) {
        const width = chance.pick([1, 2] as const);
        const value = chance.u32() & (width === 1 ? 0xff : 0xffff);
        const port = chance.pick([0x3b0, 0x3c0, 0x3c0, 0x3d0, 0x1c0]) + chance.below(16);
        if (port === 0x1ce || port === 0x1cf) {
          // Small numbers, so that modes come about.
          fixture.out(port, chance.pick([value, chance.below(11), chance.below(700), 8, 32, 1]), 2);
        } else if (port >= 0x3b0 && (port < 0x3bb || port >= 0x3c0) && port < 0x3df) fixture.out(port, value, width);
        fixture.poke(0xa0000 + chance.below(0x1fffc), chance.u32(), 4);
        fixture.peek(0xa0000 + chance.below(0x1fffc), 4);
      }
      fixture.clock.nowNs += 10e6;
      for (const rect of fixture.vga.refresh()) {
        expect(rect.x + rect.width).toBeLessThanOrEqual(fixture.vga.frame.width);
        expect(rect.y + rect.height).toBeLessThanOrEqual(fixture.vga.frame.height);
      }
      fixture.vga.text();
    }
    expect(fixture.vga.frame.pixels.length).toBe(fixture.vga.frame.width * fixture.vga.frame.height * 4);
  });
});

describe('reset', () => {
  it('keeps VRAM at the reset line and clears it at power-on', () => {
    const vga = new Vga('vga', new Uint8Array(0x40000), new ManualClock());
    vga.state.vram[5] = 9;
    vga.state.misc = 0x67;
    vga.reset('hard');
    expect([vga.state.vram[5], vga.state.misc]).toEqual([9, 0]);
    vga.reset('power');
    expect(vga.state.vram[5]).toBe(0);
    expect(vga.mmioRead(VGA_WINDOW, 0, 1)).toBe(0xff);
  });
});
