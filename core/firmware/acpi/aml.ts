/**
 * A small encoder of ACPI Machine Language. ACPI 6.5, chapter 20. Every function returns the bytes of one term; terms
 * are put together by listing them.
 */
import { assert } from '../../base/index.ts';

export type Aml = readonly number[];

const EXT = 0x5b;

export const concat = (parts: readonly Aml[]): number[] => parts.flat();

const le = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) & 0xff);
export const le16 = (value: number): number[] => le(value, 2);
export const le32 = (value: number): number[] => le(value, 4);

/** PkgLength (20.2.4) before `body`, itself included. */
function sized(body: Aml): number[] {
  for (let extra = 0; extra <= 3; extra++) {
    const length = body.length + 1 + extra;
    if (extra === 0 && length < 0x40) return [length, ...body];
    if (extra > 0 && length < 2 ** (4 + 8 * extra)) {
      const rest = Array.from({ length: extra }, (_, i) => (length >> (4 + 8 * i)) & 0xff);
      return [(extra << 6) | (length & 0x0f), ...rest, ...body];
    }
  }
  throw new RangeError('an AML package of more than 256 MiB');
}

/** NameString (20.2.2): "\\_SB.PCI0", "^LNKA", "_HID". Segments are padded to four characters. */
export function name(path: string): number[] {
  const prefix = /^[\\^]*/.exec(path)![0];
  const rest = path.slice(prefix.length);
  const segments = rest === '' ? [] : rest.split('.');
  const bytes = segments.flatMap((segment) => {
    assert(/^[A-Z_][A-Z0-9_]{0,3}$/.test(segment), `AML name segment "${segment}"`);
    return Array.from(segment.padEnd(4, '_'), (c) => c.charCodeAt(0));
  });
  const lead =
    segments.length === 0 ? [0] : segments.length === 1 ? [] : segments.length === 2 ? [0x2e] : [0x2f, segments.length];
  const head = Array.from(prefix, (c) => c.charCodeAt(0));
  return segments.length === 0 ? [...head, ...lead] : [...head, ...lead, ...bytes];
}

// ---- data

export function int(value: number): number[] {
  assert(Number.isInteger(value) && value >= 0 && value <= 0xffffffff, `AML integer ${value}`);
  if (value <= 1) return [value];
  if (value <= 0xff) return [0x0a, value];
  return value <= 0xffff ? [0x0b, ...le16(value)] : [0x0c, ...le32(value)];
}
export const string = (text: string): number[] => [0x0d, ...Array.from(text, (c) => c.charCodeAt(0)), 0];
export const buffer = (bytes: Aml): number[] => [0x11, ...sized([...int(bytes.length), ...bytes])];
export const pack = (elements: readonly Aml[]): number[] => [0x12, ...sized([elements.length, ...concat(elements)])];

/** Compressed ID (19.3.4) of "PNP0A03". */
export function eisaId(id: string): number[] {
  const letters = Array.from(id.slice(0, 3), (c) => c.charCodeAt(0) - 0x40);
  const vendor = (letters[0] << 10) | (letters[1] << 5) | letters[2];
  const product = parseInt(id.slice(3), 16);
  return [0x0c, vendor >> 8, vendor & 0xff, product >> 8, product & 0xff];
}

export const arg = (n: number): number[] => [0x68 + n];
export const local = (n: number): number[] => [0x60 + n];

// ---- named objects

export const named = (path: string, value: Aml): number[] => [0x08, ...name(path), ...value];
export const scope = (path: string, ...terms: Aml[]): number[] => [0x10, ...sized([...name(path), ...concat(terms)])];
export const device = (path: string, ...terms: Aml[]): number[] => [
  EXT,
  0x82,
  ...sized([...name(path), ...concat(terms)]),
];
export const processor = (path: string, id: number): number[] => [
  EXT,
  0x83,
  ...sized([...name(path), id, ...le32(0), 0]),
];

/** Serialized, since methods here create names. */
export const method = (path: string, argCount: number, ...terms: Aml[]): number[] => [
  0x14,
  ...sized([...name(path), argCount | 0x08, ...concat(terms)]),
];

export const REGION = { SYSTEM_IO: 1, PCI_CONFIG: 2 } as const;
export const operationRegion = (path: string, space: number, offset: number, length: number): number[] => [
  EXT,
  0x80,
  ...name(path),
  space,
  ...int(offset),
  ...int(length),
];
/** Byte access, no lock, preserve; each field a name and its width in bits. */
export const field = (region: string, ...fields: (readonly [path: string, bits: number])[]): number[] => [
  EXT,
  0x81,
  ...sized([...name(region), 0x01, ...fields.flatMap(([path, bits]) => [...name(path), ...sizedBits(bits)])]),
];
/** A field's width takes the form of a package length without counting itself. */
function sizedBits(bits: number): number[] {
  return bits < 0x40 ? [bits] : [0x40 | (bits & 0x0f), bits >> 4];
}

// ---- statements and expressions

export const ret = (value: Aml): number[] => [0xa4, ...value];
export const store = (value: Aml, target: Aml): number[] => [0x70, ...value, ...target];
export const and = (a: Aml, b: Aml, target: Aml = [0]): number[] => [0x7b, ...a, ...b, ...target];
export const or = (a: Aml, b: Aml, target: Aml = [0]): number[] => [0x7d, ...a, ...b, ...target];
export const not = (value: Aml): number[] => [0x92, ...value];
export const when = (condition: Aml, ...terms: Aml[]): number[] => [0xa0, ...sized([...condition, ...concat(terms)])];
export const createDWordField = (source: Aml, offset: number, path: string): number[] => [
  0x8a,
  ...source,
  ...int(offset),
  ...name(path),
];
