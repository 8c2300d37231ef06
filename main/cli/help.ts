import { MEDIA_COMMANDS } from './media-options.ts';
import { describeOptions } from './options.ts';
import { RUN_OPTIONS } from './run-options.ts';
import { COMMANDS, LIBRARY_OPTIONS } from './library-options.ts';
import { SERVE_OPTIONS } from './serve-options.ts';

const indent = (text: string): string => text.replace(/^/gm, '    ');

export const help = (version: string): string => `Terrarium ${version}

terrarium run [options]     run one machine for as long as this command lives
terrarium serve [options]   serve the interface to browsers on this computer
terrarium media COMMAND     look at disk images of any format, and change them
terrarium --help            this text
terrarium --version         the version

run:
${describeOptions(RUN_OPTIONS)}

  --until may be given several times; each is followed by the --type and --key that answer it. Actions before the
  first --until are done at power-on. A pattern is met by text that appeared since the actions before it.
  --json prints {"matches":[{"until","ms"}],"instructions","stateHash","screen":[lines],"exit"}; ms counts from the
  start of the command, or with --clock virtual in guest time.
  With --serial stdio and --display terminal, Ctrl+A x ends the command.

serve:
${describeOptions(SERVE_OPTIONS)}

media (image files):
${MEDIA_COMMANDS.map(({ name, words, help, options }) => `  terrarium media ${[name, ...words].join(' ')}\n    ${help}\n${describeOptions(options).replaceAll(/^/gm, '  ')}`).join('\n')}

  A SIZE is a number of bytes, or one with K, M, G or T. What a disk image refers to is opened only in the image's own
  folder, and where --allow says.

On machines of a library:
${COMMANDS.map(({ name, takes, options, help: text }) =>
  [
    `  ${[name, ...takes].join(' ')}`,
    `      ${text}`,
    ...(options.length > 0 ? [indent(describeOptions(options))] : []),
  ].join('\n'),
).join('\n')}

  each also takes:
${indent(describeOptions(LIBRARY_OPTIONS))}

Exit status: 0 the last --until was met (or the guest powered off), 2 bad arguments or files, 3 time-out,
4 store check found problems, 5 not in the present state of the machine or the library, 1 our fault. With --json an
error is an object on standard output too: {"error":{"code","message","hint"}}.
`;
