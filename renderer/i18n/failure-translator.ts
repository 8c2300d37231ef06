/**
 * Translates what the services say about failures. They say it in English, with names and numbers filled in; a catalogue
 * holds those texts with `{name}` where something was filled in, as gettext's do with whole messages. So the text stands
 * once, where the failure is made, and none of the two hundred places has to send its values apart.
 */
export interface FailureCatalogue {
  /**
   * By code, then by text. The text "" says what the code means, where nothing more exact is found: for what only a
   * developer can use (which field of which table of an image), and for what other programs and libraries say.
   */
  readonly reasons: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly hints: Readonly<Record<string, string>>;
  /** What is filled in and is a word itself, by the name of its place. */
  readonly words: Readonly<Record<'kind' | 'state' | 'what' | 'errno', Readonly<Record<string, string>>>>;
}

export interface TranslatedFailure {
  readonly reason: string;
  readonly hint?: string;
  /** The English text, where `reason` is not all that it says. */
  readonly original?: string;
}

interface FailureText {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly place?:
    | { readonly file: string; readonly offsetBytes?: number | undefined; readonly field?: string | undefined }
    | undefined;
}

interface Pattern {
  readonly matcher: RegExp;
  readonly translation: string;
}

const PLACE = /\{(\w+)\}/g;

/** The text with the most letters of its own comes first: it says the most about what it fits. */
function patternsOf(texts: Readonly<Record<string, string>>): readonly Pattern[] {
  const ownLength = (text: string): number => text.replaceAll(PLACE, '').length;
  return Object.entries(texts)
    .filter(([text]) => text !== '')
    .sort(([one], [other]) => ownLength(other) - ownLength(one))
    .map(([text, translation]) => ({ matcher: matcherOf(text), translation }));
}

function matcherOf(text: string): RegExp {
  const source = text
    .split(PLACE)
    .map((part, i) => (i % 2 === 1 ? `(?<${part}>.+?)` : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`, 's');
}

export function translatorOf(catalogue: FailureCatalogue): (failure: FailureText) => TranslatedFailure {
  const reasons = new Map(Object.entries(catalogue.reasons).map(([code, texts]) => [code, patternsOf(texts)]));
  const hints = patternsOf(catalogue.hints);
  const whats = patternsOf(catalogue.words.what);

  function find(patterns: readonly Pattern[], text: string): string | undefined {
    for (const { matcher, translation } of patterns) {
      const values = matcher.exec(text)?.groups ?? (matcher.test(text) ? {} : undefined);
      if (values && !isForeign(values['why']))
        return translation.replaceAll(PLACE, (_, name: string) => fillIn(name, values[name]) ?? values[name]);
    }
    return undefined;
  }

  function fillIn(name: string, value: string): string | undefined {
    const { kind, state, errno } = catalogue.words;
    if (name === 'kind') return kind[value];
    if (name === 'state') return state[value];
    if (name === 'what') return find(whats, value);
    const code = errorCodeOf(value);
    if ((name === 'why' || name === 'errno') && code !== undefined)
      return errno[code] === undefined ? code : `${errno[code]}, ${code}`;
    return undefined;
  }

  return ({ code, message, hint, place }) => {
    const translatedHint = hint === undefined ? undefined : find(hints, hint);
    const rest = place ? message.slice(prefixOf(place).length) : message;
    const exact = find(reasons.get(code) ?? [], place && message.startsWith(prefixOf(place)) ? rest : message);
    const general = catalogue.reasons[code]?.[''];
    const where = place && [place.file, place.field].filter((part) => part !== undefined).join(', ');
    const reason = exact ?? general;
    return {
      reason: reason === undefined ? message : where === undefined ? reason : `${where}: ${reason}`,
      ...(translatedHint !== undefined && { hint: translatedHint }),
      ...(exact === undefined && reason !== undefined && { original: [message, hint].filter(Boolean).join('; ') }),
    };
  };
}

/** Of the host: "ENOENT: no such file or directory, open '/a'", or the code alone. */
const errorCodeOf = (text: string): string | undefined => /^E[A-Z0-9]+(?=: |$)/.exec(text)?.[0];

/** Why something failed, in another library's words. */
const isForeign = (why: string | undefined): boolean => why !== undefined && errorCodeOf(why) === undefined;

/** core/formats writes where it was found before what it found. */
function prefixOf({ file, offsetBytes, field }: NonNullable<FailureText['place']>): string {
  const parts = [field, offsetBytes === undefined ? undefined : `offset ${offsetBytes}`].filter(
    (part) => part !== undefined,
  );
  return `${file}: ${parts.length > 0 ? `${parts.join(' at ')}: ` : ''}`;
}
