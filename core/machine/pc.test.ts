/** The board: what its wiring does, seen by small ROMs and boot sectors that report on port E9h. */
import { describe, expect, test } from 'vitest';
import { compiledHandlers, encodeCommonHandlers } from '../cpu/index.ts';
import {
  BOOT_NS,
  CLI,
  FLAT_FS,
  HLT,
  KEYBOARD_READY,
  PROGRAM_START,
  REPORT,
  TestPc,
  fsWrite,
  report,
  toKeyboard,
  withBootSector,
  withRom,
} from './pc.fixture.ts';

/** INC byte [500h] */
const COUNT_STARTS = [0xfe, 0x06, 0x00, 0x05];
/** CMP byte [500h],2; JNE over HLT */
const HALT_IF_SECOND = [0x80, 0x3e, 0x00, 0x05, 0x02, 0x75, 0x01, HLT];

describe('reset', () => {
  test.each<[by: string, program: number[]]>([
    ['port 92h', [0xb0, 0x01, 0xe6, 0x92]],
    ['keyboard controller', [...toKeyboard(0x64, 0xfe)]],
    ['reset control register', [0xba, 0xf9, 0x0c, 0xb0, 0x02, 0xee, 0xb0, 0x06, 0xee]],
  ])('by %s takes effect before the next instruction, and is known to have come from there', (by, program) => {
    const pc = withRom([...report('S'), ...COUNT_STARTS, ...HALT_IF_SECOND, ...program, ...report('X'), HLT]);

    pc.machine.run(1e6);

    expect(pc.text).toBe('SS');
    expect(pc.machine.describe()['resets']).toEqual([`${by} = 1`]);
  });

  test('follows a triple fault', () => {
    // LIDT [510h], a table of length 0; INT3
    const fault = [0x0f, 0x01, 0x1e, 0x10, 0x05, 0xcc];
    const pc = withRom([...report('S'), ...COUNT_STARTS, ...HALT_IF_SECOND, ...fault, ...report('X'), HLT]);

    pc.machine.run(1e6);

    expect(pc.text).toBe('SS');
    expect(pc.log).toContainEqual(expect.stringContaining('triple fault'));
  });

  test('from outside starts the ROM again, and memory keeps what it had', () => {
    const pc = withRom([...report('S'), ...COUNT_STARTS, 0xa0, 0x00, 0x05, ...REPORT, HLT]); // MOV AL,[500h]
    pc.machine.run(1e6);

    pc.machine.reset();
    pc.machine.run(2e6);

    expect(pc.debug).toEqual([0x53, 1, 0x53, 2]);
  });
});

test.each<[by: string, request: readonly number[]]>([
  ['an interrupt command to itself', fsWrite(0xfee00300, 0x44400)],
  [
    'an input of the I/O APIC, the 8254’s here',
    [
      ...fsWrite(0xfec00000, 0x10 + 2 * 2),
      ...fsWrite(0xfec00010, 0x400),
      ...[0xb0, 0x34, 0xe6, 0x43, 0xb0, 0x10, 0xe6, 0x40, 0xe6, 0x40], // mode 2, every 1010h ticks
    ],
  ],
])('an NMI comes by %s, though interrupts are off', (_by, request) => {
  const handler = [...report('N'), HLT];
  const pc = withRom([
    ...FLAT_FS,
    ...[0xeb, handler.length, ...handler],
    ...fsWrite(2 * 4, 0xf0000000 + PROGRAM_START + FLAT_FS.length + 2),
    ...request,
    HLT,
  ]);

  pc.machine.run(10e6);

  expect(pc.text).toBe('N');
});

test('SMRAM lies under the frame buffer, is seen while the host bridge holds it open, and never again once locked', () => {
  const OPEN = 0x4a, CLOSED = 0x0a, LOCKED = 0x1a; // prettier-ignore
  /** MOV DX,CFEh; MOV AL,value; OUT DX,AL: register 72h of the host bridge. */
  const smram = (value: number): number[] => [0xba, 0xfe, 0x0c, 0xb0, value, 0xee];
  /** MOV AL,FS:[A0000h]; OUT E9h,AL */
  const look = [0x64, 0x67, 0xa0, 0x00, 0x00, 0x0a, 0x00, ...REPORT];
  const pc = withRom([
    ...FLAT_FS,
    ...[0xba, 0xf8, 0x0c, 0x66, 0xb8, 0x70, 0x00, 0x00, 0x80, 0x66, 0xef], // MOV DX,CF8h; MOV EAX,80000070h; OUT DX,EAX
    ...smram(OPEN),
    ...fsWrite(0xa0000, 0x5a),
    ...look,
    ...smram(CLOSED),
    ...look,
    ...smram(OPEN),
    ...look,
    ...smram(LOCKED),
    ...smram(OPEN),
    ...look,
    HLT,
  ]);

  pc.machine.run(1e6);

  const [first, closed, again, locked] = pc.debug;
  expect([first, again]).toEqual([0x5a, 0x5a]);
  expect(closed).not.toBe(0x5a);
  expect(locked).toBe(closed);
});

test('A20 wraps at 1 MiB only while both gates are off', () => {
  /** MOV byte ES:[510h],value; MOV AL,[500h]; OUT E9h,AL: whether FFFF:0510 is 0000:0500. */
  const probe = (value: number): number[] => [0x26, 0xc6, 0x06, 0x10, 0x05, value, 0xa0, 0x00, 0x05, ...REPORT];
  const pc = withRom([
    ...[0xb8, 0xff, 0xff, 0x8e, 0xc0], // MOV AX,FFFFh; MOV ES,AX
    ...[0xc6, 0x06, 0x00, 0x05, 0x11], // MOV byte [500h],11h
    ...probe(0x22),
    ...toKeyboard(0x64, 0xd1),
    ...toKeyboard(0x60, 0xdd),
    ...KEYBOARD_READY,
    ...probe(0x33),
    ...[0xb0, 0x02, 0xe6, 0x92], // MOV AL,2; OUT 92h,AL
    ...probe(0x44),
    HLT,
  ]);

  pc.machine.run(10e6);

  expect(pc.debug).toEqual([0x11, 0x33, 0x33]);
});

describe('the firmware’s call-outs', () => {
  test('change registers before the next instruction', () => {
    // MOV AX,0; INT 12h: the KiB below 1 MiB; XCHG AL,AH
    const pc = withBootSector([0x31, 0xc0, 0xcd, 0x12, ...REPORT, 0x86, 0xc4, ...REPORT, CLI, HLT]);

    pc.machine.run(BOOT_NS);

    expect(pc.debug[0] | (pc.debug[1] << 8)).toBe(639); // one KiB is the extended BIOS data area's
  });

  test('switch to protected mode: INT 15h AH=89h returns with its table’s selectors, interrupts masked', () => {
    const segment = (access: number): number[] => [0xff, 0xff, 0, 0, 0, access, 0, 0];
    const none = new Array<number>(8).fill(0);
    const table = [none, none, none, segment(0x93), segment(0x93), segment(0x93), segment(0x9b), none].flat();
    const tableAt = 0x7c10;
    const pc = withBootSector([
      ...[0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x7c], // DS, ES, SS 0; SP 7C00h
      ...[0xeb, table.length + 3, HLT, HLT, HLT, ...table],
      ...[0xb4, 0x89, 0xbb, 0x28, 0x20, 0xbe, tableAt & 0xff, tableAt >> 8, 0xcd, 0x15], // BH 20h, BL 28h
      ...[0x88, 0xe0, ...REPORT], // AH
      ...[0x8c, 0xd8, ...REPORT, 0x8c, 0xc0, ...REPORT, 0x8c, 0xd0, ...REPORT, 0x8c, 0xc8, ...REPORT], // DS ES SS CS
      ...[0x0f, 0x01, 0xe0, 0x24, 0x01, ...REPORT], // SMSW AX; AND AL,1
      ...[0xe4, 0x21, ...REPORT, 0xe4, 0xa1, ...REPORT, HLT],
    ]);

    pc.machine.run(BOOT_NS);

    expect(pc.debug).toEqual([0, 0x18, 0x20, 0x28, 0x30, 1, 0xff, 0xff]);
  });

  test('power off: the machine stops and says so until it is reset', () => {
    // MOV AX,5307h; MOV BX,1; MOV CX,3; INT 15h
    const off = [0xb8, 0x07, 0x53, 0xbb, 0x01, 0x00, 0xb9, 0x03, 0x00, 0xcd, 0x15];
    const pc = withBootSector([...report('S'), ...off, ...report('X'), HLT]);

    const status = pc.machine.run(BOOT_NS);

    expect(status).toEqual({ kind: 'stopped', reason: 'power-off' });
    expect(pc.text).toBe('S');
  });
});

/** Waits for the local APIC's timer, which fires once after 50 µs, and reports T. */
const ONE_SHOT = (() => {
  const apic = (register: number, value: number): number[] => fsWrite(0xfee00000 + register, value);
  const handler = [...report('T'), HLT];
  const handlerAt = PROGRAM_START + FLAT_FS.length + 2;
  return [
    ...FLAT_FS,
    ...[0xeb, handler.length, ...handler],
    ...fsWrite(0x40 * 4, 0xf0000000 + handlerAt),
    ...apic(0x0f0, 0x1ff), // enabled
    ...apic(0x320, 0x40), // one shot, vector 40h
    ...apic(0x3e0, 0x0b), // by 1
    ...apic(0x380, 50_000), // 50 µs
    ...[0xfb, HLT, HLT],
  ];
})();

describe('time', () => {
  test('with the virtual clock a run ends at exactly its instant, waiting or not', () => {
    const waiting = withRom([HLT]);
    const busy = withRom([0xeb, 0xfe]); // JMP $

    const ends = [waiting, busy].map(({ machine }) => {
      expect(machine.run(1_234_560)).toEqual({ kind: 'running' });
      return machine.nowNs;
    });

    expect(ends).toEqual([1_234_560, 1_234_560]);
    expect(busy.machine.instructions).toBe(123_456);
    expect(waiting.machine.instructions).toBeLessThan(20);
  });

  test('with the host’s clock a waiting machine says when it wants to wake', () => {
    const pc = withRom([HLT], { clock: 'host' });

    const status = pc.machine.run(1e9);

    expect(status.kind).toBe('idle');
    expect((status as { wakeNs: number }).wakeNs).toBeGreaterThan(pc.machine.nowNs);
  });

  test('a timer that is shorter than the host’s pauses fires all the same', () => {
    const hostClock = {
      readNs: 0,
      get nowNs() {
        return (this.readNs += 1e6); // every look finds that a millisecond has passed
      },
    };
    const pc = withRom(ONE_SHOT, { clock: 'host' }, { hostClock });

    pc.machine.run(1e9, 100);

    expect(pc.text).toBe('T');
  });
});

describe('images of machines', () => {
  /** Counts in memory for ever: the state differs at every instant. */
  const COUNTING = [0xff, 0x06, 0x00, 0x06, 0x75, 0xfa, 0xff, 0x06, 0x02, 0x06, 0xeb, 0xf4];
  const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

  test('equal runs give equal images, runs of other lengths do not', () => {
    const [one, two] = [withRom(COUNTING), withRom(COUNTING)];

    one.machine.run(3e6);
    two.machine.run(1e6);
    const early = two.machine.save();
    two.machine.run(3e6);

    expect(same(one.machine.save(), two.machine.save())).toBe(true);
    expect(same(one.machine.save(), early)).toBe(false);
  });

  test('a machine that was loaded goes on as the one that was saved', () => {
    const original = withBootSector(COUNTING);
    const copy = withBootSector(COUNTING);
    original.machine.run(7_654_320);

    expect(copy.machine.load(original.machine.save()).ok).toBe(true);
    original.machine.run(20e6);
    copy.machine.run(20e6);

    expect(copy.machine.nowNs).toBe(original.machine.nowNs);
    expect(copy.machine.instructions).toBe(original.machine.instructions);
    expect(same(copy.machine.save(), original.machine.save())).toBe(true);
  });

  test.each(['interpreter', 'jit'] as const)('handlers that were made before change nothing (%s)', (engine) => {
    const commonHandlers = compiledHandlers(encodeCommonHandlers());
    const [with_, without] = [withRom(COUNTING, { engine }, { commonHandlers }), withRom(COUNTING, { engine })];
    for (const { machine } of [with_, without]) machine.run(2e6);

    expect(same(with_.machine.save(), without.machine.save())).toBe(true);
    expect(with_.machine.stats!().code.handlers).toBeGreaterThan(without.machine.stats!().code.handlers);
  });

  test('an alarm that was due when the machine was saved, but late, is not lost', () => {
    const original = withRom(ONE_SHOT, { clock: 'host' });
    const copy = withRom(ONE_SHOT, { clock: 'host' });
    expect(original.machine.run(1e9).kind).toBe('idle');
    original.hostClock.nowNs += 10e6;

    copy.machine.load(original.machine.save());
    copy.machine.run(1e9);

    expect(copy.text).toBe('T');
  });

  test('a bad image is an error with a code, and the machine goes on as if nothing had been tried', () => {
    const [disturbed, undisturbed] = [withRom(COUNTING), withRom(COUNTING)];
    const good = withRom(COUNTING, { memoryMiB: 2 }).machine.save();
    const bad = [
      good.subarray(0, good.length - 1),
      good.subarray(0, 40),
      withRom([HLT], { memoryMiB: 3 }).machine.save(),
      Uint8Array.of(1),
    ];
    disturbed.machine.run(1e6);
    undisturbed.machine.run(1e6);

    const codes = bad.map((image) => {
      const loaded = disturbed.machine.load(image);
      return loaded.ok ? 'loaded' : loaded.error.code;
    });
    disturbed.machine.run(2e6);
    undisturbed.machine.run(2e6);

    expect(codes).toEqual(['image.truncated', 'image.truncated', 'image.memory', 'image.truncated']);
    expect(same(disturbed.machine.save(), undisturbed.machine.save())).toBe(true);
  });

  test('A20 is as it was saved', () => {
    // A20 off, then report through the wrapped address for ever.
    const program = [
      ...[0xb8, 0xff, 0xff, 0x8e, 0xc0, 0xc6, 0x06, 0x00, 0x05, 0x77],
      ...toKeyboard(0x64, 0xd1),
      ...toKeyboard(0x60, 0xdd),
      ...KEYBOARD_READY,
      ...[0xb9, 0x00, 0x10, 0xe2, 0xfe], // MOV CX,1000h; LOOP $
      ...[0x26, 0xa0, 0x10, 0x05, ...REPORT, HLT], // MOV AL,ES:[510h]
    ];
    const original = withRom(program);
    const copy = withRom(program);
    original.machine.run(30e3);

    copy.machine.load(original.machine.save());
    copy.machine.run(10e6);

    expect([original.debug, copy.debug]).toEqual([[], [0x77]]);
  });
});

test.each([[new Uint8Array(0)], [new Uint8Array(1000)], [new Uint8Array(0x50000)]])(
  'firmware of a size that no ROM has is refused with a code (case %#)',
  (firmwareRom) => {
    expect(() => new TestPc({ firmwareRom })).toThrow(
      expect.objectContaining({ failure: expect.objectContaining({ code: 'firmware.size' }) as unknown }),
    );
  },
);

test('the description names every part and the engine', () => {
  const names = Object.keys(withRom([HLT]).machine.describe());

  expect(names).toEqual(expect.arrayContaining(['engine', 'clock', 'cpu', 'board', 'pit', 'rtc', 'vga']));
});
