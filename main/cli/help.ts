import { COMMANDS, LIBRARY_OPTIONS } from './library-options.ts';
import { MEDIA_COMMANDS } from './media-options.ts';
import { describeOptions, type OptionSpec } from './options.ts';
import { RUN_OPTIONS } from './run-options.ts';
import { SERVE_OPTIONS } from './serve-options.ts';

/** One command as help tells of it. */
interface Page {
  /** The words that name it. */
  readonly name: string;
  readonly takes: readonly string[];
  readonly line: string;
  readonly options: readonly OptionSpec[];
  readonly more?: string;
}

const RUN_NOTES = `--until may be given several times; each is followed by the --type and --key that answer it. Actions before the
first --until are done at power-on. A pattern is met by text that appeared since the actions before it.
--json prints {"matches":[{"until","ms"}],"instructions","stateHash","screen":[lines],"exit"}, and "error" as every command where the exit
status is not 0; ms counts from the
start of the command, or with --clock virtual in guest time.
--engine lockstep runs the machine twice, by the interpreter and compiled, with the virtual clock, and stops at the first
register, byte of memory or device that differs, with the instruction (exit status 6); lockstep-jit compiles everything.
With --serial stdio and --display terminal, Ctrl+A x ends the command.`;

const IMAGE_NOTES = `A SIZE is a number of bytes, or one with K, M, G or T. What a disk image refers to is opened only in the image's own
folder, and where --allow says.`;

/** By what people look for; within a section in the order of the tables. */
const SECTIONS: readonly { readonly title: string; readonly pages: readonly Page[] }[] = [
  {
    title: 'One machine, one command',
    pages: [
      {
        name: 'run',
        takes: ['[options]'],
        line: 'run one machine for as long as this command lives',
        options: RUN_OPTIONS,
        more: RUN_NOTES,
      },
      {
        name: 'serve',
        takes: ['[options]'],
        line: 'serve the interface to browsers on this computer',
        options: SERVE_OPTIONS,
      },
    ],
  },
  {
    title: 'Machines, disks and snapshots of a library',
    pages: COMMANDS.map(({ name, takes, help, options }) => ({
      name,
      takes,
      line: help,
      options: [...options, ...LIBRARY_OPTIONS],
    })),
  },
  {
    title: 'Disk image files, wherever they are',
    pages: MEDIA_COMMANDS.map(({ name, words, help, options }) => ({
      name: `media ${name}`,
      takes: words,
      line: help,
      options,
      more: IMAGE_NOTES,
    })),
  },
];

const usage = ({ name, takes }: Page): string => [name, ...takes].join(' ');

function overview(version: string): string {
  const pages = SECTIONS.flatMap((section) => section.pages);
  const width = Math.max(...pages.map((page) => usage(page).length));
  const sections = SECTIONS.map(
    ({ title, pages: own }) =>
      `${title}:\n${own.map((page) => `  ${usage(page).padEnd(width)}  ${page.line}`).join('\n')}\n`,
  );
  return `Terrarium ${version}

terrarium COMMAND --help    what a command takes
terrarium --version         the version

${sections.join('\n')}
Exit status: 0 the last --until was met (or the guest powered off), 2 bad arguments or files, 3 time-out,
4 store check found problems, 5 not in the present state of the machine or the library, 6 two engines in lock step
differ, 1 our fault. With --json an error is an object on standard output too: {"error":{"code","message","hint"}}.
`;
}

const describe = (page: Page): string =>
  [
    `terrarium ${usage(page)}\n  ${page.line}\n`,
    ...(page.options.length > 0 ? [`${describeOptions(page.options)}\n`] : []),
    ...(page.more === undefined ? [] : [`${page.more.replaceAll(/^/gm, '  ')}\n`]),
  ].join('\n');

/** What the words of a command line begin to name: one command, those that begin with a word, or everything. */
export function help(version: string, words: readonly string[]): string {
  const pages = SECTIONS.flatMap((section) => section.pages);
  for (let count = Math.min(words.length, 2); count > 0; count--) {
    const named = words.slice(0, count).join(' ');
    const found = pages.filter(({ name }) => name === named || name.startsWith(`${named} `));
    if (found.length > 0) return found.map(describe).join('\n');
  }
  return overview(version);
}
