import { FailureError } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';

/** One option of a command: the parser and the help text both come from it. */
export interface OptionSpec {
  readonly name: string;
  /** How the help names the value; undefined for a flag. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly many?: boolean;
  readonly help: string;
}

/** An option as it was given; the order of the command line is kept, since --type answers the --until before it. */
export interface GivenOption {
  readonly name: string;
  readonly value: string;
}

/**
 * With `words`, arguments that are no options are collected: all of `names` must be there; `more`: others may follow.
 * `--name value`, `--name=value`, `--flag`. A value may begin with a dash. Throws FailureError `args.invalid`.
 * (A library for this costs a fifth of the time in which `run` is to reach the first instruction.)
 */
export function parseOptions(
  specs: readonly OptionSpec[],
  args: readonly string[],
  words?: { readonly names: readonly string[]; readonly found: string[]; readonly more?: boolean },
): GivenOption[] {
  const given: GivenOption[] = [];
  for (let i = 0; i < args.length; i++) {
    if (words && !args[i].startsWith('-') && (words.more === true || words.found.length < words.names.length)) {
      words.found.push(args[i]);
      continue;
    }
    const match = /^--([a-z-]+)(?:=([^]*))?$/.exec(args[i]);
    const spec = match && specs.find(({ name }) => name === match[1]);
    if (!match || !spec)
      throw invalid(`unexpected argument "${args[i]}"`, 'terrarium COMMAND --help lists the options');
    if (spec.value === undefined) {
      if (match[2] !== undefined) throw invalid(`--${spec.name} takes no value`);
      given.push({ name: spec.name, value: '' });
      continue;
    }
    const value = match[2] ?? args[++i];
    if (value === undefined) throw invalid(`--${spec.name} needs a value`, `write --${spec.name} ${spec.value}`);
    if (spec.choices && !spec.choices.includes(value))
      throw invalid(`--${spec.name} cannot be "${value}"`, `choose ${spec.choices.join(' or ')}`);
    if (!spec.many && given.some(({ name }) => name === spec.name))
      throw invalid(`--${spec.name} is given twice`, 'give it once');
    given.push({ name: spec.name, value });
  }
  const missing = words?.names[words.found.length];
  if (missing) throw invalid(`${missing} is missing`, 'terrarium COMMAND --help shows how the command is written');
  return given;
}

const invalid = (message: string, hint?: string): FailureError => new FailureError(fail('args.invalid', message, hint));

export function describeOptions(specs: readonly OptionSpec[]): string {
  const heads = specs.map(
    ({ name, value, many }) => `--${name}${value === undefined ? '' : ` ${value}`}${many ? ' …' : ''}`,
  );
  const width = Math.max(...heads.map((head) => head.length));
  return specs.map(({ help }, i) => `  ${heads[i].padEnd(width)}  ${help}`).join('\n');
}
