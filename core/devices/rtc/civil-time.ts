/**
 * The ten time bytes of an MC146818 and civil time. Bytes are what the chip holds; they may be nonsense that a program
 * wrote, and then carry over as civil arithmetic has it (the 31st of February is the 3rd of March).
 */

/** Register numbers within the CMOS, Motorola MC146818 table 2; century as IBM PC/AT firmware keeps it. */
export const REG = {
  SECONDS: 0x00,
  SECONDS_ALARM: 0x01,
  MINUTES: 0x02,
  MINUTES_ALARM: 0x03,
  HOURS: 0x04,
  HOURS_ALARM: 0x05,
  DAY_OF_WEEK: 0x06,
  DAY: 0x07,
  MONTH: 0x08,
  YEAR: 0x09,
  A: 0x0a,
  B: 0x0b,
  C: 0x0c,
  D: 0x0d,
  CENTURY: 0x32,
} as const;

const B_24H = 0x02;
const B_BINARY = 0x04;
const PM = 0x80;
const DAY_SECONDS = 86_400;

const encode = (value: number, format: number): number =>
  format & B_BINARY ? value : (Math.floor(value / 10) << 4) | (value % 10);

const decode = (byte: number, format: number): number => (format & B_BINARY ? byte : (byte >> 4) * 10 + (byte & 15));

function encodeHour(hour: number, format: number): number {
  if (format & B_24H) return encode(hour, format);
  return encode(hour % 12 || 12, format) | (hour >= 12 ? PM : 0);
}

function decodeHour(byte: number, format: number): number {
  if (format & B_24H) return decode(byte, format);
  return (decode(byte & ~PM, format) % 12) + (byte & PM ? 12 : 0);
}

/** Seconds since 1970-01-01 (local or UTC: whatever the program keeps) that the bytes say. */
export function readTime(cmos: Uint8Array): number {
  const format = cmos[REG.B];
  const field = (index: number): number => decode(cmos[index], format);
  const date = new Date(0);
  date.setUTCFullYear(field(REG.CENTURY) * 100 + field(REG.YEAR), field(REG.MONTH) - 1, field(REG.DAY));
  date.setUTCHours(decodeHour(cmos[REG.HOURS], format), field(REG.MINUTES), field(REG.SECONDS));
  return date.getTime() / 1000;
}

/** Sets every time byte but the day of the week, in the format that register B asks for. */
export function writeTime(cmos: Uint8Array, seconds: number): void {
  const format = cmos[REG.B];
  const date = new Date(seconds * 1000);
  const year = date.getUTCFullYear();
  cmos[REG.SECONDS] = encode(date.getUTCSeconds(), format);
  cmos[REG.MINUTES] = encode(date.getUTCMinutes(), format);
  cmos[REG.HOURS] = encodeHour(date.getUTCHours(), format);
  cmos[REG.DAY] = encode(date.getUTCDate(), format);
  cmos[REG.MONTH] = encode(date.getUTCMonth() + 1, format);
  cmos[REG.YEAR] = encode(year % 100, format);
  cmos[REG.CENTURY] = encode(Math.floor(year / 100) % 100, format);
}

/** 1 (Sunday) to 7, from the calendar. */
export function weekday(seconds: number): number {
  return ((((Math.floor(seconds / DAY_SECONDS) + 4) % 7) + 7) % 7) + 1;
}

/** Lets `count` seconds pass on the bytes. The day of the week is a counter of its own, which programs may disagree with. */
export function advanceTime(cmos: Uint8Array, count: number): void {
  const before = readTime(cmos);
  const after = before + count;
  const midnights = Math.floor(after / DAY_SECONDS) - Math.floor(before / DAY_SECONDS);
  writeTime(cmos, after);
  if (midnights > 0) cmos[REG.DAY_OF_WEEK] = ((cmos[REG.DAY_OF_WEEK] - 1 + (midnights % 7) + 7) % 7) + 1;
}

/** Whether an alarm byte accepts a time byte: equal, or "don't care" (both top bits set). */
const accepts = (alarm: number, byte: number): boolean => (alarm & 0xc0) === 0xc0 || alarm === byte;

/** Whether the alarm goes off in one of the `count` seconds that follow the time on the bytes. */
export function alarmWithin(cmos: Uint8Array, count: number): boolean {
  const format = cmos[REG.B];
  const start = readTime(cmos);
  for (let passed = 1; passed <= Math.min(count, DAY_SECONDS); passed++) {
    const second = (((start + passed) % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
    if (
      accepts(cmos[REG.SECONDS_ALARM], encode(second % 60, format)) &&
      accepts(cmos[REG.MINUTES_ALARM], encode(Math.floor(second / 60) % 60, format)) &&
      accepts(cmos[REG.HOURS_ALARM], encodeHour(Math.floor(second / 3600), format))
    )
      return true;
  }
  return false;
}
