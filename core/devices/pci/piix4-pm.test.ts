import { describe, expect, test } from 'vitest';
import { advance, IoBus, ManualClock, ProbeLine, TimerQueue } from '../../bus/index.ts';
import { pciHost, PciMemorySpace, PciPortSpace } from './pci-host.ts';
import { ACPI_DISABLE, ACPI_ENABLE, Piix4Pm, PIIX4_RANGE, PM1, PM_TIMER_HZ } from './piix4-pm.ts';

const PMBASE = 0xb000;
const STS = PMBASE;
const EN = PMBASE + 2;
const CNT = PMBASE + 4;
const TIMER = PMBASE + 8;

function pm() {
  const clock = new ManualClock();
  const timers = new TimerQueue(clock);
  const io = new IoBus();
  const ports = new PciPortSpace();
  io.map({ base: 0, size: 0x10000, device: ports, maxWidth: 4 });
  const memory = new PciMemorySpace({ mapMmio() {}, unmap() {} }, { base: 0, end: 0 });
  const sci = new ProbeLine();
  let offs = 0;
  const device = new Piix4Pm('pm', pciHost(ports, memory), timers, sci, { powerOff: () => offs++ });
  io.map({ base: 0xafe0, size: 4, device, range: PIIX4_RANGE.GPE });
  io.map({ base: 0xb2, size: 2, device, range: PIIX4_RANGE.APM });
  device.reset('power');
  device.pci.configWrite(0x40, 4, PMBASE | 1);
  device.pci.configWrite(0x80, 1, 1);
  return { clock, timers, io, sci, device, powerOffs: () => offs };
}

describe('PIIX4 power management', () => {
  test('decodes its block only where and while it is told to', () => {
    const m = pm();
    m.io.write(EN, 2, 0x0100);

    m.device.pci.configWrite(0x40, 4, 0x601);

    expect([m.io.read(EN, 2), m.io.read(0x602, 2)]).toEqual([0xffff, 0x0100]);
    m.device.pci.configWrite(0x80, 1, 0);
    expect(m.io.read(0x602, 2)).toBe(0xffff);
  });

  test('tells firmware from the start that SMIs are set up', () => {
    expect(pm().device.pci.read32(0x58) & 0x02000000).not.toBe(0);
  });

  test('counts the timer at 3.579545 MHz in virtual time, 24 bits wide', () => {
    const m = pm();

    advance(m.clock, m.timers, 1_000_000_000);
    const afterOneSecond = m.io.read(TIMER, 4);
    advance(m.clock, m.timers, 10_000_000_000);

    expect(afterOneSecond).toBe(PM_TIMER_HZ);
    expect(m.io.read(TIMER, 4)).toBe((PM_TIMER_HZ * 10) % 2 ** 24);
  });

  test('has in its state at a save what the timer did since anybody looked', () => {
    const m = pm();
    advance(m.clock, m.timers, 3_000_000_000);
    const before = m.device.state.pmSts;

    m.device.preSave();

    expect([before, m.device.state.pmSts]).toEqual([0, PM1.STS_TMR]);
  });

  test('enables and disables ACPI by the APM port, as the FADT says', () => {
    const m = pm();

    m.io.write(0xb2, 1, ACPI_ENABLE);
    const enabled = m.io.read(CNT, 2) & 1;
    m.io.write(0xb2, 1, ACPI_DISABLE);

    expect([enabled, m.io.read(CNT, 2) & 1]).toEqual([1, 0]);
  });

  test('raises the SCI for the power button once the system listens, until the status is cleared', () => {
    const m = pm();
    m.device.pressPowerButton();
    expect(m.sci.level).toBe(false);
    m.io.write(0xb2, 1, ACPI_ENABLE);
    m.io.write(EN, 2, PM1.STS_PWRBTN);
    expect(m.sci.level).toBe(true);

    m.io.write(STS, 2, PM1.STS_PWRBTN);

    expect([m.sci.level, m.io.read(STS, 2) & PM1.STS_PWRBTN]).toEqual([false, 0]);
    expect(m.device.listensToPowerButton).toBe(true);
  });

  test('raises the SCI when the top bit of the timer changes, at that very instant', () => {
    const m = pm();
    m.io.write(0xb2, 1, ACPI_ENABLE);
    m.io.write(EN, 2, PM1.STS_TMR);
    const halfNs = (2 ** 23 * 1e9) / PM_TIMER_HZ;

    advance(m.clock, m.timers, Math.floor(halfNs) - 1);
    const before = m.sci.level;
    advance(m.clock, m.timers, Math.ceil(halfNs));

    expect([before, m.sci.level]).toEqual([false, true]);
    m.io.write(STS, 2, PM1.STS_TMR);
    expect(m.sci.level).toBe(false);
    advance(m.clock, m.timers, Math.ceil(2 * halfNs));
    expect(m.sci.level).toBe(true);
  });

  test('switches off for S5 and not for other sleep types', () => {
    const m = pm();

    m.io.write(CNT, 2, 0x2000 | (1 << 10));
    expect(m.powerOffs()).toBe(0);
    m.io.write(CNT, 2, 0x2000);

    expect(m.powerOffs()).toBe(1);
  });

  test('raises the SCI for an enabled general-purpose event', () => {
    const m = pm();
    m.io.write(0xb2, 1, ACPI_ENABLE);
    m.io.write(0xafe2, 1, 0x04);

    m.device.raiseGpe(2);
    const raised = m.sci.level;
    m.io.write(0xafe0, 1, 0x04);

    expect([raised, m.sci.level]).toEqual([true, false]);
  });

  test('answers an SMBus transaction with a device error', () => {
    const m = pm();
    m.device.pci.configWrite(0x90, 4, 0xb100);
    m.device.pci.configWrite(0xd2, 1, 1);

    m.io.write(0xb102, 1, 0x48);

    expect(m.io.read(0xb100, 1)).toBe(0x04);
    m.io.write(0xb100, 1, 0x1e);
    expect(m.io.read(0xb100, 1)).toBe(0);
  });
});
