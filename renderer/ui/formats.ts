import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export interface Formats {
  readonly number: (value: number, digits?: number) => string;
  readonly bytes: (value: number) => string;
  readonly time: (iso: string) => string;
  readonly clock: (iso: string) => string;
}

/** Numbers, sizes and times as the person's language writes them. */
export function useFormats(): Formats {
  const { i18n } = useTranslation();
  const { language } = i18n;
  return useMemo(() => {
    const number = (value: number, digits = 0): string =>
      value.toLocaleString(language, { maximumFractionDigits: digits });
    return {
      number,
      bytes: (value) => {
        const power = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), UNITS.length - 1);
        const scaled = value / 1024 ** power;
        return `${number(scaled, scaled < 10 && power > 0 ? 1 : 0)} ${UNITS[power]}`;
      },
      time: (iso) => new Date(iso).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' }),
      clock: (iso) => new Date(iso).toLocaleTimeString(language),
    };
  }, [language]);
}
