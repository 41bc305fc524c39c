import { type CompletedTopic, isTopic, type Values } from './describe-commands.ts';

/** Writes the completion script for fish, with what each command and flag is for. */
export function fishCompletion(topics: readonly CompletedTopic[]): string {
  const commands = topics.flatMap((topic) => topic.commands);
  return `# Completion of aries for fish.

# True if the words before the cursor begin with these.
function __aries_in
    set -l given (commandline -opc)
    set -l last (math 1 + (count $argv))
    test (count $given) -ge $last; and test "$given[2..$last]" = "$argv"
end

# True if the words before the cursor are these and no more.
function __aries_after
    set -l given (commandline -opc)
    test "$given[2..-1]" = "$argv"
end

# Files with an @ before their name.
function __aries_at_files
    set -l typed (commandline -ct | string replace -r '^--[^=]*=' '')
    string match -q '@*' -- $typed; and __fish_complete_path (string sub -s 2 -- $typed) | string replace -r '^' '@'
end

complete -c aries -f
${topics.map(({ word, summary }) => line({ when: '__aries_after', options: [`-a ${word}`], summary })).join('\n')}
${line({ when: '__aries_after', options: ['-a help'], summary: 'Show the help of aries or of a command' })}
${topics
  .filter(isTopic)
  .flatMap(({ word, commands: own }) =>
    own.map(({ words, summary }) => line({ when: `__aries_after ${word}`, options: [`-a ${words[1]}`], summary })),
  )
  .join('\n')}
${commands
  .flatMap(({ words, flags, argument }) => {
    const when = `__aries_in ${words.join(' ')}`;
    return [
      ...(argument === undefined ? [] : [line({ when, options: valueOptions(argument), summary: undefined })]),
      ...flags.map(({ name, char, summary, values }) =>
        line({
          when,
          options: [
            `-l ${name}`,
            ...(char === undefined ? [] : [`-s ${char}`]),
            ...(values === undefined ? [] : ['-r', ...valueOptions(values)]),
          ],
          summary,
        }),
      ),
    ];
  })
  .join('\n')}
complete -c aries -l help -d 'Show help'
`;
}

function line({ when, options, summary }: { when: string; options: string[]; summary: string | undefined }): string {
  const text = summary === undefined ? '' : ` -d ${quoted(summary)}`;
  return `complete -c aries -n '${when}' ${options.join(' ')}${text}`;
}

function valueOptions(values: Values): string[] {
  if (values === 'files') return ['-F'];
  if (values === '@files') return ['-f', `-a '(__aries_at_files)'`];
  return values === 'any' ? ['-f'] : ['-f', `-a '${values.join(' ')}'`];
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
