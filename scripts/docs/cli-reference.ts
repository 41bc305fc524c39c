import { COMMANDS, type CommandClass } from '../../packages/cli/src/commands.ts';
import { exitTable } from './exit-codes.ts';
import { anchorMaker, generatedFrom, markdownTable } from './markdown.ts';

type Flag = CommandClass['flags'][string];

const PRINTS = {
  step: 'The result of the step: a summary on a terminal, otherwise one line of JSON.',
  data: 'The result: readable on a terminal, otherwise one line of JSON.',
  text: 'Text.',
};

const HEAD = `${generatedFrom('packages/cli/src/commands.ts')}

# The command line

Arguments in brackets are optional. Every flag can also be set by the environment variable listed next to it; the command line takes
precedence. See also [Errors and exit codes](errors.md), [The pipeline file](pipeline.md), which \`aries run\` reads, and
[Connectors](connectors.md) for the names that \`CONNECTOR\` can have.`;

/** Writes the page of all commands, with arguments, flags, environment variables and examples. */
export function cliReference(): string {
  const anchor = anchorMaker();
  anchor('The command line');
  anchor('Commands');
  const commands = Object.entries(COMMANDS).map(([id, command]) => ({ id, command, anchor: anchor(`aries ${id}`) }));
  const overview = commands.map(({ id, command, anchor: place }) => [
    `[\`aries ${id}\`](#${place})`,
    command.summary ?? '',
  ]);
  const shared = Object.values(COMMANDS)[0]!.baseFlags;
  return [
    HEAD,
    '## Commands',
    markdownTable(['command', 'what it does'], overview),
    ...commands.flatMap(({ id, command }) => commandSection(id, command)),
    '## Flags of all commands',
    flagTable(shared),
    '## Exit codes',
    exitTable(),
    'A command that is stopped by SIGINT ends with 130 instead of 143. [Errors and exit codes](errors.md) explains each code and what a scheduler should do.',
  ].join('\n\n');
}

function commandSection(id: string, command: CommandClass): string[] {
  const args = Object.entries(command.args).filter(([, { hidden }]) => hidden !== true);
  const words = args.map(([name, { required }]) =>
    required === true ? name.toUpperCase() : `[${name.toUpperCase()}]`,
  );
  const needed = Object.entries(command.flags).filter(([, { required }]) => required === true);
  const usage = [
    `aries ${id}`,
    ...words,
    ...needed.map(([name, flag]) => `--${name} ${valueText(flag)}`),
    ...(Object.keys(command.flags).length > needed.length ? ['[FLAGS]'] : []),
  ];
  return [
    `## \`aries ${id}\``,
    [command.summary, command.description].filter(Boolean).join('. '),
    block('text', usage.join(' ')),
    ...(args.length === 0
      ? []
      : [
          markdownTable(
            ['argument', 'meaning'],
            args.map(([name, { description, required }]) => [
              `\`${name.toUpperCase()}\``,
              `${description ?? ''}${required === true ? ' (required)' : ''}`,
            ]),
          ),
        ]),
    ...(Object.keys(command.flags).length === 0 ? [] : [flagTable(command.flags)]),
    `Prints: ${PRINTS[command.product]}`,
    // Marked `bash`, not `sh`: test/cli-examples.test.ts runs these with the files and the database that they need.
    ...(command.examples === undefined ? [] : [block('bash', command.examples.map(commandOf).join('\n'))]),
  ];
}

/** Replaces oclif's placeholders in an example. */
function commandOf(example: string): string {
  return example.replaceAll('<%= config.bin %>', 'aries');
}

function flagTable(flags: Record<string, Flag>): string {
  const rows = Object.entries(flags)
    .filter(([, { hidden }]) => hidden !== true)
    .map(([name, flag]) => [
      `\`${flag.char === undefined ? '' : `-${flag.char}, `}--${name}${flag.type === 'boolean' ? '' : ` ${valueText(flag)}`}\``,
      `\`${flag.env}\``,
      [flag.summary ?? flag.description ?? '', ...conditions(flag)].join('. '),
    ]);
  return markdownTable(['flag', 'environment', 'meaning'], rows);
}

function conditions(flag: Flag): string[] {
  const named = (names: readonly unknown[]) =>
    names.map((name) => `\`--${typeof name === 'string' ? name : (name as { name: string }).name}\``).join(', ');
  return [
    ...(flag.required === true ? ['Required'] : []),
    ...('multiple' in flag && flag.multiple === true ? ['Can be repeated'] : []),
    ...('default' in flag && flag.default !== undefined && typeof flag.default !== 'function'
      ? [`Default: \`${String(flag.default)}\``]
      : []),
    ...(flag.dependsOn === undefined ? [] : [`Only with ${named(flag.dependsOn)}`]),
    ...(flag.exclusive === undefined ? [] : [`Not with ${named(flag.exclusive)}`]),
  ];
}

function valueText(flag: Flag): string {
  if (flag.type === 'boolean') return '';
  const { helpValue, options } = flag;
  return options?.join('|') ?? (Array.isArray(helpValue) ? helpValue.join(' ') : helpValue) ?? 'VALUE';
}

function block(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}
