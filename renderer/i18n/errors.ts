import type { i18n, TFunction } from 'i18next';
import type { MachineStatus } from '../../core/contract/index.ts';
import ko from './failures.ko.json' with { type: 'json' };
import { translatorOf, type FailureCatalogue } from './failure-translator.ts';
import type { Language } from './index.ts';

/** A Failure, or what it looks like after its way through a schema. */
export type ShownFailure = Extract<MachineStatus, { state: 'aborted' }>['reason'];

export interface FailureWords {
  readonly title: string;
  /** Why, as a sentence. */
  readonly reason: string;
  /** What to do about it. */
  readonly hint?: string;
  /** What the services said, where `reason` says less: in English. */
  readonly original?: string;
}

/** English needs none: what the services say is English. */
const TRANSLATORS: Readonly<Partial<Record<Language, ReturnType<typeof translatorOf>>>> = {
  ko: translatorOf(ko as FailureCatalogue),
};

/** What a failure is, why, and what to do, in the person's language. */
export function failureWords(i18n: i18n, t: TFunction, failure: ShownFailure): FailureWords {
  const title = t([`errors.${failure.code}`, 'errors.unknown'] as unknown as 'errors.unknown');
  const { hint } = failure;
  const translate = TRANSLATORS[i18n.language as Language];
  if (translate) return { title, ...translate(failure) };
  return { title, reason: asSentence(failure.message), ...(hint !== undefined && { hint: asSentence(hint) }) };
}

/** Why a machine ended, which is a failure's text without its code: as far as the catalogue has it. */
export function reasonWords(i18n: i18n, t: TFunction, text: string): string {
  if (text.endsWith('(triple fault)')) return t('errors.machine.shutdown');
  const translate = TRANSLATORS[i18n.language as Language];
  for (const code of translate ? Object.keys(ko.reasons) : []) {
    const { reason, original } = translate!({ code, message: text });
    if (original === undefined && reason !== text) return reason;
  }
  return text;
}

/** On a command line a message follows its code and begins small. A name that it begins with stays as it is. */
const asSentence = (text: string): string =>
  `${/^[a-z]+[ ,']/.test(text) ? text[0].toUpperCase() + text.slice(1) : text}.`;
