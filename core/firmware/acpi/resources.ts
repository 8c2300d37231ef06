/** Resource descriptors. ACPI 6.5, section 6.4. */
import { buffer, concat, le16, le32, type Aml } from './aml.ts';

/** A list of descriptors with its end tag, as a buffer. */
export const resources = (...descriptors: Aml[]): number[] => buffer([...concat(descriptors), 0x79, 0]);

/** Ports that decode all sixteen address bits. */
export const io = (base: number, length: number): number[] => [0x47, 0x01, ...le16(base), ...le16(base), 1, length];

/** Edge-triggered, active high. */
export const irq = (number: number): number[] => [0x22, ...le16(1 << number)];

/** 8-bit channel of the 8237, compatibility timing. */
export const dma = (channel: number): number[] => [0x2a, 1 << channel, 0];

export const memory32 = (base: number, length: number): number[] => [0x86, 9, 0, 1, ...le32(base), ...le32(length)];

/** Level-triggered, active high, shared: where a PIRQ can be steered to. The number stands at LINK_IRQ_OFFSET. */
export const linkInterrupts = (...numbers: number[]): number[] => [
  0x89,
  ...le16(2 + numbers.length * 4),
  0x09,
  numbers.length,
  ...numbers.flatMap(le32),
];
export const LINK_IRQ_OFFSET = 5;

// What a host bridge hands down (address space descriptors, producer, positive decode).
const MIN_MAX_FIXED = 0x0c;

export const busNumbers = (first: number, last: number): number[] => [
  0x88,
  ...le16(13),
  2,
  MIN_MAX_FIXED,
  0,
  ...[0, first, last, 0, last - first + 1].flatMap(le16),
];
export const portWindow = (first: number, last: number): number[] => [
  0x88,
  ...le16(13),
  1,
  MIN_MAX_FIXED,
  3, // ISA and other ranges
  ...[0, first, last, 0, last - first + 1].flatMap(le16),
];
export const memoryWindow = (first: number, last: number, cacheable: boolean): number[] => [
  0x87,
  ...le16(23),
  0,
  MIN_MAX_FIXED,
  cacheable ? 3 : 1,
  ...[0, first, last, 0, last - first + 1].flatMap(le32),
];
