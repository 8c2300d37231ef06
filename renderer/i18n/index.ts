import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import en from './en.json' with { type: 'json' };
import ko from './ko.json' with { type: 'json' };

export const LANGUAGES = { en: 'English', ko: '한국어' } as const;
export type Language = keyof typeof LANGUAGES;

const STORED = 'terrarium.language';
const isLanguage = (name: string | null): name is Language => name !== null && Object.hasOwn(LANGUAGES, name);

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

/** What the person chose, or the first of the system's languages that there is a catalogue for. */
function preferredLanguage(): Language {
  const chosen = localStorage.getItem(STORED);
  if (isLanguage(chosen)) return chosen;
  return navigator.languages.map((tag) => tag.split('-')[0]).find(isLanguage) ?? 'en';
}

export function startI18n(): void {
  i18next.on('languageChanged', (language) => {
    document.documentElement.lang = language;
  });
  // The catalogues are part of the bundle: nothing is awaited.
  void i18next.use(initReactI18next).init({
    resources: { en: { translation: en }, ko: { translation: ko } },
    lng: preferredLanguage(),
    fallbackLng: 'en',
    interpolation: { escapeValue: false },
  });
  // Chosen in another window.
  window.addEventListener('storage', ({ key, newValue }) => {
    if (key === STORED && isLanguage(newValue)) void i18next.changeLanguage(newValue);
  });
  // One machine is named, several are counted, in every language: also in those whose grammar has one form for both.
  const { pluralResolver } = i18next.services as {
    pluralResolver: { getSuffix(language: string, count: number, options?: object): string };
  };
  const suffixOf = pluralResolver.getSuffix.bind(pluralResolver);
  pluralResolver.getSuffix = (_, count, options) => suffixOf('en', count, options);
}

export function chooseLanguage(language: Language): void {
  localStorage.setItem(STORED, language);
  void i18next.changeLanguage(language);
}
