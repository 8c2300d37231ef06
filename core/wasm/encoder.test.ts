import { describe, expect, test } from 'vitest';
import { Code, F64, I32, I64, ModuleBuilder, OP } from './encoder.ts';

const encoded = (write: (code: Code) => void): number[] => {
  const code = new Code();
  write(code);
  return Array.from(code.bytes());
};

describe('LEB128', () => {
  test.each<[value: number, bytes: number[]]>([
    [0, [0x00]],
    [0x7f, [0x7f]],
    [0x80, [0x80, 0x01]],
    [0x3fff, [0xff, 0x7f]],
    [0x4000, [0x80, 0x80, 0x01]],
    [0xffffffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
    [-1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('unsigned %i', (value, bytes) => {
    expect(encoded((code) => code.unsigned(value))).toEqual(bytes);
  });

  test.each<[value: number, bytes: number[]]>([
    [0, [0x00]],
    [63, [0x3f]],
    [64, [0xc0, 0x00]],
    [-1, [0x7f]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [0x7fffffff, [0xff, 0xff, 0xff, 0xff, 0x07]],
    [-0x80000000, [0x80, 0x80, 0x80, 0x80, 0x78]],
    [0xffffffff, [0x7f]],
  ])('signed %i', (value, bytes) => {
    expect(encoded((code) => code.signed(value))).toEqual(bytes);
  });

  test.each<[value: bigint, bytes: number[]]>([
    [0n, [0x00]],
    [64n, [0xc0, 0x00]],
    [-65n, [0xbf, 0x7f]],
    [0x7fffffffffffffffn, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00]],
    [-0x8000000000000000n, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]],
    [0xffffffffffffffffn, [0x7f]],
  ])('signed 64-bit %i', (value, bytes) => {
    expect(encoded((code) => code.signed64(value))).toEqual(bytes);
  });
});

test('code longer than its first buffer keeps every byte', () => {
  const data = Uint8Array.from({ length: 1500 }, (_, i) => i & 0xff);

  const bytes = encoded((code) => {
    for (let i = 0; i < 600; i++) code.byte(i & 0xff);
    code.raw(data);
  });

  expect(bytes).toEqual([...Array.from({ length: 600 }, (_, i) => i & 0xff), ...data]);
});

test('equal function types are one', () => {
  const module = new ModuleBuilder();

  const types = [module.type([I32, I64], [I32]), module.type([I32], [I64]), module.type([I32, I64], [I32])];

  expect(types).toEqual([0, 1, 0]);
});

test('imports after the first function are refused, since they would shift its index', () => {
  const module = new ModuleBuilder();
  const type = module.type([], []);
  module.addFunction(type);

  expect(() => module.importFunction('late', type)).toThrow('imports come before functions');
});

test('an empty module is valid', () => {
  expect(WebAssembly.validate(new ModuleBuilder().encode())).toBe(true);
});

test('constants reach the engine as they were given', () => {
  const module = new ModuleBuilder();
  const values32 = [0, -1, 63, 64, -64, -65, 0x7fffffff, -0x80000000];
  const values64 = [0n, -1n, 1n << 62n, -(1n << 63n), (1n << 63n) - 1n];
  const type32 = module.type([], [I32]);
  const type64 = module.type([], [I64]);
  const constant = (name: string, type: number, write: (code: Code) => void): void => {
    const { index, body } = module.addFunction(type);
    write(body.code);
    module.export(name, index);
  };
  values32.forEach((value, i) => constant(`a${i}`, type32, (code) => code.i32Const(value)));
  values64.forEach((value, i) => constant(`b${i}`, type64, (code) => code.i64Const(value)));

  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()));
  const call = (name: string): unknown => (exports[name] as () => unknown)();

  expect(values32.map((_, i) => call(`a${i}`))).toEqual(values32);
  expect(values64.map((_, i) => call(`b${i}`))).toEqual(values64);
});

test('a module with imported function, table and shared memory validates, links and runs', () => {
  // Arrange: sum(n) calls told(i) for i = n..1, keeps the sum in memory, and tail-calls the finisher in the table.
  const module = new ModuleBuilder();
  const telling = module.type([I32], []);
  const unary = module.type([I32], [I32]);
  const told = module.importFunction('told', telling);
  module.importTable('table', 2);
  module.importMemory('memory', { minPages: 1, maxPages: 1 });
  const doubled = module.addFunction(unary);
  doubled.body.code.localGet(0);
  doubled.body.code.i32Const(2);
  doubled.body.code.byte(OP.i32Mul);
  const sum = module.addFunction(unary);
  const total = sum.body.newLocal(I32);
  sum.body.newLocal(F64);
  const wide = sum.body.newLocal(I64);
  const { code } = sum.body;
  code.block();
  code.loop();
  code.localGet(0);
  code.byte(OP.i32Eqz);
  code.brIf(1);
  code.localGet(0);
  code.call(told);
  code.localGet(total);
  code.localGet(0);
  code.byte(OP.i32Add);
  code.localSet(total);
  code.localGet(0);
  code.i32Const(1);
  code.byte(OP.i32Sub);
  code.localSet(0);
  code.br(0);
  code.end();
  code.end();
  code.i32Const(0x100);
  code.localGet(total);
  code.byte(OP.i64ExtendI32U);
  code.localTee(wide);
  code.memory(OP.i64Store, 0x23);
  code.localGet(total);
  code.i32Const(1);
  code.returnCallIndirect(unary);
  module.export('sum', sum.index);
  module.elements(1, [doubled.index]);
  const bytes = module.encode();

  // Act
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 2 });
  const seen: number[] = [];
  const env = { told: (value: number) => seen.push(value), table, memory };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env });
  const result = (exports.sum as (n: number) => number)(4);

  // Assert
  expect(WebAssembly.validate(bytes)).toBe(true);
  expect(result).toBe(20);
  expect(seen).toEqual([4, 3, 2, 1]);
  expect(new DataView(memory.buffer).getBigUint64(0x123, true)).toBe(10n);
  expect(table.get(0)).toBe(null);
});
